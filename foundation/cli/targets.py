"""`foundation targets`: propose a profile's targets from what a fleet measured, as a diff."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

from ..core import defaults
from ..core.errors import ProfileError
from ..core.exit_status import ExitStatus
from . import shared


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    shared.add_documents(parser)
    parser.add_argument(
        "--profile", default="dgx_spark", metavar="NAME|FILE", help="the profile to adjust"
    )
    parser.add_argument(
        "--k", type=_positive, default=3.0, metavar="K", help="spreads below the median"
    )
    parser.add_argument(
        "--minimum-hosts", type=_count, default=3, metavar="N", help="fewer propose nothing"
    )


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: a number above 0 is needed")
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: a number from 1 is needed")
    return number


def run(options: argparse.Namespace) -> ExitStatus:
    """The diff goes to stdout for `git apply`, the reasons to stderr."""
    from ..history import target_proposals
    from ..profiles.criteria import load_profiles, profile_path

    if options.profile == defaults.PROFILE:
        raise ProfileError("--profile: name the one profile whose targets are to be adjusted")
    path = profile_path(options.profile)
    (profile,) = load_profiles(options.profile)
    proposals = target_proposals.propose(
        options.documents, profile, options.k, options.minimum_hosts
    )
    for line in target_proposals.summary(proposals):
        print(line, file=sys.stderr)
    print(target_proposals.diff(path, proposals, Path.cwd()), end="")
    return ExitStatus.OK
