"""Mounted file systems: those that hold data with their free space, and the one of a folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.parsing import integer
from ..core.system import CommandError, Note, System

_TABLES = ("/proc/mounts", "/proc/1/mounts", "/proc/self/mounts")
_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "lustre", "ceph", "glusterfs", "gpfs", "beegfs"}
_WITHOUT_DEVICE = {"zfs", "9p", "virtiofs", "bcachefs"}
# Images and the like: what they hold never changes.
_IMAGES = {"squashfs", "iso9660", "erofs", "udf", "devtmpfs", "tmpfs"}
# What container engines bind from the host over single files.
_BOUND_FILES = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"}
_IDENTIFYING = re.compile(
    r"(?i)(?<=/disk/by-id/).+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?<=/)[0-9a-f]{4}-[0-9a-f]{4}$"  # the volume number of a FAT file system
    r"|(?<=/by-path/)ip-.+|\b[in]qn\.\d{4}-\d\d\..+"  # iSCSI and NVMe over a network
    # Multipath disks by their WWID: SCSI page 83h, NVMe, and vendor, model and serial number.
    r"|(?<=/mapper/)(?:[0-9a-f]{17,33}|(?:eui|naa|nvme|t10|uuid)\.[^/\n]+|(?-i:[01S][A-Z0-9]+_)[^/\n]+)",
    re.MULTILINE,
)
_FIELDS = 4  # source, mount point, type, options
_BLOCK_UNITS = {"1-blocks": 1, "1B-blocks": 1, "1K-blocks": 1024, "1024-blocks": 1024}


def identifying(file_systems: list[dict[str, Any]]) -> list[str]:
    """What in sources and mount points tells one box from another: UUIDs and serial numbers."""
    text = "\n".join(f"{entry['source']}\n{entry['mount_point']}" for entry in file_systems)
    return _IDENTIFYING.findall(text)


def read(system: System, note: Note) -> list[dict[str, Any]] | None:
    """File systems by mount point, sizes in bytes; None where no mount table can be read.

    Left out: kernel and memory file systems, images, and second mounts of the same source (bind
    mounts, subvolumes). `/` stays whatever it is, an overlay in a container too.
    """
    table = next(filter(None, map(system.read, _TABLES)), None)
    if table is None:
        return None
    chosen: dict[str, dict[str, Any]] = {}
    for entry in _entries(table).values():
        if not _holds_data(entry):
            continue
        key = entry["source"] if entry["mount_point"] != "/" else "/"
        known = chosen.get(key)
        if known is None or len(entry["mount_point"]) < len(known["mount_point"]):
            chosen[key] = entry
    root_source = chosen.get("/", {}).get("source")
    chosen = {k: e for k, e in chosen.items() if k == "/" or e["source"] != root_source}
    found = sorted(chosen.values(), key=lambda entry: entry["mount_point"])
    add_space(system, found, note)
    return found


@dataclass(frozen=True)
class Mount:
    """The file system's type, such as ext4, and what is mounted, such as /dev/nvme0n1p2."""

    type: str | None
    source: str | None


def mount(system: System, folder: Path) -> Mount:
    """The mount that holds `folder`; both fields None where it is unknown."""
    wanted = os.path.realpath(folder)
    entries = _entries(system.read("/proc/self/mounts") or "")
    for point in (wanted, *map(str, Path(wanted).parents)):
        if point in entries:
            return Mount(entries[point]["type"], entries[point]["source"])
    return Mount(None, None)


def _entries(table: str) -> dict[str, dict[str, Any]]:
    """By mount point: a later mount hides an earlier one."""
    entries = {}
    for line in table.splitlines():
        fields = [_unescape(field) for field in line.split()]
        if len(fields) < _FIELDS or not fields[1].startswith("/"):
            continue
        entries[fields[1]] = {
            "mount_point": fields[1],
            "source": fields[0],
            "type": fields[2],
            "size_bytes": None,
            "available_bytes": None,
            "read_only": "ro" in fields[3].split(","),
        }
    return entries


def _unescape(field: str) -> str:
    r"""Octal escapes as in getmntent(3): \040 is a space."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def _holds_data(entry: dict[str, Any]) -> bool:
    if entry["mount_point"] == "/":
        return True
    if entry["type"] in _IMAGES or entry["mount_point"] in _BOUND_FILES:
        return False
    return entry["source"].startswith("/dev/") or entry["type"] in _NETWORK | _WITHOUT_DEVICE


def add_space(system: System, file_systems: list[dict[str, Any]], note: Note) -> None:
    """Fill in size_bytes and available_bytes (what an unprivileged user may still write)."""
    by_df = []
    for entry in file_systems:
        # A network file system whose server is gone would block statvfs for good.
        if system.live and entry["type"] not in _NETWORK:
            _ask_kernel(entry, note)
        else:
            by_df.append(entry)
    if not by_df:
        return
    try:
        # Asked for all at once: one df is enough for a replay.
        rows = parse_df(system.run("df", "-P", "-B1"))
    except CommandError as error:
        # It also fails, with most of its output, when one mount cannot be read.
        rows = parse_df(error.output)
        if not rows:
            note(error.code, f"file_systems: size_bytes, available_bytes: {error}")
            return
    for entry in by_df:
        space = rows.get((entry["source"], entry["mount_point"]))
        if space is None:
            note("missing", f"file_systems: df says nothing of {entry['mount_point']}")
        else:
            entry["size_bytes"], entry["available_bytes"] = space


def _ask_kernel(entry: dict[str, Any], note: Note) -> None:
    try:
        status = os.statvfs(entry["mount_point"])
    except OSError as error:
        note("unreadable", f"file_systems: {entry['mount_point']}: {error.strerror}")
        return
    entry["size_bytes"] = status.f_blocks * status.f_frsize
    entry["available_bytes"] = status.f_bavail * status.f_frsize


def parse_df(text: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Size and available bytes by (source, mount point) from df; other units give nothing."""
    lines = text.splitlines()
    header = (lines[0] if lines else "").replace("Mounted on", "Mounted").split()
    unit = next((_BLOCK_UNITS[word] for word in header if word in _BLOCK_UNITS), None)
    if unit is None or not {"Available", "Mounted"} <= set(header):
        return {}
    size_column = next(i for i, word in enumerate(header) if word in _BLOCK_UNITS)
    rows = {}
    for line in lines[1:]:
        fields = line.split(None, len(header) - 1)
        if len(fields) != len(header):
            continue
        size = integer(fields[size_column])
        available = integer(fields[header.index("Available")])
        if size is not None and available is not None:
            rows[fields[0], fields[-1].strip()] = (size * unit, max(0, available) * unit)
    return rows
