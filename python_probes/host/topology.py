"""Topology: the PCI functions, and how GPUs and network devices reach each other."""

from __future__ import annotations

import re
from typing import Any

from ..core.identifiers import Identifiers
from ..core.system import CommandError, Note, System
from . import pci

_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_LEGEND = re.compile(r"^\s*(NIC\d+):\s+(\S+)\s*$", re.MULTILINE)
_AFFINITY = re.compile(r"affinity|numa", re.IGNORECASE)
_UNKNOWN = ("", "N/A", "[N/A]")


def collect(system: System, identifiers: Identifiers, note: Note) -> dict[str, Any]:
    """The topology section of a hardware baseline."""
    functions = pci.devices(system, note)
    has_gpu = any(map(pci.is_nvidia_gpu, functions))
    return {"pci_devices": functions, "matrix": _matrix(system, note, has_gpu)}


def _matrix(system: System, note: Note, has_gpu: bool) -> dict[str, Any] | None:
    try:
        matrix = parse_matrix(system.run("nvidia-smi", "topo", "-m"))
    except CommandError as error:
        # It exits 14 beside a whole matrix where an infoROM is damaged.
        matrix = parse_matrix(error.output)
        if matrix is None and (has_gpu or error.code != "missing"):
            note(error.code, f"matrix: {error}")
        return matrix
    if matrix is None:
        note("unreadable", "matrix: nvidia-smi topo -m printed no matrix; see nvidia-smi -L")
    return matrix


def parse_matrix(text: str) -> dict[str, Any] | None:
    """`nvidia-smi topo -m` as a dict, or None where the text holds no matrix.

    Columns are separated by tabs and padded with more of them, so an empty cell between the
    affinities means nothing.
    """
    rows = [
        [cell.strip() for cell in line.split("\t")] for line in _ESCAPES.sub("", text).splitlines()
    ]
    start = next((i for i, row in enumerate(rows) if row[0] == "" and "GPU0" in row), None)
    if start is None:
        return None
    header = [cell for cell in rows[start] if cell]
    devices = [cell for cell in header if not _AFFINITY.search(cell)]
    affinities = header[len(devices) :]
    links: dict[str, dict[str, str]] = {}
    affinity: dict[str, dict[str, str | None]] = {}
    for row in rows[start + 1 :]:
        name, cells = row[0], row[1:]
        if name not in devices or len(cells) < len(devices):
            continue
        links[name] = dict(zip(devices, cells, strict=False))
        if name.startswith("GPU"):
            values = [cell for cell in cells[len(devices) :] if cell]
            values += ["N/A"] * (len(affinities) - len(values))
            affinity[name] = {
                label: None if value in _UNKNOWN else value
                for label, value in zip(affinities, values, strict=False)
            }
    if not links:
        return None
    return {
        "devices": devices,
        "links": links,
        "affinity": affinity,
        "network_devices": dict(_LEGEND.findall(_ESCAPES.sub("", text))),
    }
