"""The disk under a folder: its kernel name and model, from /sys."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..core.sysfs import target
from ..core.system import System
from .mounts import mount

_UNNAMED = 0  # the major number of btrfs, overlay and other file systems without one device


@dataclass(frozen=True)
class BlockDevice:
    """A whole disk, such as nvme0n1; None where /sys does not say."""

    name: str | None
    model: str | None


def block_device(system: System, folder: Path) -> BlockDevice:
    """The disk that holds `folder`, through its partition and one layer of device mapper.

    A layer over several disks keeps its own name, such as md0, and has no model.
    """
    number = _device_number(system, folder)
    if number is None:
        return BlockDevice(None, None)
    place = _whole(system, f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    if place is None:
        return BlockDevice(None, None)
    below = system.list(f"{place}/slaves")
    if len(below) == 1:
        place = _whole(system, f"{place}/slaves/{below[0]}") or place
    model = system.read(f"{place}/device/model") or system.read(f"{place}/device/name")
    return BlockDevice(place.rpartition("/")[2], model or None)


def _device_number(system: System, folder: Path) -> int | None:
    try:
        number = folder.stat().st_dev
        if os.major(number) == _UNNAMED:
            # btrfs numbers its subvolumes; the mount table names the device.
            number = system.path(mount(system, folder).source or "").stat().st_rdev
    except OSError:
        return None
    return number if os.major(number) != _UNNAMED else None


def _whole(system: System, link: str) -> str | None:
    """The folder of the disk that `link` leads to, or of the disk that it is a partition of."""
    place = target(system, link)
    if place is None:
        return None
    return place.rpartition("/")[0] if system.exists(f"{place}/partition") else place
