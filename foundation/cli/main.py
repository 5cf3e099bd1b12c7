"""The `foundation` command: judge, check and learn from documents, report, check the arm64 lock.

Exit status: 0 passed, valid or done; 1 not passed, not valid, blockers found or not done for every
host; 2 could not judge (usage, a file that cannot be read or written, a wrong profile or waivers
file, no package index). Errors are one line on stderr.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from ..charts import plots
from ..core import files
from ..core.errors import DocumentError, FoundationError, ProfileError, one_line
from ..distribution import arm_check
from ..documents import store
from ..documents.schema_registry import newer_note
from ..evaluation.gate import PASSED, judge_folder, write_report
from ..history import accepted_baseline, run_history, target_proposals
from ..profiles.criteria import AUTO, load_profiles, profile_path
from ..reports import terminal
from . import completion, handoff, run
from . import report as report_command
from . import status as status_command

_OK, _NOT_PASSED, _NO_VERDICT = 0, 1, 2
_INTERRUPTED = 130  # as shells report SIGINT
_BASELINES, _REPORTS = Path("bench/baselines"), Path("reports")
_ARM_LOCK = Path("roles/probe_runtime/files/requirements-aarch64.txt")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(_NO_VERDICT, f"{self.prog}: {one_line(message)}; see {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed before we began
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
        # A terminal that cannot show a character must not end the gate.
        if (reconfigure := getattr(getattr(sys, name), "reconfigure", None)) is not None:
            reconfigure(errors="backslashreplace")
    try:
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.command
        status = command(options)
        sys.stdout.flush()
    except OSError as error:
        # As a rule of stdout, its disk full or its reader gone, of which nobody need be told;
        # Python would complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            where = error.filename or "standard output"
            told = f"{where}: {error.strerror}; free space or fix its rights, then run again"
            print(f"foundation: {one_line(told)}", file=sys.stderr)
        return _NO_VERDICT
    except KeyboardInterrupt:
        print("foundation: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except FoundationError as error:
        print(f"foundation: {one_line(str(error), 1000)}", file=sys.stderr)
        return _NO_VERDICT
    return status


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="foundation", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    stored = _Parser(add_help=False)
    stored.add_argument(
        "--documents", type=Path, default=_BASELINES, metavar="DIR", help=f"default {_BASELINES}"
    )
    judged = _Parser(add_help=False)
    judged.add_argument(
        "--profile", default=AUTO, metavar="NAME|FILE", help="auto (the default), a name or a file"
    )
    some = _Parser(add_help=False)
    some.add_argument(
        "--host", action="append", metavar="HOST", help="only this host; may be given again"
    )

    gate = commands.add_parser(
        "gate", parents=[judged], help="judge stored documents offline, or hosts with -i"
    )
    gate.add_argument(
        "--documents",
        type=Path,
        action="append",
        metavar="DIR",
        help=f"default {_BASELINES}; given again, the newest valid document of each counts",
    )
    gate.add_argument("--waivers", type=Path, metavar="FILE")
    gate.add_argument("--expect", metavar="HOST,HOST", help="judge exactly these hosts")
    gate.add_argument("--json", type=Path, metavar="FILE", help="also write the report there")
    run.add_gate_options(gate)
    gate.set_defaults(command=_gate)
    run.register(commands)

    validate = commands.add_parser("validate", help="check documents against their schemas")
    validate.add_argument("files", nargs="+", type=Path, metavar="FILE")
    validate.set_defaults(command=_validate)

    accept = commands.add_parser(
        "accept-baseline",
        parents=[stored, judged, some],
        help="hold later benchmark runs against the stored one",
    )
    accept.add_argument("--replace", action="store_true", help="also where there is a baseline")
    accept.set_defaults(command=_accept)

    draw = commands.add_parser(
        "plots", parents=[stored, judged, some], help="draw what was measured"
    )
    draw.add_argument(
        "--out", type=Path, default=_REPORTS, metavar="DIR", help="DIR/plots/HOST/*.png (reports)"
    )
    draw.set_defaults(command=_draw)

    propose = commands.add_parser(
        "targets",
        parents=[stored],
        help="propose a profile's targets from what a fleet measured, as a diff",
    )
    propose.add_argument("--profile", default="dgx_spark", metavar="NAME|FILE")
    propose.add_argument(
        "--k", type=_positive, default=3.0, metavar="K", help="spreads below the median (3)"
    )
    propose.add_argument(
        "--minimum-hosts", type=_count, default=3, metavar="N", help="fewer propose nothing (3)"
    )
    propose.set_defaults(command=_propose)

    arm = commands.add_parser("arm-check", help="does every locked package have an arm64 wheel?")
    arm.add_argument("--requirements", type=Path, default=_ARM_LOCK, metavar="FILE")
    arm.add_argument("--python", default="3.12", metavar="VERSION", help="the image's (3.12)")
    arm.add_argument("--json", type=Path, metavar="FILE", help="also write the findings there")
    arm.set_defaults(command=_arm_check)

    report_command.register(commands)
    status_command.register(commands)
    completion.register(commands)
    handoff.register(commands)
    return parser


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: a number above 0 is needed")
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: a number from 1 is needed")
    return number


def _hosts(options: argparse.Namespace) -> list[str]:
    """The hosts that are named, or all that have documents. Raises DocumentError."""
    found = list(store.load_folder(options.documents))
    unknown = [host for host in options.host or () if host not in found]
    if unknown:
        raise DocumentError(f"{options.documents}: no documents of {', '.join(unknown)}")
    hosts: list[str] = options.host or found
    if not hosts:
        raise DocumentError(
            f"{options.documents}: no documents of any host: run ansible-playbook foundation.yml"
        )
    return hosts


def _gate(options: argparse.Namespace) -> int:
    if run.is_live(options):
        return run.gate(options)
    expected = None
    if options.expect is not None:
        expected = [name.strip() for name in options.expect.split(",") if name.strip()]
    now = datetime.now(UTC)
    roots = options.documents or [_BASELINES]
    report = judge_folder(roots, options.profile, options.waivers, expected, now=now)
    if options.json is not None:
        write_report(report, options.json)
    print(terminal.render(report, options.json), end="")
    return _OK if report["verdict"] == PASSED else _NOT_PASSED


def _validate(options: argparse.Namespace) -> int:
    status = _OK
    for path in options.files:
        if not os.access(path, os.R_OK) or not path.is_file():
            print(f"foundation: {path}: no readable file; check the path", file=sys.stderr)
            status = _NO_VERDICT
            continue
        try:
            told = _check(path)
        except DocumentError as error:
            print(f"foundation: {error}", file=sys.stderr)
            status = max(status, _NOT_PASSED)
        else:
            print(f"{path}: valid{told}")
    return status


def _check(path: Path) -> str:
    """What to say of a valid file beyond that it is. Raises DocumentError."""
    if path.suffix == ".jsonl":
        return f", {run_history.check(path)}"
    document = store.load(path)
    note = newer_note(document["kind"], document)
    return f"; {note}" if note else ""


def _accept(options: argparse.Namespace) -> int:
    status = _OK
    profiles = load_profiles(options.profile)
    for host in _hosts(options):
        try:
            done = accepted_baseline.accept(
                options.documents, host, profiles, datetime.now(UTC), replace=options.replace
            )
        except (accepted_baseline.BaselineError, DocumentError) as error:
            print(f"foundation: {one_line(str(error), 1000)}", file=sys.stderr)
            status = _NOT_PASSED
            continue
        print(accepted_baseline.tell(host, done))
        if done.outcome == accepted_baseline.KEPT:
            print(f"foundation: {host}: --replace accepts this run instead", file=sys.stderr)
            status = _NOT_PASSED
    return status


def _draw(options: argparse.Namespace) -> int:
    status = _OK
    profiles = load_profiles(options.profile)
    for host in _hosts(options):
        try:
            paths = plots.draw(options.documents, options.out / "plots", host, profiles)
        except DocumentError as error:
            print(f"foundation: {error}", file=sys.stderr)
            status = _NOT_PASSED
            continue
        for path in paths:
            print(path)
    return status


def _propose(options: argparse.Namespace) -> int:
    """The diff goes to stdout for `git apply`, the reasons to stderr."""
    if options.profile == AUTO:
        raise ProfileError("--profile: name the one profile whose targets are to be adjusted")
    path = profile_path(options.profile)
    (profile,) = load_profiles(options.profile)
    proposals = target_proposals.propose(
        options.documents, profile, options.k, options.minimum_hosts
    )
    for line in target_proposals.summary(proposals):
        print(line, file=sys.stderr)
    print(target_proposals.diff(path, proposals, Path.cwd()), end="")
    return _OK


def _arm_check(options: argparse.Namespace) -> int:
    pins = arm_check.read_lock(options.requirements)
    blockers = arm_check.check(pins, options.python)
    if options.json is not None:
        findings = arm_check.report(options.requirements, options.python, pins, blockers)
        files.write_atomically(options.json, (json.dumps(findings, indent=2) + "\n").encode())
    for found in blockers:
        print(f"{found.blocker}: {found.package}=={found.version}: {found.reason}")
    if blockers:
        print(f"workaround: {arm_check.WORKAROUND}")
        return _NOT_PASSED
    print(f"{options.requirements}: {len(pins)} packages, each with a wheel for aarch64")
    return _OK
