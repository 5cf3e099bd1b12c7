"""`foundation plots`: pictures of what was measured."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..core import defaults
from ..core.errors import DocumentError
from ..core.exit_status import ExitStatus
from . import shared


def register(commands: Any) -> None:
    """Add the command to the parser's sub-commands."""
    parser = commands.add_parser("plots", help="draw what was measured")
    shared.add_documents(parser)
    shared.add_profile(parser)
    shared.add_hosts(parser)
    parser.add_argument(
        "--out",
        type=Path,
        default=defaults.REPORTS,
        metavar="DIR",
        help="the pictures are DIR/plots/HOST/*.png",
    )
    parser.set_defaults(command=_draw)


def _draw(options: argparse.Namespace) -> ExitStatus:
    from ..charts import plots
    from ..profiles.criteria import load_profiles

    status = ExitStatus.OK
    profiles = load_profiles(options.profile)
    for host in shared.hosts(options):
        try:
            paths = plots.draw(options.documents, options.out / "plots", host, profiles)
        except DocumentError as error:
            shared.complain(error)
            status = ExitStatus.NOT_PASSED
            continue
        for path in paths:
            print(path)
    return status
