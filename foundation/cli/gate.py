"""`foundation gate`: judge stored documents offline, or hosts with -i."""

from __future__ import annotations

import argparse
import gc
from datetime import UTC, datetime
from pathlib import Path

from ..core import defaults
from ..core.errors import RunError
from ..core.exit_status import ExitStatus
from . import live_run, shared

_STDOUT = Path("-")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    shared.add_profile(parser)
    parser.add_argument(
        "--documents",
        type=Path,
        action="append",
        metavar="DIR",
        help="the folder of stored documents; given again, the newest valid document of each "
        f"counts (default: {defaults.DOCUMENTS})",
    )
    parser.add_argument(
        "--waivers", type=Path, metavar="FILE", help="failures that are accepted for a time"
    )
    parser.add_argument(
        "--expect",
        metavar="HOST,HOST",
        help="judge exactly these hosts (default: those with documents)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the report there")
    live = parser.add_argument_group("asking the hosts (runs gate.yml)")
    live.add_argument(
        "-i",
        "--inventory",
        action="append",
        metavar="PATH|HOST,",
        help="ask these hosts and judge; without it, stored documents are judged offline. "
        "--documents is then where documents are kept, and --json - prints the run's result",
    )
    live_run.add_options(live)


def run(options: argparse.Namespace) -> ExitStatus:
    """Judge; NOT_PASSED unless the verdict is PASSED."""
    if options.inventory:
        return _ask_hosts(options)
    given = live_run.given(options)
    if named := [live_run.OPTIONS[name] for name in given if given[name] not in (None, False)]:
        raise RunError(f"gate: {', '.join(named)} needs hosts to ask: name an inventory with -i")
    return _judge_stored(options)


def _judge_stored(options: argparse.Namespace) -> ExitStatus:
    from ..evaluation.gate import PASSED, judge_folder, write_report
    from ..reports import terminal

    expected = None
    if options.expect is not None:
        expected = [name.strip() for name in options.expect.split(",") if name.strip()]
    now = datetime.now(UTC)
    # Documents hold no cycles: looking for them in a fleet's takes a tenth of the time.
    gc.set_threshold(100_000)
    roots = options.documents or [defaults.DOCUMENTS]
    report = judge_folder(roots, options.profile, options.waivers, expected, now=now)
    if options.json is not None:
        write_report(report, options.json)
    print(terminal.render(report, options.json), end="")
    return ExitStatus.OK if report["verdict"] == PASSED else ExitStatus.NOT_PASSED


def _ask_hosts(options: argparse.Namespace) -> ExitStatus:
    if options.expect is not None:
        raise RunError("gate: --expect is for stored documents: name hosts with --limit")
    # Without one it is the playbook's own default, or the inventory's.
    folder, *others = options.documents or [None]
    if others:
        raise RunError("gate: with -i, one --documents: the folder where documents are kept")
    from ..reports import terminal
    from ..runs.runner import run_gate

    as_json = options.json == _STDOUT
    with live_run.interruptible() as cancel, live_run.display("gate", as_json, cancel) as progress:
        result = run_gate(
            options.inventory,
            **live_run.given(options),
            baseline_dir=folder,
            report=None if as_json else options.json,
            profile=None if options.profile == defaults.PROFILE else options.profile,
            waivers=options.waivers,
            progress=progress,
            cancel=cancel,
        )
    text = ""
    if result.gate_report is not None:
        text = terminal.render(result.gate_report, result.report)
    elif result.verdict is not None:
        text = f"Phase gate: {result.verdict} (nothing was written: --check)\n"
    return live_run.end(result, text, as_json)
