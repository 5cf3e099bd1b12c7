"""The PCI bus: /sys/bus/pci/devices, and lspci where the root has none."""

from __future__ import annotations

import re
from typing import Any

from ..core.parsing import integer
from ..core.sysfs import target_name
from ..core.system import CommandError, Note, System

GB10 = "10de:2e12"
_DISPLAY_CONTROLLERS = ("0300", "0302")  # VGA compatible controller, 3D controller
DEVICES = "/sys/bus/pci/devices"
ADDRESS = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
_LSPCI_ADDRESS = r"^((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])\s+"
# "0300" stands in brackets after the class name in -nn, and bare in -n.
_LSPCI_NAMED = re.compile(
    _LSPCI_ADDRESS + r".*?\[([0-9a-f]{4})\]: .*\[([0-9a-f]{4}:[0-9a-f]{4})\]", re.IGNORECASE
)
_LSPCI_NUMERIC = re.compile(
    _LSPCI_ADDRESS + r"([0-9a-f]{4}): ([0-9a-f]{4}:[0-9a-f]{4})", re.IGNORECASE
)


def devices(system: System, note: Note) -> list[dict[str, Any]]:
    """Every PCI function by address: address, device_id, class, driver and numa_node."""
    if system.exists(DEVICES):
        return [_function(system, name) for name in system.list(DEVICES)]
    reason = f"the kernel shows no {DEVICES}"
    for arguments in (("-Dnn",), ("-nn",), ("-n",)):
        try:
            found = parse_lspci(system.run("lspci", *arguments))
        except CommandError as error:
            reason = str(error)
            if error.code != "failed":
                break
            continue
        if found:
            note(
                "partial", f"pci_devices: {DEVICES} is absent; lspci has no drivers, no NUMA nodes"
            )
            return found
    note("missing", f"pci_devices: {DEVICES} is absent, and lspci does not help ({reason})")
    return []


def parse_lspci(text: str) -> list[dict[str, Any]]:
    """The functions in `lspci -Dnn`, `-nn` or `-n` output; domain 0000 when left out."""
    found = []
    for line in text.splitlines():
        match = _LSPCI_NAMED.match(line) or _LSPCI_NUMERIC.match(line)
        if match:
            address = match[1].lower()
            found.append(
                {
                    "address": address if address.count(":") > 1 else f"0000:{address}",
                    "device_id": match[3].lower(),
                    "class": match[2].lower(),
                    "driver": None,
                    "numa_node": None,
                }
            )
    return found


def is_nvidia_gpu(function: dict[str, Any]) -> bool:
    """Whether an entry of `devices` is a display controller of NVIDIA's."""
    return (
        str(function["device_id"]).startswith("10de:") and function["class"] in _DISPLAY_CONTROLLERS
    )


def driver(system: System, folder: str) -> str | None:
    """The kernel driver bound to a device folder of /sys."""
    if bound := target_name(system, f"{folder}/driver"):
        return bound
    found = re.search(r"(?m)^DRIVER=(\S+)", system.read(f"{folder}/uevent") or "")
    return found[1] if found else None


def device_id(system: System, folder: str) -> str | None:
    """vendor:device of a device folder of /sys, such as 15b3:1021."""
    vendor = integer(system.read(f"{folder}/vendor"), base=16)
    device = integer(system.read(f"{folder}/device"), base=16)
    if vendor is not None and device is not None:
        return f"{vendor:04x}:{device:04x}"
    found = re.search(
        r"(?m)^PCI_ID=([0-9A-Fa-f]{4}:[0-9A-Fa-f]{4})", system.read(f"{folder}/uevent") or ""
    )
    return found[1].lower() if found else None


def _function(system: System, name: str) -> dict[str, Any]:
    folder = f"{DEVICES}/{name}"
    kind = integer(system.read(f"{folder}/class"), base=16)
    return {
        "address": name.lower(),
        "device_id": device_id(system, folder),
        # The lowest byte of class, subclass and programming interface is left out, as lspci does.
        "class": None if kind is None else f"{kind >> 8:04x}",
        "driver": driver(system, folder),
        "numa_node": system.read_integer(f"{folder}/numa_node"),
    }
