"""The figures of a run so far, kept on the disk: a host that loses power keeps what it has.

A GB10 can power off hard under load and leave no trace. So the document is written before and
after every figure, and a later run takes the figures over that were measured in the same state
of the same host.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ..host.block_device import BlockDevice
from .conditions import worse
from .levels import Planned
from .measuring.family import STORAGE

TRIES = 2
"""How often one figure may be under way when the host or the run ends."""

ENDED_TWICE = "the host or the run ended twice during this figure"

_MODE = 0o600
_LARGEST = 16 * 2**20  # bytes
_OLDEST = timedelta(hours=24)
_SAME = ("gpu_uuids", "serial_hash", "machine_id_hash", "kernel", "driver", "image_digest")
_LOAD_TOLERANCE = 10.0  # seconds: what a load loses to its ramp


class StateError(Exception):
    """The file holds nothing to go on from; the message says why, in one line."""


@dataclass
class Earlier:
    """What is taken over: the figures, where they are from, and what ended runs.

    `conditions` are the worst of all starts that figures come from, this run's among them.
    """

    figures: dict[str, Any]
    conditions: dict[str, Any]
    resumed: list[dict[str, Any]]
    under_way: dict[str, int]


class StateFile:
    """One document on the disk, whole and new or whole and old whatever happens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # One name: what a power-off leaves is replaced by the next run.
        self._new = path.with_name(f"{path.name}.new")

    def write(self, document: Mapping[str, Any]) -> None:
        """Replace the file, flushed to the disk. Raises OSError."""
        try:
            self._new.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(self._new, flags, _MODE), "w", encoding="utf-8") as file:
                json.dump(document, file)
                file.flush()
                os.fsync(file.fileno())
            self._new.replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except BaseException:
            with contextlib.suppress(OSError):
                self._new.unlink(missing_ok=True)
            raise

    def remove(self) -> None:
        """Remove what is there."""
        for path in (self._new, self.path):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def read(self) -> dict[str, Any] | None:
        """The document, or None where there is no file. Raises StateError."""
        try:
            # Neither a link is followed nor a pipe waited for.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            with os.fdopen(os.open(self.path, flags), "rb") as file:
                document = json.loads(file.read(_LARGEST))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise StateError(f"cannot be read ({' '.join(str(error).split())})") from None
        if not isinstance(document, dict) or document.get("kind") != "benchmark":
            raise StateError("holds no benchmark document")
        return document


def take_over(
    before: Mapping[str, Any],
    document: Mapping[str, Any],
    planned: Sequence[Planned],
    disk: BlockDevice,
    now: datetime | None = None,
) -> Earlier:
    """What the run whose document is to be `document` may take over of the one `before`.

    `planned` are its figures, `disk` is what its storage figures are to be of.
    Raises StateError.
    """
    now = now or datetime.now(timezone.utc)
    try:
        _require_the_same(before, document)
        parts = [part for part in _parts(before) if abs(now - _time(part)) < _OLDEST]
        if not parts:
            raise StateError(f"is older than {_OLDEST // timedelta(hours=1)} hours")
        return _earlier(before["data"], document["data"]["conditions"], parts, planned, disk)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError(f"is damaged ({type(error).__name__}: {error})") from None


def _parts(before: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each start that the figures come from: those it has taken over, and its own."""
    resumed = before["data"]["resumed"]
    taken = {name for part in resumed for name in part["figures"]}
    own = {
        "collected_at": before["collected_at"],
        "boot_id": before["identity"]["boot_id"],
        "figures": sorted(before["data"]["figures"].keys() - taken),
    }
    return [*resumed, own]


def _earlier(
    data: Mapping[str, Any],
    conditions: dict[str, Any],
    parts: Sequence[dict[str, Any]],
    planned: Sequence[Planned],
    disk: BlockDevice,
) -> Earlier:
    young = {name for part in parts for name in part["figures"]}
    figures = {
        one.name: data["figures"][one.name]
        for one in planned
        if one.name in young and _is_of(data["figures"][one.name], one, disk)
    }
    return Earlier(
        figures,
        worse(data["conditions"], conditions) if figures else conditions,
        [
            {**part, "figures": names}
            for part in parts
            if (names := [name for name in part["figures"] if name in figures])
        ],
        dict(data["under_way"]),
    )


def _require_the_same(before: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    """Raises StateError where the figures of one run are none of the other's."""
    then, now = before["identity"], document["identity"]
    if before["schema_version"] != document["schema_version"]:
        raise StateError(f"has the schema version {before['schema_version']}")
    if before["data"]["level"] != document["data"]["level"]:
        raise StateError(f"is of the level {before['data']['level']}")
    for name in _SAME:
        if then[name] != now[name]:
            raise StateError(f"is of another state of the host: {name} differs")
    same_boot = now["boot_id"] is not None and then["boot_id"] == now["boot_id"]
    matched = same_boot or now["serial_hash"] or now["machine_id_hash"]
    if now["gpu_uuids"] is None or not matched:
        raise StateError("cannot be matched to this host: its identity could not be read")
    if (then["build"] or {}).get("torch") != (now["build"] or {}).get("torch"):
        raise StateError("was measured with another torch")
    if before["data"]["device"] != document["data"]["device"]:
        raise StateError("was measured on another device")


def _is_of(figure: dict[str, Any], planned: Planned, disk: BlockDevice) -> bool:
    """Whether a figure is of this disk, and of a load as long as is asked for now."""
    if planned.family.component == STORAGE:
        device = figure["parameters"].get("device")
        return device is not None and device == disk.name
    short = (planned.load or 0.0) - figure["duration_seconds"]
    return planned.load is None or abs(short) <= _LOAD_TOLERANCE


def _time(part: Mapping[str, Any]) -> datetime:
    moment = datetime.strptime(part["collected_at"], "%Y-%m-%dT%H:%M:%SZ")
    return moment.replace(tzinfo=timezone.utc)
