"""`foundation plots`: draw what was measured."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..core import defaults
from ..core.errors import DocumentError
from ..core.exit_status import ExitStatus
from . import shared


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
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


def run(options: argparse.Namespace) -> ExitStatus:
    """NOT_PASSED where a host has nothing to draw."""
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
