"""`foundation completion`: write what each workstream achieved, from documents and verdict."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..core import defaults
from ..core.exit_status import ExitStatus
from . import shared


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    shared.add_verified(parser)
    parser.add_argument(
        "--out",
        type=Path,
        default=defaults.COMPLETION,
        metavar="DIR",
        help="the folder of the summaries",
    )


def run(options: argparse.Namespace) -> ExitStatus:
    """Write the summaries and print their paths."""
    from ..core.files import write_atomically
    from ..evaluation import verified_report
    from ..reports import completion_summary

    found = verified_report.load(options.documents, options.gate, options.profile)
    for name, text in completion_summary.render(found).items():
        write_atomically(options.out / name, text.encode())
        print(options.out / name)
    return ExitStatus.OK
