"""`foundation status`: how far the workstreams are and what blocks them, from the gate's report."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from ..core import defaults
from ..core.exit_status import ExitStatus
from . import shared


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    shared.add_gate_report(parser, "--report")
    parser.add_argument(
        "--out",
        type=Path,
        default=defaults.STATUS,
        metavar="FILE",
        help="where the status is written, and the one before it read",
    )
    parser.add_argument(
        "--arm-check", type=Path, metavar="FILE", help="what foundation arm-check --json wrote"
    )
    parser.add_argument("--json", action="store_true", help="print the document, not text")


def run(options: argparse.Namespace) -> ExitStatus:
    """OK where every workstream is complete and nothing blocks."""
    from ..documents import store
    from ..status import status_files, status_report, status_text

    now = datetime.now(UTC)
    current = status_files.update(options.report, options.out, now, options.arm_check).status
    store.write(current, options.out)
    if options.json:
        print(json.dumps(current, indent=2, ensure_ascii=False))
    else:
        print(status_text.render(current, options.out), end="")
    return ExitStatus.OK if status_report.finished(current) else ExitStatus.NOT_PASSED
