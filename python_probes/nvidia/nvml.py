"""GPU readings through NVML, NVIDIA's management library, with its `pynvml` binding.

Every field is asked for on its own, so that one NOT_SUPPORTED costs one field. NVML functions and
units: https://docs.nvidia.com/deploy/nvml-api/ (power in mW, clocks in MHz, memory in bytes).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.identifiers import Identifiers
from ..core.system import Note, System
from .event_reasons import event_reason_names
from .gpu_device import (
    ADDRESSING_MODES,
    Device,
    Readings,
    empty_device,
    label,
    memory_not_supported,
    pci_bus_id,
    pci_device_id,
    percent,
    performance_state,
    total_bytes,
)
from .nvml_calls import (
    GPU_SENSOR,
    MEMORY_CLOCK,
    SINCE_DRIVER_LOAD,
    SM_CLOCK,
    UNCORRECTED,
    Answer,
    Nvml,
    NvmlError,
    shut_down,
)

_NOT_AVAILABLE = 0xFFFFFFFF  # nvml.h: NVML_VALUE_NOT_AVAILABLE in an unsigned int
_MEMORY_V2 = 0x02000028  # sizeof(nvmlMemory_v2_t) | 2 << 24


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("an empty text")
    return value.strip()


def _available(value: int) -> int:
    if value == _NOT_AVAILABLE:
        raise ValueError("NVML's own mark for a value that is not available")
    return value


def _watts(milliwatts: int) -> float:
    return _available(milliwatts) / 1000


def _first_enabled(modes: list[int]) -> bool:
    return bool(modes[0])  # the current mode; the second is the one after the next reboot


# A field of the schema, how its raw reading converts, and the calls to try, newest first.
# Name and PCI address come first: later problems, and the GB10 rule, need them.
_FIELDS: tuple[tuple[Any, ...], ...] = (
    ("name", _text, ("nvmlDeviceGetName",)),
    ("pci_bus_id", lambda info: pci_bus_id(_decoded(info.busId)), ("nvmlDeviceGetPciInfo",)),
    ("pci_device_id", lambda info: pci_device_id(info.pciDeviceId), ("nvmlDeviceGetPciInfo",)),
    ("uuid", _text, ("nvmlDeviceGetUUID",)),
    (
        "compute_capability",
        lambda version: f"{version[0]}.{version[1]}",
        ("nvmlDeviceGetCudaComputeCapability",),
    ),
    ("cuda_cores", _available, ("nvmlDeviceGetNumGpuCores",)),
    ("vbios_version", _text, ("nvmlDeviceGetVbiosVersion",)),
    ("addressing_mode", lambda mode: ADDRESSING_MODES[mode], ("nvmlDeviceGetAddressingMode",)),
    ("power_draw_watts", _watts, ("nvmlDeviceGetPowerUsage",)),
    ("power_limit_watts", _watts, ("nvmlDeviceGetPowerManagementLimit",)),
    (
        "temperature_celsius",
        _available,
        ("nvmlDeviceGetTemperatureV", GPU_SENSOR),
        ("nvmlDeviceGetTemperature", GPU_SENSOR),
    ),
    ("sm_clock_mhz", _available, ("nvmlDeviceGetClockInfo", SM_CLOCK)),
    ("memory_clock_mhz", _available, ("nvmlDeviceGetClockInfo", MEMORY_CLOCK)),
    ("maximum_sm_clock_mhz", _available, ("nvmlDeviceGetMaxClockInfo", SM_CLOCK)),
    (
        "gpu_utilization_percent",
        lambda rates: percent(rates.gpu),
        ("nvmlDeviceGetUtilizationRates",),
    ),
    (
        "memory_utilization_percent",
        lambda rates: percent(rates.memory),
        ("nvmlDeviceGetUtilizationRates",),
    ),
    ("performance_state", performance_state, ("nvmlDeviceGetPerformanceState",)),
    ("persistence_mode", bool, ("nvmlDeviceGetPersistenceMode",)),
    (
        "event_reasons",
        event_reason_names,
        ("nvmlDeviceGetCurrentClocksEventReasons",),
        ("nvmlDeviceGetCurrentClocksThrottleReasons",),
    ),
    ("ecc_mode", _first_enabled, ("nvmlDeviceGetEccMode",)),
    (
        "ecc_uncorrected_errors",
        int,
        ("nvmlDeviceGetTotalEccErrors", UNCORRECTED, SINCE_DRIVER_LOAD),
    ),
    ("mig_mode", _first_enabled, ("nvmlDeviceGetMigMode",)),
    ("pcie_generation", _available, ("nvmlDeviceGetCurrPcieLinkGeneration",)),
    ("pcie_width", _available, ("nvmlDeviceGetCurrPcieLinkWidth",)),
)


def read(system: System, identifiers: Identifiers, note: Note) -> Readings | None:
    """Everything NVML says, or None (and a problem) where NVML itself does not start."""
    try:
        import pynvml  # noqa: PLC0415 - not in the standard library: see the house rule
    except ImportError:
        note(
            "module_missing",
            "the Python module pynvml is not installed: install nvidia-ml-py; "
            "GPUs are read through nvidia-smi",
        )
        return None
    library = Nvml(pynvml)
    try:
        library.ask(("nvmlInit",))
    except NvmlError as error:
        note(error.code, f"NVML does not start: {error}")
        return None
    try:
        return _read(library, system, identifiers, note)
    finally:
        shut_down(library)


def _read(library: Nvml, system: System, identifiers: Identifiers, note: Note) -> Readings:
    def ask(subject: str, convert: Callable[[Any], Any], *calls: tuple[Any, ...]) -> Answer:
        return _guarded(library, note, subject, convert, *calls)

    readings = Readings(
        driver_version=ask("driver_version", _text, ("nvmlSystemGetDriverVersion",)),
        cuda_driver_version=ask(
            "cuda_driver_version",
            lambda version: f"{version // 1000}.{version % 1000 // 10}",
            ("nvmlSystemGetCudaDriverVersion_v2",),
            ("nvmlSystemGetCudaDriverVersion",),
        ),
        nvml_version=ask("nvml_version", _text, ("nvmlSystemGetNVMLVersion",)),
    )
    count = ask("device count", int, ("nvmlDeviceGetCount",))
    if count is None:
        note("gpu_not_understood", "NVML starts, and does not say how many GPUs there are")
    for index in range(count or 0):
        readings.devices.append(_read_device(library, index, system, identifiers, note))
    return readings


def _read_device(
    library: Nvml, index: int, system: System, identifiers: Identifiers, note: Note
) -> Device:
    device = empty_device(index=index)
    lost: list[str] = []

    def hold_back_losses(code: str, message: str) -> None:
        # A lost GPU answers every question alike: one problem says it, not thirty.
        if code == "gpu_is_lost":
            lost.append(message)
        else:
            note(code, message)

    def ask(name: str, convert: Callable[[Any], Any], *calls: tuple[Any, ...]) -> Answer:
        def hold(code: str, message: str) -> None:
            if code == "not_supported":
                device["not_supported"].append(name)
            hold_back_losses(code, message)

        return _guarded(library, hold, f"{label(device)}: {name}", convert, *calls)

    handle = ask("handle", lambda value: value, ("nvmlDeviceGetHandleByIndex", index))
    if handle is not None:
        for name, convert, *calls in _FIELDS:
            device[name] = ask(name, convert, *((call[0], handle, *call[1:]) for call in calls))
        serial = ask("serial_hash", _text, ("nvmlDeviceGetSerial", handle))
        device["serial_hash"] = identifiers.hash(serial)
        _read_memory(library, handle, device, system, hold_back_losses)
    if lost:
        unread = ", ".join(name for name, value in device.items() if value is None)
        note("gpu_is_lost", f"{lost[0]} (not read: {unread})")
    return device


def _read_memory(library: Nvml, handle: Answer, device: Device, system: System, note: Note) -> None:
    try:
        memory = library.ask(
            ("nvmlDeviceGetMemoryInfo", handle, _MEMORY_V2), ("nvmlDeviceGetMemoryInfo", handle)
        )
        total = total_bytes(memory.total)
    except ValueError as error:
        note("implausible", f"{label(device)}: memory: NVML says {error}")
    except NvmlError as error:
        if error.code == "not_supported":
            memory_not_supported(system, device, note)
        else:
            note(error.code, f"{label(device)}: memory: {error}")
    else:
        device.update(
            memory_total_bytes=total,
            memory_used_bytes=memory.used,
            memory_free_bytes=memory.free,
            memory_source="nvml",
        )


def _guarded(
    library: Nvml, note: Note, subject: str, convert: Callable[[Any], Any], *calls: tuple[Any, ...]
) -> Answer:
    """One converted reading, or None and a problem that names `subject`."""
    try:
        return convert(library.ask(*calls))
    except NvmlError as error:
        note(error.code, f"{subject}: {error}")
    except (ValueError, IndexError) as error:
        note("implausible", f"{subject}: NVML says {error}")
    return None


def _decoded(value: str | bytes) -> str:
    # pynvml decodes the texts in its structures only from version 11 on.
    return value.decode("ascii", "replace") if isinstance(value, bytes) else value
