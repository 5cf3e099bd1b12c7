"""The `foundation` command: judge stored documents again, or check documents.

Exit status: 0 passed or valid; 1 not passed or not valid; 2 could not judge (usage, a file that
cannot be read or written, a wrong profile or waivers file). Errors are one line on stderr.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from . import documents, terminal
from .errors import DocumentError, FoundationError, one_line
from .gate import PASSED, judge_folder, write_report

_OK, _NOT_PASSED, _NO_VERDICT = 0, 1, 2
_INTERRUPTED = 130  # as shells report SIGINT
_BASELINES = Path("bench/baselines")


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
