"""NVIDIA GPUs on the PCI bus: evidence that holds when the driver does not answer."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.system import System
from ..host import pci
from .gpu_device import BUS_ID, pci_bus_id

_DRIVER_GPUS = "/proc/driver/nvidia/gpus"


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
    codes: list[str] = []
    functions = pci.devices(system, lambda code, _: codes.append(code))
    known = {}
    for function in filter(pci.is_nvidia_gpu, functions):
        bus_id = pci_bus_id(function["address"])
        known[bus_id] = PciGpu(bus_id, function["device_id"], function["driver"])
    for bus_id in map(pci_bus_id, filter(BUS_ID.match, system.list(_DRIVER_GPUS))):
        known.setdefault(bus_id, PciGpu(bus_id, None, "nvidia"))
    # A kernel without a PCI bus, as in many small virtual machines, answers: there is none.
    bus_was_read = "missing" not in codes or (system.live and bool(system.list("/sys/bus")))
    if not bus_was_read and not known:
        return None
    return [known[bus_id] for bus_id in sorted(known)]
