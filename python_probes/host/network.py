"""Network: interfaces, their drivers and links, RDMA ports and the ConnectX-7 twins.

Loopback and the veth halves that come and go with containers are left out; bridges, bonds and
other virtual interfaces are listed after the physical ones, without a PCI address.
"""

from __future__ import annotations

import re
from typing import Any

from ..core.identifiers import Identifiers
from ..core.sysfs import target
from ..core.system import CommandError, Note, System
from . import pci, rdma

CONNECTX_7 = "15b3:1021"

_CLASS = "/sys/class/net"
_IGNORED = re.compile(r"^(lo$|veth)")
_NO_SPEED = (-1, 0, 0xFFFFFFFF)  # how drivers say unknown
# systemd.net-naming-scheme(7): P<domain>p<bus>s<slot>f<function>, in decimal; np<port> at the end.
_PATH_NAME = re.compile(r"^(?:en|wl)(?:P(\d+))?p(\d+)s(\d+)(?:f(\d+))?(?:[nd]\w+)?$")
_PORT_NAME = re.compile(r"(?:^|n)p(\d+)$")
_BRIEF = re.compile(
    r"^(?P<name>[^\s@]+)(?:@\S+)?\s+(?P<state>[A-Z]+)\s+(?P<mac>[0-9a-f:]{17,59})?\s*<(?P<flags>[^>]*)>"
)


def collect(system: System, identifiers: Identifiers, note: Note) -> dict[str, Any]:
    """The network section of a hardware baseline; speeds are in Mb/s."""
    lost: list[str] = []
    devices = pci.devices(
        system, lambda code, message: lost.append(message) if code == "missing" else None
    )
    functions = {f["address"]: f["device_id"] for f in devices}
    rdma_ports = rdma.ports(system, identifiers, note)
    if system.exists(_CLASS):
        interfaces = [
            _from_sysfs(system, name, functions, identifiers, note)
            for name in system.list(_CLASS)
            if system.exists(f"{_CLASS}/{name}/address") or system.exists(f"{_CLASS}/{name}/mtu")
        ]
    else:
        interfaces = _from_ip(system, functions, identifiers, note)
    by_interface = {port["interface"]: port["device"] for port in rdma_ports if port["interface"]}
    for interface in interfaces:
        interface["rdma_device"] = by_interface.get(interface["name"])
    interfaces = [entry for entry in interfaces if not _IGNORED.match(entry["name"])]
    interfaces.sort(key=lambda entry: (entry["pci_address"] is None, entry["name"]))
    for reason in lost:
        note("missing", f"connectx.functions: {reason}")
    return {
        "interfaces": interfaces,
        "rdma_ports": rdma_ports,
        "connectx": {
            "functions": None if lost else sum(d == CONNECTX_7 for d in functions.values()),
            "ports": _twins(system, interfaces),
        },
    }


def _from_sysfs(
    system: System,
    name: str,
    functions: dict[str, str | None],
    identifiers: Identifiers,
    note: Note,
) -> dict[str, Any]:
    folder = f"{_CLASS}/{name}"
    identifiers.hash(system.read(f"{folder}/bonding_slave/perm_hwaddr"))
    address, device_id = _pci_function(system, name, functions)
    speed = system.read_integer(f"{folder}/speed")  # EINVAL, so None, while the link is down
    carrier = system.read_integer(f"{folder}/carrier")
    wireless = system.exists(f"{folder}/wireless") or system.exists(f"{folder}/phy80211")
    entry: dict[str, Any] = {
        "name": name,
        "driver": pci.driver(system, f"{folder}/device") or _virtual_kind(system, folder),
        "mac_hash": identifiers.hash(system.read(f"{folder}/address")),
        "pci_address": address,
        "pci_device_id": device_id,
        "speed_mbps": None if speed in _NO_SPEED else speed,
        "mtu": system.read_integer(f"{folder}/mtu"),
        "carrier": None if carrier is None else bool(carrier),
        "operational_state": system.read(f"{folder}/operstate"),
        "rdma_device": None,
    }
    expected = ["mtu", "operational_state"]
    if address is not None:
        expected += ["driver", "mac_hash", "pci_device_id"]
        expected += ["speed_mbps"] if carrier and not wireless else []
    lost = [field for field in expected if entry[field] is None]
    if lost and not _IGNORED.match(name):
        note("missing", f"interfaces: {folder} does not tell {', '.join(lost)}")
    return entry


