"""`lsblk`: block devices and mounts of a root that has no /sys/class/block or no mount table."""

from __future__ import annotations

import json
from typing import Any

from ..core.system import CommandError, System

_COLUMNS = "NAME,TYPE,SIZE,MODEL,SERIAL,REV,TRAN,ROTA,LOG-SEC,FSTYPE,MOUNTPOINT"
_TREE = "|`-─├└│ "


def read(system: System) -> tuple[list[dict[str, Any]], str]:
    """Devices and partitions with lower-case column names, and why there are none.

    `lsblk --json` is asked for; the tree that people read is understood too.
    """
    try:
        output = system.run("lsblk", "-J", "-b", "-o", _COLUMNS)
    except CommandError as error:
        return [], str(error)
    try:
        tree = json.loads(output)
        return _flatten(tree["blockdevices"]), "lsblk lists no devices"
    except (ValueError, KeyError, TypeError):
        return parse_tree(output), "lsblk printed neither JSON nor a table"


def _flatten(devices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for device in devices:
        found.append({key: value for key, value in device.items() if key != "children"})
        found.extend(_flatten(device.get("children") or []))
    return found


def parse_tree(text: str) -> list[dict[str, Any]]:
    """The rows of lsblk's table, cut where its header's words begin.

    A right-aligned SIZE may begin left of its header's word, and never left of the cell before.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or not lines[0].startswith("NAME"):
        return []
    names = lines[0].split()
    starts = [lines[0].index(name) for name in names]
    rows = []
    for line in lines[1:]:
        cuts = [_word_start(line, start) for start in starts]
        ends = [*cuts[1:], len(line)]
        cells = [line[a:b].strip() for a, b in zip(cuts, ends, strict=True)]
        row: dict[str, Any] = {
            name.lower(): cell or None for name, cell in zip(names, cells, strict=True)
        }
        row["name"] = (row["name"] or "").strip(_TREE)
        if row["name"]:
            rows.append(row)
    return rows


def _word_start(line: str, column: int) -> int:
    """Where the word under `column` begins."""
    while 0 < column < len(line) and line[column - 1] != " ":
        column -= 1
    return column
