"""What `foundation run` and `foundation gate -i` share: options, signals, display and end."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from ..core.errors import one_line
from ..core.exit_status import ExitStatus
from .shared import complain

if TYPE_CHECKING:
    from ..runs.events import Event
    from ..runs.result import RunResult

_STATUS = {
    "passed": ExitStatus.OK,
    "not_passed": ExitStatus.NOT_PASSED,
    "no_result": ExitStatus.NO_VERDICT,
    "timed_out": ExitStatus.NO_VERDICT,
    "cancelled": ExitStatus.INTERRUPTED,
}
OPTIONS = {
    "limit": "--limit",
    "extra_variables": "--extra-vars",
    "check": "--check",
    "forks": "--forks",
    "timeout": "--timeout",
    "verbosity": "--verbose",
}
"""What `add_options` adds: by its name in Python, as it is typed."""
_DUMB = ("", "dumb", "unknown")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def add_options(parser: Any) -> None:
    """Add those of ansible-playbook's options that both take."""
    parser.add_argument(
        "-l", "--limit", metavar="PATTERN", help="only these hosts, as ansible-playbook takes them"
    )
    parser.add_argument(
        "-e",
        "--extra-vars",
        dest="extra_variables",
        action="append",
        metavar="NAME=VALUE|@FILE",
        help="variables, as ansible-playbook takes them; may be given again",
    )
    parser.add_argument("-C", "--check", action="store_true", help="change and write nothing")
    parser.add_argument(
        "-f", "--forks", type=int, metavar="N", help="hosts at once (default: that of ansible.cfg)"
    )
    parser.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="for the whole run (default: no limit)"
    )
    parser.add_argument(
        "-v",
        "--verbose",
        dest="verbosity",
        action="count",
        default=0,
        help="say more; up to -vvvvvv",
    )


def given(options: argparse.Namespace) -> dict[str, Any]:
    """These options as `run_foundation` and `run_gate` take them."""
    return {name: getattr(options, name) for name in OPTIONS}


def end(result: RunResult, text: str, as_json: bool) -> ExitStatus:
    """Print the result, as `text` or as its document, and say what it ends with."""
    if as_json:
        from ..documents import store

        document = result.document()
        store.validate(document, "run_result", source="the run's result")
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    print(text, end="")
    for problem in result.problems:
        complain(problem)
    return _STATUS[result.state]


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """A signal ends the run on the hosts in order; a second one ends it at once."""
    cancel = threading.Event()

    def end_run(number: int, frame: FrameType | None) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()

    before = {number: signal.signal(number, end_run) for number in _SIGNALS}
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def display(title: str, quiet: bool, cancel: threading.Event) -> Iterator[Callable[[Event], None]]:
    """The live display on a terminal, else plain lines, or nothing where only JSON is wanted."""
    from ..runs.live_display import lines, live_display

    # On a dumb terminal rich draws nothing.
    if sys.stderr.isatty() and os.environ.get("TERM", "").lower() not in _DUMB:
        with live_display(f"foundation {title}", sys.stderr, cancel.is_set) as live:
            yield live
        return

    def write(event: Event) -> None:
        for line in lines(event):
            indent = line[: len(line) - len(line.lstrip())]
            print(f"{indent}{one_line(line, 1000)}", file=sys.stderr, flush=True)

    yield (lambda _: None) if quiet else write
