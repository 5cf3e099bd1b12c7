"""NVIDIA GPUs: the `gpu` section of a hardware baseline.

NVML answers first, nvidia-smi where NVML does not start, and the PCI bus says whether a GPU is
there at all. A GPU that the bus shows and the driver does not list stays in the list, empty.
"""

from __future__ import annotations

from typing import Any

from ..core.identifiers import Identifiers
from ..core.system import Note, System
from . import nvidia_smi, nvml, pci_gpus, xid_events
from .gpu_device import Device, Readings, empty_device
from .pci_gpus import PciGpu

# A host without a GPU owes nobody a driver: there these are no problems.
_ONLY_WITH_A_GPU = {"module_missing", "library_not_found", "nvidia_smi_missing", "not_offered"}
# Who says these speaks of a GPU: that none is listed does not mean that none is there.
_A_GPU_IS_MEANT = {
    "corrupted_inforom",
    "gpu_is_lost",
    "gpu_not_answering",
    "gpu_not_understood",
    "insufficient_power",
    "irq_issue",
    "operating_system",
    "reset_required",
    "truncated",
}
IF_IT_CRASHES = (
    "the NVIDIA driver's library crashes: reboot, so that the loaded driver is the installed one; "
    "if it crashes again, reinstall the driver (nvidia-smi crashes alike then, and sudo dmesg says "
    "where)"
)
_LOADED = ("/sys/module/nvidia", "/proc/driver/nvidia/version")


def collect(system: System, identifiers: Identifiers, note: Note) -> dict[str, Any]:
    """The `gpu` section of foundation/documents/schemas/hardware_baseline.json.

    Reads nothing that changes the host. It can block for as long as the driver does, and loads
    the driver's library, which can crash: give it a deadline and a process of its own.
    """
    section = identifying(system, identifiers, note)
    if section["xid_events"] is None and section["present"]:
        section["xid_events"] = xid_events.read(system, note)
    return section


def identifying(system: System, identifiers: Identifiers, note: Note) -> dict[str, Any]:
    """The same without the kernel's log, unless a loaded driver lists no GPU at all."""
    held: list[tuple[str, str]] = []

    def hold(code: str, message: str) -> None:
        held.append((code, message))

    source: str | None = "nvml"
    readings = nvml.read(system, identifiers, hold)
    if readings is None:
        source = "nvidia-smi"
        readings = nvidia_smi.read(system, identifiers, hold)
    if readings is None:
        source, readings = None, Readings()
    on_bus = pci_gpus.find(system)
    devices = readings.devices + _not_listed(readings.devices, on_bus or [], hold)
    unclear = next((message for code, message in held if code in _A_GPU_IS_MEANT), None)
    present = _present(devices, unclear, on_bus, hold)
    events = None
    if present is False and any(map(system.exists, _LOADED)):
        events = xid_events.read(system, lambda *_: None)
        if events:
            present = None
            hold(
                "gpu_not_answering",
                "present: nothing lists a GPU now, yet the kernel's log of this boot has its Xid "
                "errors; power the host off and on",
            )
    for code, message in held:
        if present is not False or code not in _ONLY_WITH_A_GPU:
            note(code, message)
    return {
        "present": present,
        "source": source,
        "driver_version": readings.driver_version,
        "cuda_driver_version": readings.cuda_driver_version,
        "nvml_version": readings.nvml_version,
        "devices": devices,
        "xid_events": events or None,
    }


def _present(
    devices: list[Device], unclear: str | None, on_bus: list[PciGpu] | None, note: Note
) -> bool | None:
    if devices:
        return True
    if unclear is not None:
        note("unclear", f"present, xid_events: no GPU is listed, yet one is spoken of: {unclear}")
        return None
    if on_bus is None:
        note(
            "pci_unreadable",
            "present, xid_events: no driver lists a GPU, and neither /sys/bus/pci/devices nor "
            "lspci says whether one is there; install pciutils",
        )
        return None
    return False


def _not_listed(devices: list[Device], on_bus: list[PciGpu], note: Note) -> list[Device]:
    """Entries for the GPUs on the bus that are not among `devices`.

    A listed GPU that could not tell its address is taken for the one left over on the bus, where
    only one is.
    """
    listed = {device["pci_bus_id"] for device in devices}
    left = [gpu for gpu in on_bus if gpu.bus_id not in listed]
    nameless = [device for device in devices if device["pci_bus_id"] is None]
    if len(nameless) == len(left) == 1:
        nameless[0].update(pci_bus_id=left[0].bus_id, pci_device_id=left[0].device_id)
        return []
    for gpu in left:
        bound = "" if gpu.driver is None else f" (bound to the kernel driver {gpu.driver})"
        note(
            "gpu_not_answering",
            f"GPU ({gpu.bus_id}){bound}: it is on the PCI bus, and neither NVML nor nvidia-smi "
            "lists it; see dmesg for NVRM messages, then power the host off and on",
        )
    if nameless:
        return []  # some of these are the nameless ones: adding all would count them twice
    return [empty_device(pci_bus_id=gpu.bus_id, pci_device_id=gpu.device_id) for gpu in left]
