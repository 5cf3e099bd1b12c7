"""`foundation report`: write a gate report in other formats.

The verdict has no say in its exit status.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..core.errors import FoundationError
from ..core.exit_status import ExitStatus
from ..reports.formats import FORMATS
from . import shared


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    shared.add_gate_report(parser)
    for name, one in FORMATS.items():
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=one.title)
    parser.add_argument("--all", type=Path, metavar="DIR", help="all of them, named as the report")
    parser.set_defaults(parser=parser)


def run(options: argparse.Namespace) -> ExitStatus:
    """Write each format; one that cannot be written leaves the others."""
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