def _virtual_kind(system: System, folder: str) -> str | None:
    """bridge, vlan, bond ... for an interface without a device."""
    found = re.search(r"(?m)^DEVTYPE=(\S+)", system.read(f"{folder}/uevent") or "")
    return found[1] if found else None


def _pci_function(
    system: System, name: str, functions: dict[str, str | None]
) -> tuple[str | None, str | None]:
    """The address and id of the PCI function behind an interface; none for USB and virtual ones."""
    device = f"{_CLASS}/{name}/device"
    place = target(system, device)
    if place is None:
        return None, None
    parts = place.split("/")
    if any(part.startswith("usb") for part in parts):
        return None, None
    # virtio puts a device of its own between the interface and the PCI function.
    for depth in range(len(parts), 0, -1):
        if pci.ADDRESS.fullmatch(parts[depth - 1]):
            own_id = pci.device_id(system, "/".join(parts[:depth]))
            return parts[depth - 1], own_id or functions.get(parts[depth - 1])
    # A tree that was copied without its links.
    found = re.search(r"(?m)^PCI_SLOT_NAME=(\S+)", system.read(f"{device}/uevent") or "")
    address = found[1].lower() if found else _address_from_name(name)
    if address not in functions and not found:
        return None, pci.device_id(system, device)
    return address, pci.device_id(system, device) or functions.get(address or "")


def _from_ip(
    system: System, functions: dict[str, str | None], identifiers: Identifiers, note: Note
) -> list[dict[str, Any]]:
    try:
        output = system.run("ip", "-br", "link")
    except CommandError as error:
        note(error.code, f"interfaces: no {_CLASS}, and {error}")
        return []
    interfaces = parse_ip(output, identifiers)
    for entry in interfaces:
        address = _address_from_name(entry["name"])
        if address in functions:
            entry["pci_address"] = address
            entry["pci_device_id"] = functions[address]
    note("partial", f"interfaces: no {_CLASS}; ip -br link tells no driver, speed or MTU, "
         "and PCI addresses are read from names")  # fmt: skip
    return interfaces


def parse_ip(text: str, identifiers: Identifiers) -> list[dict[str, Any]]:
    """The interfaces in `ip -br link` output."""
    interfaces = []
    for match in filter(None, map(_BRIEF.match, text.splitlines())):
        flags = match["flags"].split(",")
        carrier = True if "LOWER_UP" in flags else (False if "NO-CARRIER" in flags else None)
        interfaces.append(
            {
                "name": match["name"],
                "mac_hash": identifiers.hash(match["mac"]),
                "carrier": carrier,
                "operational_state": match["state"].lower(),
                **dict.fromkeys(("driver", "pci_address", "pci_device_id", "speed_mbps", "mtu")),
                "rdma_device": None,
            }
        )
    return interfaces


def _address_from_name(name: str) -> str | None:
    """0002:01:00.1 of enP2p1s0f1np1."""
    found = _PATH_NAME.match(name)
    if not found:
        return None
    domain, bus, slot, function = (int(number or 0) for number in found.groups())
    return f"{domain:04x}:{bus:02x}:{slot:02x}.{function:x}"


def _twins(system: System, interfaces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """ConnectX-7 interfaces by the physical port they share."""
    ports: dict[int | None, list[str]] = {}
    for entry in interfaces:
        if entry["pci_device_id"] == CONNECTX_7:
            ports.setdefault(_physical_port(system, entry), []).append(entry["name"])
    return [
        {"port": port, "interfaces": sorted(ports[port])}
        for port in sorted(ports, key=lambda port: -1 if port is None else port)
    ]


def _physical_port(system: System, entry: dict[str, Any]) -> int | None:
    """From the kernel's name of the port, else udev's name, else the PCI function number."""
    name = system.read(f"{_CLASS}/{entry['name']}/phys_port_name")
    for text in (name, entry["name"], (entry["pci_address"] or "").replace(".", "np")):
        found = _PORT_NAME.search(text or "")
        if found:
            return int(found[1])
    return None
