"""`foundation status`: the status from a stored gate report, offline."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from foundation.status import status_files, status_report, status_text

_REPORT, _STATUS = Path("reports/gate.json"), Path("reports/status.json")
_DONE, _NOT_DONE = 0, 1


def register(commands: Any) -> None:
    """Add the command to the subparsers of `foundation`."""
    parser = commands.add_parser(
        "status", help="how far the workstreams are and what blocks them, from the gate's report"
    )
    parser.add_argument(
        "--report", type=Path, default=_REPORT, metavar="FILE", help=f"default {_REPORT}"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=_STATUS,
        metavar="FILE",
        help=f"where the status is written, and the one before it read (default {_STATUS})",
    )
    parser.add_argument(
        "--arm-check", type=Path, metavar="FILE", help="what foundation arm-check --json wrote"
    )
    parser.add_argument("--json", action="store_true", help="print the document, not text")
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    """0 where every workstream is complete and nothing blocks, else 1."""
    now = datetime.now(UTC)
    current = status_files.update(options.report, options.out, now, options.arm_check).status
    status_files.write(current, options.out)
    if options.json:
        print(json.dumps(current, indent=2, ensure_ascii=False))
    else:
        print(status_text.render(current, options.out), end="")
    return _DONE if status_report.finished(current) else _NOT_DONE
