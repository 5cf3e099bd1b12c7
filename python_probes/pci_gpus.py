"""NVIDIA GPUs on the PCI bus: evidence that holds when the driver does not answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .gpu_device import BUS_ID, pci_bus_id
from .system import CommandError, System

_DEVICES = "/sys/bus/pci/devices"
_DRIVER_GPUS = "/proc/driver/nvidia/gpus"
_NVIDIA = "0x10de"
_DISPLAY_CLASSES = ("0x0300", "0x0302")  # VGA compatible controller, 3D controller
_LSPCI_GPU = re.compile(
    r"^(?:(?P<domain>[0-9a-fA-F]{4,8}):)?(?P<slot>[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]) "
    r".*\[(?:0300|0302)\]: .*\[10de:(?P<device>[0-9a-fA-F]{4})\]"
)
_LSPCI_LINE = re.compile(r"(?m)^(?:[0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7] ")


@dataclass(frozen=True)
class PciGpu:
    """A GPU as the bus shows it; `driver` is the kernel driver bound to it, if any is known."""

    bus_id: str
    device_id: str | None
    driver: str | None = None


def find(system: System) -> list[PciGpu] | None:
    """NVIDIA's display controllers by address, or None where the bus cannot be read.

    GPUs that the NVIDIA kernel module registered count too, whatever the bus shows.
    """
    found = _from_sysfs(system)
    if found is None:
        found = _from_lspci(system)
    if found is None and system.live and system.list("/sys/bus"):
        found = []  # a kernel without a PCI bus, as in many small virtual machines
    known = {gpu.bus_id: gpu for gpu in found or []}
    for bus_id in map(pci_bus_id, filter(BUS_ID.match, system.list(_DRIVER_GPUS))):
        known.setdefault(bus_id, PciGpu(bus_id, None, "nvidia"))
    if found is None and not known:
        return None
    return [known[bus_id] for bus_id in sorted(known)]


def _from_sysfs(system: System) -> list[PciGpu] | None:
    if not system.exists(_DEVICES):
        return None
    found = []
    for name in system.list(_DEVICES):
        folder = f"{_DEVICES}/{name}"
        if system.read(f"{folder}/vendor") != _NVIDIA:
            continue
        if not (system.read(f"{folder}/class") or "").startswith(_DISPLAY_CLASSES):
            continue
        device = system.read_integer(f"{folder}/device", base=16)
        driver = None
        if system.exists(f"{folder}/driver"):
            driver = system.resolve(f"{folder}/driver").rpartition("/")[2]
        device_id = None if device is None else f"10de:{device:04x}"
        found.append(PciGpu(pci_bus_id(name), device_id, driver))
    return found


def _from_lspci(system: System) -> list[PciGpu] | None:
    for arguments in (("-Dnn",), ("-nn",)):
        try:
            output = system.run("lspci", *arguments)
        except CommandError:
            continue
        if _LSPCI_LINE.search(output):
            matches = filter(None, map(_LSPCI_GPU.match, output.splitlines()))
            return [
                PciGpu(
                    pci_bus_id(f"{match['domain'] or '0000'}:{match['slot']}"),
                    f"10de:{match['device'].lower()}",
                )
                for match in matches
            ]
    return None
