"""`foundation run`, and `foundation gate` where it asks the hosts (-i).

Exit status: 0 done or passed, 1 not for every host or not passed, 2 no result, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from ..core.errors import RunError, one_line
from ..documents import store
from ..profiles.criteria import AUTO
from ..reports import terminal
from ..runs.events import Event

_STATUS = {"passed": 0, "not_passed": 1, "no_result": 2, "timed_out": 2, "cancelled": 130}
_STDOUT = Path("-")
_DUMB = ("", "dumb", "unknown")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What of the gate's options is for one way of judging alone, with the other's in its place.
_LIVE_ONLY = ("limit", "extra_vars", "check", "forks", "timeout", "verbose")


def register(commands: Any) -> None:
    """Add `foundation run`."""
    parser = commands.add_parser("run", help="run foundation.yml: provision and measure hosts")
    parser.add_argument(
        "-i", "--inventory", action="append", metavar="PATH|HOST,", help="default: this machine"
    )
    _add_common(parser)
    parser.add_argument("-t", "--tags", action="append", metavar="TAG", help="such as WS-01")
    parser.add_argument(
        "--documents", type=Path, metavar="DIR", help="where to keep them (bench/baselines)"
    )
    parser.add_argument(
        "--json", action="store_true", help="the result as one JSON document on standard output"
    )
    parser.set_defaults(command=_foundation)


def add_gate_options(gate: argparse.ArgumentParser) -> None:
    """Add to `foundation gate` what makes it ask the hosts."""
    live = gate.add_argument_group("asking the hosts (runs gate.yml)")
    live.add_argument(
        "-i",
        "--inventory",
        action="append",
        metavar="PATH|HOST,",
        help="ask these hosts and judge; without it, stored documents are judged offline. "
        "--documents is then where documents are kept, and --json - prints the run's result",
    )
    _add_common(live)
    gate.set_defaults(default_documents=gate.get_default("documents"))


def _add_common(parser: Any) -> None:
    parser.add_argument("-l", "--limit", metavar="PATTERN", help="as of ansible-playbook")
    parser.add_argument("-e", "--extra-vars", action="append", metavar="NAME=VALUE|@FILE")
    parser.add_argument("-C", "--check", action="store_true", help="change and write nothing")
    parser.add_argument("-f", "--forks", type=int, metavar="N", help="hosts at once")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="for the whole run")
    parser.add_argument("-v", "--verbose", action="count", default=0)


def is_live(options: argparse.Namespace) -> bool:
    """Whether `foundation gate` is to ask hosts. Raises RunError for options of the other way."""
    if options.inventory:
        if options.expect is not None:
            raise RunError("gate: --expect is for stored documents: name hosts with --limit")
        return True
    given = [name for name in _LIVE_ONLY if getattr(options, name) not in (None, False)]
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise RunError(f"gate: {names} needs hosts to ask: name an inventory with -i")
    return False


def gate(options: argparse.Namespace) -> int:
    """`foundation gate -i`: ask the hosts and judge."""
    from ..runs.runner import run_gate  # noqa: PLC0415 - brings what only a run needs

    given = options.documents
    if given is options.default_documents:
        given = None  # the playbook's own default, or the inventory's
    elif isinstance(given, list):
        if len(given) > 1:
            raise RunError("gate: with -i, one --documents: the folder where documents are kept")
        given = given[0]
    as_json = options.json == _STDOUT
    with _interruptible() as cancel, _display("gate", as_json, cancel) as progress:
        result = run_gate(
            options.inventory,
            **_common(options),
            baseline_dir=given,
            report=None if as_json else options.json,
            profile=None if options.profile == AUTO else options.profile,
            waivers=options.waivers,
            progress=progress,
            cancel=cancel,
        )
    text = ""
    if result.gate_report is not None:
        text = terminal.render(result.gate_report, result.report)
    elif result.verdict is not None:
        text = f"Phase gate: {result.verdict} (nothing was written: --check)\n"
    return _tell(result, text, as_json)


def _foundation(options: argparse.Namespace) -> int:
    from ..runs.runner import run_foundation  # noqa: PLC0415 - brings what only a run needs

    with _interruptible() as cancel, _display("run", options.json, cancel) as progress:
        result = run_foundation(
            options.inventory,
            **_common(options),
            tags=options.tags,
            baseline_dir=options.documents,
            progress=progress,
            cancel=cancel,
        )
    return _tell(result, "\n".join(_summary(result, options.tags)) + "\n", options.json)


def _common(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "limit": options.limit,
        "extra_variables": options.extra_vars,
        "check": options.check,
        "forks": options.forks,
        "timeout": options.timeout,
        "verbosity": options.verbose,
    }


def _tell(result: Any, text: str, as_json: bool) -> int:
    if as_json:
        document = result.document()
        store.validate(document, "run_result", source="the run's result")
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    print(text, end="")
    for problem in result.problems:
        print(f"foundation: {one_line(problem, 1000)}", file=sys.stderr)
    return _STATUS[result.state]


def _summary(result: Any, tags: object) -> Iterator[str]:
    """What a person wants to know after a run: counts, and each failure once with its hosts."""
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    for host, one in result.hosts.items():
        word = one.outcome.replace("_", " ")
        counts[word] += 1
        if one.outcome != "ok":
            groups[word, one.task or "", one.message].append(host)
    told = ", ".join(f"{number} {word}" for word, number in counts.items()) or "none"
    yield f"Hosts: {told}"
    for (word, task, message), hosts in groups.items():
        yield f"  {word}: {', '.join(hosts)}"
        yield f"    {f'{task}: ' if task else ''}{message}"
    if tags is None:
        for host, one in result.hosts.items():
            if one.stale_documents:
                yield f"  {host}: of an earlier run: {', '.join(one.stale_documents)}"
    yield f"Documents: {result.documents_dir}"
    if result.passed and not result.check:
        yield "Judge them with: foundation gate -i INVENTORY"


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """A signal ends the run on the hosts in order; a second one ends it at once."""
    cancel = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _display(title: str, quiet: bool, cancel: threading.Event) -> Iterator[Callable[[Event], None]]:
    """The live display on a terminal, else plain lines, or nothing where only JSON is wanted."""
    from ..runs.live_display import LiveDisplay, lines  # noqa: PLC0415 - rich takes its time

    # On a dumb terminal rich draws nothing.
    if sys.stderr.isatty() and os.environ.get("TERM", "").lower() not in _DUMB:
        with LiveDisplay(f"foundation {title}", sys.stderr, cancel.is_set) as live:
            yield live
        return

    def write(event: Event) -> None:
        for line in lines(event):
            indent = line[: len(line) - len(line.lstrip())]
            print(f"{indent}{one_line(line, 1000)}", file=sys.stderr, flush=True)

    def nothing(event: Event) -> None:
        """Not even a line."""

    yield nothing if quiet else write
