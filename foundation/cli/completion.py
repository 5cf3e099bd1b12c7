"""`foundation completion`: what each workstream achieved, as Markdown."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..core import defaults
from ..core.exit_status import ExitStatus
from . import shared


def register(commands: Any) -> None:
    """Add the command to the parser's sub-commands."""
    parser = commands.add_parser(
        "completion", help="write what each workstream achieved, from documents and verdict"
    )
    shared.add_verified(parser)
    parser.add_argument(
        "--out",
        type=Path,
        default=defaults.COMPLETION,
        metavar="DIR",
        help="the folder of the summaries",
    )
    parser.set_defaults(command=_completion)


def _completion(options: argparse.Namespace) -> ExitStatus:
    from ..core.files import write_atomically
    from ..evaluation import verified_report
    from ..reports import completion_summary

    found = verified_report.load(options.documents, options.gate, options.profile)
    for name, text in completion_summary.render(found).items():
        write_atomically(options.out / name, text.encode())
        print(options.out / name)
    return ExitStatus.OK
