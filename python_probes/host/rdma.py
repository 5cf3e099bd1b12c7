"""RDMA ports: /sys/class/infiniband, and `rdma link` where the root has none."""

from __future__ import annotations

import re
from typing import Any

from ..core.identifiers import Identifiers
from ..core.parsing import integer
from ..core.system import CommandError, Note, System

_CLASS = "/sys/class/infiniband"
# IBTA port physical states (InfiniBand Architecture Specification, PortInfo) as `rdma` names them.
_PHYSICAL = {
    0: "NOP",
    1: "SLEEP",
    2: "POLLING",
    3: "DISABLED",
    4: "PORT_CONFIGURATION_TRAINING",
    5: "LINK_UP",
    6: "LINK_ERROR_RECOVERY",
    7: "PHY_TEST",
}
_LINK = re.compile(
    r"^link (?P<device>[^\s/]+)/(?P<port>\d+)(?: .*?)? state (?P<state>\S+)"
    r"(?: physical_state (?P<physical>\S+))?(?: netdev (?P<netdev>\S+))?"
)


def ports(system: System, identifiers: Identifiers, note: Note) -> list[dict[str, Any]]:
    """Every port of every RDMA device; GUIDs, which udev also puts into names, are hashed."""
    if system.exists(_CLASS):
        found = [
            _port(system, device, number, identifiers)
            for device in system.list(_CLASS)
            for number in _numbers(system, device)
        ]
        if any(entry["interface"] is None for entry in found):
            _complete(system, found)
        _note_lost(system, found, note)
        return found
    try:
        return parse_rdma_link(system.run("rdma", "link"))
    except CommandError as error:
        # Without either there is no RDMA subsystem in the kernel, so no device to miss.
        if error.code not in ("missing", "failed"):
            note(error.code, f"rdma_ports: {error}")
        return []


def _numbers(system: System, device: str) -> list[int]:
    names = (integer(name) for name in system.list(f"{_CLASS}/{device}/ports"))
    return sorted(number for number in names if number)


def _complete(system: System, found: list[dict[str, Any]]) -> None:
    """Interfaces that the links of /sys do not show, from `rdma link`."""
    try:
        links = parse_rdma_link(system.run("rdma", "link"))
    except CommandError:
        return
    interfaces = {(entry["device"], entry["port"]): entry["interface"] for entry in links}
    for entry in found:
        entry["interface"] = entry["interface"] or interfaces.get((entry["device"], entry["port"]))


def _note_lost(system: System, found: list[dict[str, Any]], note: Note) -> None:
    for entry in found:
        folder = f"{_CLASS}/{entry['device']}"
        ethernet = system.read(f"{folder}/ports/{entry['port']}/link_layer") != "InfiniBand"
        lost = [k for k, v in entry.items() if v is None and (k != "interface" or ethernet)]
        if lost:
            note("missing", f"rdma_ports: {folder}: {', '.join(lost)} of port {entry['port']}")


def _port(system: System, device: str, number: int, identifiers: Identifiers) -> dict[str, Any]:
    folder = f"{_CLASS}/{device}"
    for guid in ("node_guid", "sys_image_guid"):
        identifiers.hash(system.read(f"{folder}/{guid}"))
    port = f"{folder}/ports/{number}"
    physical = re.match(r"(\d+):", system.read(f"{port}/phys_state") or "")
    state = re.match(r"\d+: (\w+)", system.read(f"{port}/state") or "")
    return {
        "device": device,
        "port": number,
        "state": state[1] if state else None,
        "physical_state": _PHYSICAL.get(int(physical[1])) if physical else None,
        "interface": _interface(system, device, number),
        "firmware_version": system.read(f"{folder}/fw_ver"),
    }


def _interface(system: System, device: str, number: int) -> str | None:
    """The network interface of a port: of several on one function, the one with its dev_port."""
    folder = f"{_CLASS}/{device}"
    by_gid = system.read(f"{folder}/ports/{number}/gid_attrs/ndevs/0")
    if by_gid:
        return by_gid
    names = system.list(f"{folder}/device/net")
    for name in names:
        if len(names) > 1 and system.read_integer(f"/sys/class/net/{name}/dev_port") != number - 1:
            continue
        return name
    for name in system.list("/sys/class/net"):
        if device in system.list(f"/sys/class/net/{name}/device/infiniband"):
            return name
    return None


def parse_rdma_link(text: str) -> list[dict[str, Any]]:
    """The ports in `rdma link` output, which names no firmware."""
    return [
        {
            "device": match["device"],
            "port": int(match["port"]),
            "state": match["state"],
            "physical_state": match["physical"],
            "interface": match["netdev"],
            "firmware_version": None,
        }
        for match in map(_LINK.match, text.splitlines())
        if match
    ]
