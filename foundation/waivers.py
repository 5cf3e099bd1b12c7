"""Waivers: failures that are accepted for a time, each for one host and one criterion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from . import yaml_files
from .errors import WaiverError


@dataclass(frozen=True)
class Waiver:
    """Accepts a failure up to and including the day `expires` (UTC)."""

    host: str
    criterion: str
    reason: str
    expires: date
    ticket: str = ""


def load_waivers(path: Path | None) -> tuple[Waiver, ...]:
    """The waivers in a YAML file; none without a file. Raises WaiverError."""
    if path is None:
        return ()
    entries = yaml_files.load(Path(path), "waivers", WaiverError) or ()
    waivers = tuple(
        Waiver(**{**entry, "expires": date.fromisoformat(entry["expires"])}) for entry in entries
    )
    for index, waiver in enumerate(waivers):
        if any((w.host, w.criterion) == (waiver.host, waiver.criterion) for w in waivers[:index]):
            raise WaiverError(
                f"{path}: {waiver.host}, {waiver.criterion}: waived twice: keep one entry"
            )
    return waivers
