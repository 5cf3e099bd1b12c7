"""`foundation report`: a stored gate report in the formats that other programs and people read.

Exit status 0: written; 2: the gate report or a file of the wanted ones cannot be read or written.
The verdict has no say in it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TypeVar

from foundation import reports
from foundation.core.errors import FoundationError, one_line

_GATE = Path("reports/gate.json")
_TOLD = {
    "junit": "JUnit XML",
    "ctrf": "CTRF JSON",
    "prometheus": "a text file for node_exporter",
    "markdown": "Markdown for an issue tracker",
    "html": "one page for a browser",
}
_WRITTEN, _CANNOT = 0, 2
_Parser = TypeVar("_Parser", bound=argparse.ArgumentParser)


def register(commands: argparse._SubParsersAction[_Parser]) -> None:
    """Add the command to the parser of `foundation`."""
    parser = commands.add_parser("report", help="write a gate report in other formats")
    parser.add_argument("--gate", type=Path, default=_GATE, metavar="FILE", help=f"default {_GATE}")
    for name in reports.FORMATS:
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=_TOLD[name])
    parser.add_argument("--all", type=Path, metavar="DIR", help="all of them, named as the report")
    parser.set_defaults(command=_report, parser=parser)


def _report(options: argparse.Namespace) -> int:
    targets = [
        (name, path) for name in reports.FORMATS if (path := getattr(options, name)) is not None
    ]
    if options.all is not None:
        where = options.all / options.gate.name
        targets += [(name, reports.beside(where, name)) for name in reports.FORMATS]
    if not targets:
        options.parser.error("name what to write: --all DIR, --junit FILE, ...")
    report = reports.load(options.gate)
    status = _WRITTEN
    for name, path in targets:
        try:
            reports.write(report, name, path)
        except FoundationError as error:
            print(f"foundation: {one_line(str(error), 1000)}", file=sys.stderr)
            status = _CANNOT
        else:
            print(path)
    return status
