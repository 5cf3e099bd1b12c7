"""Storage: block devices with their firmware and link, NVMe health, and file systems."""

from __future__ import annotations

import re
from typing import Any

from ..core.identifiers import Identifiers
from ..core.parsing import first_match, integer
from ..core.sysfs import target
from ..core.system import Note, System
from . import lsblk, mounts, nvme

_FOLDERS = ("/sys/class/block", "/sys/block")
# Not a disk: memory, images, mappings over disks, optical drives, hidden NVMe multipath halves.
_NOT_DISKS = re.compile(
    r"^(loop|ram|zram|dm-|md|sr|fd|nbd|zd|drbd|mtdblock)\d*|^nvme\d+c\d+n\d+$|^mmcblk\d+(boot|rpmb)"
)
_SECTOR = 512  # the unit of /sys/class/block/*/size whatever the device's own
_BUSES = (("/usb", "usb"), ("/ata", "sata"), ("/virtio", "virtio"), ("/mmc", "mmc"))
_NAMES = (("nvme", "nvme"), ("vd", "virtio"), ("mmcblk", "mmc"), ("xvd", "xen"))


def collect(system: System, identifiers: Identifiers, note: Note) -> dict[str, Any]:
    """The storage section of a hardware baseline; sizes in bytes, links in GT/s per lane."""
    folder = next((folder for folder in _FOLDERS if system.exists(folder)), None)
    rows: list[dict[str, Any]] = []
    if folder is None:
        rows, reason = lsblk.read(system)
        devices = [_from_lsblk(row, identifiers, note) for row in rows if row.get("type") == "disk"]
        if not devices:
            note("missing", f"devices: no {_FOLDERS[0]}, and {reason}")
    else:
        devices = [
            _from_sysfs(system, f"{folder}/{name}", name, identifiers, note)
            for name in system.list(folder)
            if _is_disk(system, f"{folder}/{name}", name)
        ]
    file_systems = mounts.read(system, note)
    if file_systems is None:
        rows = rows or lsblk.read(system)[0]
        file_systems = _mounts_of(rows)
        mounts.add_space(system, file_systems, note)
        note("partial" if file_systems else "missing", "file_systems: /proc/mounts cannot be read"
             + ("; mount points are lsblk's" if file_systems else ""))  # fmt: skip
    for name in mounts.identifying(file_systems):
        identifiers.hash(name)
    for entry in file_systems:
        entry["source"] = identifiers.hide_server(entry["source"])
    return {"devices": devices, "file_systems": file_systems}


def _is_disk(system: System, path: str, name: str) -> bool:
    if _NOT_DISKS.match(name) or system.exists(f"{path}/partition"):
        return False
    return system.read_integer(f"{path}/size") != 0  # an empty card reader


def _from_sysfs(
    system: System, path: str, name: str, identifiers: Identifiers, note: Note
) -> dict[str, Any]:
    device = f"{path}/device"
    sectors = system.read_integer(f"{path}/size")
    rotational = system.read_integer(f"{path}/queue/rotational")
    speed, width = _link(system, path, name)
    for file in ("wwid", "nguid", "uuid", "device/wwid"):  # names such as eui.0025384a51b2c3d4
        identifiers.hash((system.read(f"{path}/{file}") or "").rpartition(".")[2])
    controller = first_match(r"^(nvme\d+)n", name)
    entry = {
        "name": name,
        "transport": _transport(system, path, name),
        "model": system.read(f"{device}/model") or system.read(f"{device}/name"),
        "firmware": next(
            filter(None, (system.read(f"{device}/{f}") for f in ("firmware_rev", "fwrev", "rev"))),
            None,
        ),
        "serial_hash": identifiers.hash(_serial(system, path)),
        "size_bytes": None if sectors is None else sectors * _SECTOR,
        "rotational": None if rotational is None else bool(rotational),
        "logical_block_bytes": system.read_integer(f"{path}/queue/logical_block_size"),
        "link_speed_gigatransfers": speed,
        "link_width": width,
        "health": nvme.health(system, controller, note) if controller else None,
    }
    if entry["transport"] == "nvme":
        optional: tuple[str, ...] = ("health",)  # has said why itself
    else:  # virtual disks have neither model nor serial, and only NVMe sits on PCIe itself
        optional = ("health", "link_speed_gigatransfers", "link_width", "model", "firmware",
                    "serial_hash")  # fmt: skip
    lost = [key for key, value in entry.items() if value is None and key not in optional]
    if lost:
        note("missing", f"{name}: {path} does not tell {', '.join(lost)}")
    return entry


def _serial(system: System, path: str) -> str | None:
    """NVMe and MMC, virtio, SCSI (vital product data page 80h: four bytes, then the serial)."""
    for name in ("device/serial", "serial"):
        if serial := system.read(f"{path}/{name}"):
            return serial
    page = system.read(f"{path}/device/vpd_pg80") or ""
    printable = re.findall(r"[ -~]{4,}", page)
    return printable[-1].strip() if printable else None


def _transport(system: System, path: str, name: str) -> str | None:
    for prefix, transport in _NAMES:
        if name.startswith(prefix):
            return transport
    place = target(system, path) or ""
    return next((transport for part, transport in _BUSES if part in place), None)


def _link(system: System, path: str, name: str) -> tuple[float | None, int | None]:
    """PCIe speed in GT/s per lane and width: the NVMe controller's parent is the PCI function."""
    controller = first_match(r"^(nvme\d+)n", name)
    if controller is None:
        return None, None
    for folder in (f"{path}/device/device", f"/sys/class/nvme/{controller}/device"):
        speed = first_match(r"^([\d.]+) GT/s", system.read(f"{folder}/current_link_speed"))
        width = system.read_integer(f"{folder}/current_link_width")
        if speed or width:
            return (float(speed) if speed else None), width
    return None, None


def _from_lsblk(row: dict[str, Any], identifiers: Identifiers, note: Note) -> dict[str, Any]:
    name = str(row.get("name"))
    rotational = row.get("rota")
    entry = {
        "name": name,
        "transport": row.get("tran")
        or next((bus for prefix, bus in _NAMES if name.startswith(prefix)), None),
        "model": row.get("model"),
        "firmware": row.get("rev"),
        "serial_hash": identifiers.hash(row.get("serial")),
        "size_bytes": integer(row.get("size")),
        "rotational": None if rotational is None else rotational in (True, 1, "1"),
        "logical_block_bytes": integer(row.get("log-sec")),
        "link_speed_gigatransfers": None,
        "link_width": None,
        "health": None,
    }
    lost = [key for key, value in entry.items() if value is None]
    said = (
        f" (size {row['size']}, rounded)" if entry["size_bytes"] is None and row.get("size") else ""
    )
    note("partial", f"{name}: no {_FOLDERS[0]}, and lsblk does not tell {', '.join(lost)}{said}")
    return entry


def _mounts_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "mount_point": row["mountpoint"],
            "source": f"/dev/{row['name']}",
            "type": row["fstype"],
            "size_bytes": None,
            "available_bytes": None,
            "read_only": None,
        }
        for row in rows
        if str(row.get("mountpoint") or "").startswith("/") and row.get("fstype")
    ]
