"""`foundation completion`: what each workstream achieved, as Markdown."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..core.errors import one_line
from ..core.files import write_atomically
from ..evaluation import verified_report
from ..reports import completion_summary
from .handoff import add_inputs

_OK, _NOT_DONE = 0, 1


def register(commands: Any) -> None:
    """Add the command to the parser's sub-commands."""
    parser = commands.add_parser(
        "completion", help="write what each workstream achieved, from documents and verdict"
    )
    add_inputs(parser)
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("docs/workstreams"),
        metavar="DIR",
        help="default docs/workstreams",
    )
    parser.set_defaults(command=_completion)


def _completion(options: argparse.Namespace) -> int:
    try:
        found = verified_report.load(options.documents, options.gate, options.profile)
    except verified_report.RefusedError as error:
        print(f"foundation: {one_line(str(error), 1000)}", file=sys.stderr)
        return _NOT_DONE
    for name, text in completion_summary.render(found).items():
        write_atomically(options.out / name, text.encode())
        print(options.out / name)
    return _OK
