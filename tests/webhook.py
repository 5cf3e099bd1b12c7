"""A receiver of webhooks on loopback: a real HTTP server that answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "T0P53CR37-6d1f"  # noqa: S105 - made up: what must be found nowhere
HANG = 0
"""In place of a status: no answer until the server stops."""


class Webhook:
    """What came in, and what is answered: the statuses in turn, then 200."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/services/{SECRET}"
        self.answers: list[int] = []
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.stopping = threading.Event()


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A receiver that listens until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    received = Webhook(server.server_address[1])
    server.received = received  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield received
    finally:
        received.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        received: Webhook = self.server.received  # type: ignore[attr-defined]
        content = self.rfile.read(int(self.headers["Content-Length"]))
        received.bodies.append(json.loads(content))
        received.paths.append(self.path)
        status = received.answers.pop(0) if received.answers else 200
        if status == HANG:
            received.stopping.wait()
            return
        self.send_response(status)
        self.send_header("Content-Length", "0")
        if 300 <= status < 400:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
