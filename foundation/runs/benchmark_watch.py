"""The watch of a running benchmark: displays its progress, and ends it when Ansible is ended."""

from __future__ import annotations

import contextlib
import copy
import re
import shlex
import signal
import threading
import time
from collections.abc import Mapping
from types import FrameType
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from python_probes.benchmark.command import STATE

EVERY_SECONDS = 3.0
LAST_LOOK_SECONDS = 10.0
# A run that is ended while it starts has not said yet which process it is.
END_SECONDS = 5.0
END_EVERY_SECONDS = 0.3
_RUN = re.compile(r"[1-9][0-9]* [0-9a-f]{16}")  # as python_probes/benchmark/run_file.py writes it
ENDING = (signal.SIGINT, signal.SIGTERM)


def execute(action: ActionBase, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Run the module of an action plugin's task, watched, and return its result."""
    watcher = None if action._task.check_mode else Watcher(action, variables)
    try:
        if watcher is not None:
            watcher.start()
        result: dict[str, Any] = action._execute_module(task_vars=variables)
        return result
    finally:
        if watcher is not None:
            watcher.stop()
        action._remove_tmp_path(action._connection._shell.tmpdir)


class Watcher:
    """Reads the run's file on the host every few seconds and displays the lines that are new.

    It never speaks for the run: what goes wrong here costs the display alone. A signal that ends
    this process ends the run on the host too: without a terminal there, SSH would let it go on.
    """

    def __init__(self, action: ActionBase, variables: Mapping[str, Any]) -> None:
        # Ansible changes the connection and the become plugin with every command (the marker that
        # it waits for, among others), so a thread needs both for itself. An open SSH master is
        # shared: each command is a session of its own.
        self._action = copy.copy(action)
        connection = copy.copy(action._connection)
        connection.become = copy.copy(connection.become)
        self._action._connection = connection
        self._host = variables.get("inventory_hostname", "")
        self._file = _quoted(str(action._task.args.get("state") or STATE) + ".run")
        self._shown = 0
        self._old: str | None = None
        self._stop = threading.Event()
        self._interrupted = False
        self._ended = False
        self._speaking = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)
        self._handlers: dict[int, Any] = {}

    def start(self) -> None:
        """Begin; what an earlier run left on the host is known by its first line."""
        self._old = next(iter(self._lines()), None)
        # Python acts on a signal in the main thread, which sleeps on when the kernel gives it to
        # the other: that one starts with these blocked.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        self._thread.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number in ENDING:
            self._handlers[number] = signal.signal(number, self._interrupt)

    def stop(self) -> None:
        """End; nothing is displayed after that."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(LAST_LOOK_SECONDS)
        with self._speaking:  # the thread must not hold the queue's lock when the process ends
            self._ended = True

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        """End the run on the host, then this process as Ansible would have."""
        for one in self._handlers:  # Ansible sends a second signal: no reason to stop half-way
            signal.signal(one, signal.SIG_IGN)
        self._interrupted = True
        self._stop.set()
        self._thread.join(END_SECONDS + LAST_LOOK_SECONDS)
        handler = self._handlers[number]
        if callable(handler):
            handler(number, frame)

    def _watch(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            with contextlib.suppress(AnsibleError, OSError, ValueError):
                self._show(self._lines())
        if self._interrupted:
            with contextlib.suppress(AnsibleError, OSError, ValueError):
                self._end_run()

    def _end_run(self) -> None:
        """Ask the run of this task to end in order, as soon as it says which process it is."""
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline:
            first = next(iter(self._lines()), "")
            if first != self._old and _RUN.fullmatch(first):
                # Only while that run still holds the file: the number could be another's later.
                self._ask(
                    f'read -r line < {self._file} && [ "$line" = {shlex.quote(first)} ] '
                    '&& kill -TERM "${line%% *}"'
                )
                return
            time.sleep(END_EVERY_SECONDS)

    def _lines(self) -> list[str]:
        return [line.rstrip() for line in self._ask(f"cat {self._file}").splitlines()]

    def _ask(self, command: str) -> str:
        answer = self._action._low_level_execute_command(f"{{ {command}; }} 2>/dev/null || :")
        return str(answer["stdout"])

    def _show(self, lines: list[str]) -> None:
        if not lines or lines[0] == self._old:
            return
        for line in lines[1 + self._shown :]:
            with self._speaking:
                if self._ended:
                    return
                printable = "".join(one if one.isprintable() else "?" for one in line)
                Display().display(f"{self._host}: {printable}")
            self._shown += 1


def _quoted(path: str) -> str:
    """A path for the host's shell, which makes the home folder of ~ as the module does."""
    if path.startswith("~/"):
        return "~/" + shlex.quote(path.removeprefix("~/"))
    return shlex.quote(path)
