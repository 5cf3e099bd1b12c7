"""`foundation report`: a stored gate report in the formats that other programs and people read.

The verdict has no say in its exit status.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..core.errors import FoundationError
from ..core.exit_status import ExitStatus
from ..reports.formats import FORMATS
from . import shared


def register(commands: Any) -> None:
    """Add the command to the parser's sub-commands."""
    parser = commands.add_parser("report", help="write a gate report in other formats")
    shared.add_gate_report(parser)
    for name, one in FORMATS.items():
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=one.title)
    parser.add_argument("--all", type=Path, metavar="DIR", help="all of them, named as the report")
    parser.set_defaults(command=_report, parser=parser)


def _report(options: argparse.Namespace) -> ExitStatus:
    from ..reports import writer

    targets = [(name, path) for name in FORMATS if (path := getattr(options, name)) is not None]
    if options.all is not None:
        where = options.all / options.gate.name
        targets += [(name, writer.beside(where, name)) for name in FORMATS]
    if not targets:
        options.parser.error("name what to write: --all DIR, --junit FILE, ...")
    report = writer.load(options.gate)
    status = ExitStatus.OK
    for name, path in targets:
        try:
            writer.write(report, name, path)
        except FoundationError as error:
            shared.complain(error)
            status = error.exit_status
        else:
            print(path)
    return status
