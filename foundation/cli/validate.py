"""`foundation validate`: check documents against their schemas."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ..core.errors import DocumentError
from ..core.exit_status import ExitStatus
from .shared import complain


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="a document, or a benchmark history"
    )


def run(options: argparse.Namespace) -> ExitStatus:
    """NOT_PASSED for an invalid file, NO_VERDICT for an unreadable one."""
    status = ExitStatus.OK
    for path in options.files:
        if not os.access(path, os.R_OK) or not path.is_file():
            complain(f"{path}: cannot be read as a file; check the path")
            status = ExitStatus.NO_VERDICT
            continue
        try:
            remark = _check(path)
        except DocumentError as error:
            complain(error)
            status = max(status, ExitStatus.NOT_PASSED)
        else:
            print(f"{path}: valid{remark}")
    return status


def _check(path: Path) -> str:
    """What to add of a valid file: runs of a history, a newer version. Raises DocumentError."""
    if path.suffix == ".jsonl":
        from ..history import run_history

        return f", {run_history.check(path)}"
    from ..documents import store
    from ..documents.schema_registry import newer_note

    document = store.load(path)
    note = newer_note(document["kind"], document)
    return f"; {note}" if note else ""
