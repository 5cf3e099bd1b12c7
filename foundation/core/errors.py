"""What can go wrong on the controller: each is one line for the user."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from .exit_status import ExitStatus

Json = Any
"""A value that came out of JSON or YAML: its shape is the schema's business."""

_LONGEST = 80


class FoundationError(Exception):
    """The base of all: its text is one line that says what, where and what to do."""

    exit_status: ClassVar[ExitStatus] = ExitStatus.NO_VERDICT
    """What the `foundation` command ends with when nothing else catches it."""


class DocumentError(FoundationError):
    """A document cannot be used: unreadable, damaged, foreign or against its schema."""


class StorageError(FoundationError):
    """A file could not be written; what was there before is unchanged."""


class ProfileError(FoundationError):
    """A profile or one of its criteria is wrong."""


class WaiverError(FoundationError):
    """The waivers file is wrong."""


class RunError(FoundationError):
    """A run of Ansible cannot begin, or what starts it broke down."""


def one_line(text: str, longest: int = 400) -> str:
    """`text` on one line, without control characters, at most `longest` characters.

    Documents come from hosts: what they hold must not move a cursor or start a second line.
    """
    clean = text
    if not text.isprintable():
        clean = "".join(character if character.isprintable() else " " for character in text)
    clean = (re.sub(r" {2,}", " ", clean) if "  " in clean else clean).strip()
    return clean if len(clean) <= longest else clean[: longest - 3] + "..."


def shorten(value: object, longest: int = _LONGEST) -> str:
    """A JSON value as one short line for a message."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=repr)
    except (TypeError, ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    return one_line(text, longest)
