"""`foundation arm-check`: whether every locked package has a wheel for arm64."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ..core import defaults
from ..core.exit_status import ExitStatus


def register(commands: Any) -> None:
    """Add the command to the parser's sub-commands."""
    parser = commands.add_parser("arm-check", help="does every locked package have an arm64 wheel?")
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
    parser.set_defaults(command=_arm_check)


def _arm_check(options: argparse.Namespace) -> ExitStatus:
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
