"""`foundation arm-check`: does every locked package have an arm64 wheel?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..core import defaults
from ..core.exit_status import ExitStatus


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--requirements",
        type=Path,
        default=defaults.ARM_LOCK,
        metavar="FILE",
        help="the hash-locked requirements",
    )
    parser.add_argument(
        "--python", default="3.12", metavar="VERSION", help="the Python that they are for"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the findings there")


def run(options: argparse.Namespace) -> ExitStatus:
    """NOT_PASSED where a package lacks its wheel."""
    from ..core.files import write_atomically
    from ..distribution import arm_check

    pins = arm_check.read_lock(options.requirements)
    blockers = arm_check.check(pins, options.python)
    if options.json is not None:
        findings = arm_check.report(options.requirements, options.python, pins, blockers)
        write_atomically(options.json, (json.dumps(findings, indent=2) + "\n").encode())
    for found in blockers:
        print(f"{found.blocker}: {found.package}=={found.version}: {found.reason}")
    if blockers:
        print(f"workaround: {arm_check.WORKAROUND}")
        return ExitStatus.NOT_PASSED
    print(f"{options.requirements}: {len(pins)} packages, each with a wheel for aarch64")
    return ExitStatus.OK
