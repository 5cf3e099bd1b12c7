"""Starts, asks and kills the benchmark's worker; nothing it does can hold the supervisor."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from ..core.interruption import signal_name
from ..core.package import ENTRY, PACKAGE
from ..core.system import kill_group

_GOODBYE_SECONDS = 2.0
_LONGEST_REASON = 300


class WorkerError(Exception):
    """The worker gave no answer: it died, hung or sent something else; the message is one line."""


class Worker:
    """One worker process in a session of its own.

    `tick` is called every `interval` seconds while an answer is awaited.
    """

    def __init__(self, arguments: list[str], tick: Callable[[], None], interval: float) -> None:
        """Raises WorkerError where Python cannot be started."""
        self._tick = tick
        self._interval = interval
        self._buffer = b""
        # Warnings of torch and of drivers are not part of the progress display; its last line is.
        # In memory: the disk may be full.
        self._errors = os.fdopen(os.memfd_create("errors"), "w+b")
        paths = [ENTRY, *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"{PACKAGE}.benchmark.worker", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )
        except OSError as error:
            raise WorkerError(f"{sys.executable}: {error.strerror}") from error

    @property
    def pid(self) -> int:
        """The process id, which NVML shows for the worker's GPU work."""
        return self._process.pid

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a request and wait for its answer. Raises WorkerError; the worker is dead then."""
        assert self._process.stdin is not None  # noqa: S101 - Popen was given PIPE
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise WorkerError(self._exit_reason()) from None
        return self.answer(seconds)

    def answer(self, seconds: float) -> dict[str, Any]:
        """The next answer. Raises WorkerError; the worker is dead then."""
        assert self._process.stdout is not None  # noqa: S101 - Popen was given PIPE
        descriptor = self._process.stdout.fileno()
        now = time.monotonic()
        end, tick = now + seconds, now
        while b"\n" not in self._buffer:
            now = time.monotonic()
            if now >= end:
                self.kill()
                raise WorkerError(f"no result within {seconds:.0f} s; stopped")
            if now >= tick:
                self._tick()
                # What the tick took is part of the interval; what was missed is not made up for.
                now = time.monotonic()
                tick = max(tick + self._interval, now)
            if not select.select([descriptor], [], [], max(0.0, min(tick, end) - now))[0]:
                continue
            chunk = os.read(descriptor, 65536)
            self._buffer += chunk
            if not chunk:
                raise WorkerError(self._exit_reason())
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError:
            self.kill()
            raise WorkerError("the measuring process gave an invalid answer; stopped") from None
        return answer

    def kill(self) -> None:
        """End the worker and everything it started."""
        kill_group(self._process)

    def finish(self) -> None:
        """Let an idle worker end by itself, and kill it if it does not."""
        assert self._process.stdin is not None  # noqa: S101 - Popen was given PIPE
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.stdin = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GOODBYE_SECONDS)
        self.kill()  # a tool that hung may have left something in its group

    def _exit_reason(self) -> str:
        try:
            status = self._process.wait(_GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return "the measuring process closed its output; stopped"
        if status < 0:
            return f"the measuring process died of {signal_name(-status)}"
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        last = lines[-1][:_LONGEST_REASON] if lines else "no message"
        return f"the measuring process ended with status {status}: {last}"
