"""The `foundation` command: judge stored documents again, check documents, check the arm64 lock.

Exit status: 0 passed or valid; 1 not passed, not valid, or blockers found; 2 could not judge (wrong
usage, a file that cannot be read or written, a wrong profile or waivers file, or no package index).
Errors are one line on stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from . import arm_check, documents, files, terminal
from .errors import DocumentError, FoundationError, one_line
from .gate import PASSED, judge_folder, write_report

_OK, _NOT_PASSED, _NO_VERDICT = 0, 1, 2
_INTERRUPTED = 130  # as shells report SIGINT
_BASELINES = Path("bench/baselines")
_ARM_LOCK = Path("roles/probe_runtime/files/requirements-aarch64.txt")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(_NO_VERDICT, f"{self.prog}: {one_line(message)}; see {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character must not end the gate.
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="backslashreplace")
    try:
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.command
        status = command(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone; Python would complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
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

    gate = commands.add_parser("gate", help="judge stored documents, offline")
    gate.add_argument("--documents", type=Path, default=_BASELINES, metavar="DIR")
    gate.add_argument(
        "--profile", default="auto", metavar="NAME|FILE", help="auto, dgx_spark, generic or a file"
    )
    gate.add_argument("--waivers", type=Path, metavar="FILE")
    gate.add_argument("--expect", metavar="HOST,HOST", help="judge exactly these hosts")
    gate.add_argument("--json", type=Path, metavar="FILE", help="also write the report there")
    gate.set_defaults(command=_gate)

    validate = commands.add_parser("validate", help="check documents against their schemas")
    validate.add_argument("files", nargs="+", type=Path, metavar="FILE")
    validate.set_defaults(command=_validate)

    arm = commands.add_parser("arm-check", help="does every locked package have an arm64 wheel?")
    arm.add_argument("--requirements", type=Path, default=_ARM_LOCK, metavar="FILE")
    arm.add_argument("--python", default="3.12", metavar="VERSION", help="the image's (3.12)")
    arm.add_argument("--json", type=Path, metavar="FILE", help="also write the findings there")
    arm.set_defaults(command=_arm_check)
    return parser


def _gate(options: argparse.Namespace) -> int:
    expected = None
    if options.expect is not None:
        expected = [name.strip() for name in options.expect.split(",") if name.strip()]
    now = datetime.now(UTC)
    report = judge_folder(options.documents, options.profile, options.waivers, expected, now=now)
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
            documents.load(path)
        except DocumentError as error:
            print(f"foundation: {error}", file=sys.stderr)
            status = max(status, _NOT_PASSED)
        else:
            print(f"{path}: valid")
    return status


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
