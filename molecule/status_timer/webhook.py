"""The webhook of the test: an HTTPS server that appends every body to a file."""

from __future__ import annotations

import ssl
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

RECEIVED = Path("/srv/webhook/received.jsonl")


class Handler(BaseHTTPRequestHandler):
    """Takes every post."""

    def do_POST(self) -> None:
        """Keep the body, with the path before it."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with RECEIVED.open("a") as file:
            file.write(f"{self.path} {body}\n")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: the journal is searched for the secret."""


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", 8443), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("/srv/webhook/localhost.crt", "/srv/webhook/localhost.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()
