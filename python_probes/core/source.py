"""Which revision of this project is running."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from .system import CommandError, Note, System

REVISION_VARIABLE = "FOUNDATION_SOURCE_REVISION"
"""The controller names the revision here, for a host holds the code and not the repository.

In the form that `git describe --always --dirty --abbrev=40 --exclude '*'` prints.
"""

_DESCRIPTION = re.compile(r"^([0-9a-f]{40})(-dirty)?$")


def source(system: System, note: Note, folder: Path | None = None) -> dict[str, Any]:
    """The `source` object of the environment document.

    `folder` is the top of the checkout, unless given the folder that holds this package.
    """
    text = os.environ.get(REVISION_VARIABLE, "")
    where = REVISION_VARIABLE
    if not text:
        where = "git describe"
        text = describe(system, note, folder or Path(__file__).resolve().parents[2])
    matched = _DESCRIPTION.match(text)
    if matched is None:
        if text:
            note("invalid", f"source: {where} gave {text[:60]!r}, not 40 digits and -dirty or not")
        return {"revision": None, "dirty": None}
    return {"revision": matched[1], "dirty": matched[2] is not None}


def describe(system: System, note: Note, folder: Path) -> str:
    """What git describe says of the checkout `folder`, or an empty text and a note why."""
    git_folder = folder / ".git"
    if not git_folder.exists():
        note(
            "not_told",
            "source: the code does not lie in a checkout of this project; run it from one, or set "
            f"{REVISION_VARIABLE} (the playbooks' source_revision) to what "
            "git describe --always --dirty --abbrev=40 --exclude '*' prints in one",
        )
        return ""
    try:
        # Named in full, so that a repository that merely surrounds the folder is not taken.
        return system.run(
            "git",
            f"--git-dir={git_folder}",
            f"--work-tree={folder}",
            "describe",
            "--always",
            "--dirty",
            "--abbrev=40",
            "--exclude=*",
        ).strip()
    except CommandError as error:
        note(error.code, f"source: {error}")
        return ""
