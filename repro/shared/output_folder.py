"""The output folder: one run at a time, and nothing of two runs side by side."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .smoke_test_status import PrerequisiteError

_IMAGE_NAME = re.compile(r"image_\d{2,4}\.png")
_DOCUMENTS = ("reproducibility.json", "environment.json", "manifest.json", "contact_sheet.png")


@contextmanager
def taken(out: Path, shown: str) -> Iterator[None]:
    """Make the folder and keep other runs out of it; `shown` is how the user named it.

    What an earlier run left is removed. Raises OSError and PrerequisiteError.
    """
    out.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PrerequisiteError(
                f"{shown}: another run writes there; wait for it or name another folder with --out"
            ) from None
        _remove_earlier(out)
        yield
    finally:
        os.close(descriptor)


def _remove_earlier(out: Path) -> None:
    """Remove what an earlier run left."""
    try:
        manifest = json.loads((out / "manifest.json").read_bytes())
        names = [str(entry["file"]) for entry in manifest["images"]]
    except (OSError, ValueError, KeyError, TypeError):
        names = []
    for name in (*_DOCUMENTS, *filter(_IMAGE_NAME.fullmatch, names)):
        (out / name).unlink(missing_ok=True)
