"""The figures of a run so far, kept on the disk: a host that loses power keeps what it has.

A GB10 can power off hard under load and leave no trace. So the document is written before and
after every figure, and a later run takes the figures over that were measured in the same state
of the same host.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NoReturn

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
_FIGURE: dict[str, tuple[type, ...]] = {
    "value": (int, float),
    "unit": (str,),
    "samples": (list,),
    "spread": (int, float, type(None)),
    "method": (str,),
    "parameters": (dict,),
    "duration_seconds": (int, float),
    "trace": (dict, type(None)),
}
_OPTIONAL = {
    "component",
    "chart_group",
    "started_at",
    "clock_step_seconds",
    "latency_microseconds",
    "series",
}


class StateError(Exception):
    """The file holds nothing to go on from; the message says why, in one line."""


@dataclass
class Earlier:
    """What is taken over: the figures, where they are from, and what ended runs.

    `conditions` are the worst of all starts that figures come from, this run's among them.
    """

    figures: dict[str, Any]
    conditions: dict[str, Any]
    resumed: list[dict[str, Any]] = field(default_factory=list)
    under_way: dict[str, int] = field(default_factory=dict)


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
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with os.fdopen(os.open(self._new, flags, _MODE), "w", encoding="utf-8") as file:
                json.dump(document, file)
                file.flush()
                os.fsync(file.fileno())
            self._new.replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
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
        """The document, or None where there is not a regular file. Raises StateError."""
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with os.fdopen(os.open(self.path, flags), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise StateError("is not a regular file")  # a pipe could be waited for in vain
                content = file.read(_LARGEST)
            document = json.loads(content, parse_constant=_refuse)
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
        return _earlier(before, document, planned, disk, now)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError(f"is damaged ({type(error).__name__}: {error})") from None


def _earlier(
    before: Mapping[str, Any],
    document: Mapping[str, Any],
    planned: Sequence[Planned],
    disk: BlockDevice,
    now: datetime,
) -> Earlier:
    data, live = before["data"], document["data"]
    _require_the_same(before, document)
    parts = [
        *data.get("resumed", ()),
        {
            "collected_at": before["collected_at"],
            "boot_id": before["identity"]["boot_id"],
            "figures": sorted(
                data["figures"].keys()
                - {name for part in data.get("resumed", ()) for name in part["figures"]}
            ),
        },
    ]
    young = [part for part in parts if abs(now - _time(part["collected_at"])) < _OLDEST]
    if not young:
        raise StateError(f"is older than {_OLDEST // timedelta(hours=1)} hours")
    named = {name for part in young for name in part["figures"]}
    usable = {
        one.name: figure
        for one in planned
        if one.name in named and _is_of(figure := _figure(data["figures"][one.name]), one, disk)
    }
    conditions = live["conditions"]
    if usable:
        conditions = worse(data["conditions"], conditions)
    found = Earlier(usable, conditions)
    for part in young:
        taken = [name for name in part["figures"] if name in usable]
        if taken:
            when, boot = str(part["collected_at"]), part["boot_id"] and str(part["boot_id"])
            found.resumed.append({"collected_at": when, "boot_id": boot, "figures": taken})
    found.under_way = {
        str(name): int(times) for name, times in data.get("under_way", {}).items() if times > 0
    }
    return found


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


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def _figure(figure: dict[str, Any]) -> dict[str, Any]:
    for name, kind in _FIGURE.items():
        if not isinstance(figure[name], kind):
            raise TypeError(f"{name} is {type(figure[name]).__name__}")
    unknown = set(figure) - set(_FIGURE) - _OPTIONAL
    if unknown:
        raise ValueError(f"no figure has {min(unknown)}")
    if not figure["samples"] or not all(map(math.isfinite, [figure["value"], *figure["samples"]])):
        raise ValueError("a sample is not a number")
    return figure


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")
