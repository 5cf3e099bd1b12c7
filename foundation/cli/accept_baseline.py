"""`foundation accept-baseline`: hold later benchmark runs against the stored one."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from ..core.errors import DocumentError
from ..core.exit_status import ExitStatus
from . import shared
from .shared import complain


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    shared.add_documents(parser)
    shared.add_profile(parser)
    shared.add_hosts(parser)
    parser.add_argument(
        "--replace", action="store_true", help="also where there is a baseline already"
    )


def run(options: argparse.Namespace) -> ExitStatus:
    """NOT_PASSED where a host's run is not its baseline afterwards."""
    from ..history import accepted_baseline
    from ..profiles.criteria import load_profiles

    status = ExitStatus.OK
    profiles = load_profiles(options.profile)
    for host in shared.hosts(options):
        try:
            done = accepted_baseline.accept(
                options.documents, host, profiles, datetime.now(UTC), replace=options.replace
            )
        except (accepted_baseline.BaselineError, DocumentError) as error:
            complain(error)
            status = ExitStatus.NOT_PASSED
            continue
        print(accepted_baseline.tell(host, done))
        if done.outcome == accepted_baseline.KEPT:
            complain(f"{host}: --replace accepts this run instead")
            status = ExitStatus.NOT_PASSED
    return status
