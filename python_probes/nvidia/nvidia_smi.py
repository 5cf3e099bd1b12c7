"""GPU readings through the command nvidia-smi, for a host whose NVML cannot be asked directly.

`nvidia-smi --help-query-gpu` lists the fields; power is in W, memory in MiB (rounded down).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from typing import Any

from ..core.identifiers import Identifiers
from ..core.system import CommandError, Note, System
from . import gpu_device
from .event_reasons import event_reason_names
from .gpu_device import MEMORY_FIELDS, Device, Readings, empty_device, label

_MEBIBYTE = 2**20
_MOST_GPUS = 64  # more than any host has
_MOST_REMARKS = 8  # lines that are no reading, and are quoted
_NOT_OFFERED = ("nvml_version", "cuda_cores")


def _number(text: str) -> float:
    match = re.match(r"-?\d+(\.\d+)?", text)  # a unit may follow in spite of nounits
    if match is None:
        raise ValueError(f"{text!r} is not a number")
    return float(match[0])


def _integer(text: str) -> int:
    return int(_number(text))


def _enabled(text: str) -> bool:
    if text not in {"Enabled", "Disabled"}:
        raise ValueError(f"{text!r} is neither Enabled nor Disabled")
    return text == "Enabled"


def _mebibytes(text: str) -> int:
    return _integer(text) * _MEBIBYTE


def _capability(text: str) -> str:
    if re.fullmatch(r"\d+\.\d+", text) is None:
        raise ValueError(f"{text!r} is not a compute capability")
    return text


def _addressing_mode(text: str) -> str:
    if text.lower() not in gpu_device.ADDRESSING_MODES:
        raise ValueError(f"{text!r} is not an addressing mode")
    return text.lower()


def _state(text: str) -> str:
    return gpu_device.performance_state(_integer(text.removeprefix("P")))


# What --query-gpu calls each field of the schema, and how its text converts.
_QUERY: dict[str, tuple[str, Callable[[str], Any]]] = {
    "index": ("index", _integer),
    "name": ("name", str),
    "uuid": ("uuid", str),
    "pci.bus_id": ("pci_bus_id", gpu_device.pci_bus_id),
    "driver_version": ("driver_version", str),
    "pci.device_id": ("pci_device_id", lambda text: gpu_device.pci_device_id(int(text, 16))),
    "compute_cap": ("compute_capability", _capability),
    "vbios_version": ("vbios_version", str),
    "serial": ("serial_hash", str),
    "addressing_mode": ("addressing_mode", _addressing_mode),
    "memory.total": ("memory_total_bytes", lambda text: gpu_device.total_bytes(_mebibytes(text))),
    "memory.used": ("memory_used_bytes", _mebibytes),
    "memory.free": ("memory_free_bytes", _mebibytes),
    "power.draw": ("power_draw_watts", _number),
    "power.limit": ("power_limit_watts", _number),
    "temperature.gpu": ("temperature_celsius", _integer),
    "clocks.current.sm": ("sm_clock_mhz", _integer),
    "clocks.current.memory": ("memory_clock_mhz", _integer),
    "clocks.max.sm": ("maximum_sm_clock_mhz", _integer),
    "utilization.gpu": ("gpu_utilization_percent", lambda text: gpu_device.percent(_integer(text))),
    "utilization.memory": (
        "memory_utilization_percent",
        lambda text: gpu_device.percent(_integer(text)),
    ),
    "pstate": ("performance_state", _state),
    "persistence_mode": ("persistence_mode", _enabled),
    "clocks_event_reasons.active": (
        "event_reasons",
        lambda text: event_reason_names(int(text, 16)),
    ),
    "ecc.mode.current": ("ecc_mode", _enabled),
    "ecc.errors.uncorrected.volatile.total": ("ecc_uncorrected_errors", _integer),
    "mig.mode.current": ("mig_mode", _enabled),
    "pcie.link.gen.current": ("pcie_generation", _integer),
    "pcie.link.width.current": ("pcie_width", _integer),
}
_UNREAD = {
    "": "empty",
    "n/a": "not_supported",
    "not supported": "not_supported",
    "unknown error": "unknown_error",
    "gpu is lost": "gpu_is_lost",
    "gpu requires reset": "reset_required",
    "insufficient permissions": "no_permission",
}
_FAILURES = (
    ("GPU is lost", "gpu_is_lost"),
    ("device handle for GPU", "gpu_not_answering"),
    ("requires reset", "reset_required"),
    ("version mismatch", "driver_library_mismatch"),
    ("couldn't communicate with the NVIDIA driver", "driver_not_loaded"),
    ("couldn't find libnvidia-ml", "library_not_found"),
    ("Insufficient Permissions", "no_permission"),
)
_NONE_HERE = "No devices were found"
_REFUSED = re.compile(r'Field "([^"]*)" is not a valid field to query')
# "GPU0000:01:00.0: ..", "GPU 0000:01:00.0: ..", from driver 555 on "GPU0: 0000:01:00.0: ..".
_NO_HANDLE = re.compile(
    r"device handle for GPU\s*(?:(\d{1,3}):\s+)?"
    r"((?:[0-9A-F]{4,8}:)[0-9A-F]{2}:[0-9A-F]{2}\.[0-7])\s*:?\s*(.*)",
    re.IGNORECASE,
)
_DAMAGED = re.compile(r"infoROM is corrupted", re.IGNORECASE)
_NAMES_A_GPU = re.compile(r"\bgpus?(?:\b|\d)|\b[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\b", re.IGNORECASE)


def read(system: System, identifiers: Identifiers, note: Note) -> Readings | None:
    """Everything nvidia-smi says, or None (and a problem) where it does not answer.

    Warnings before and after the rows, and an exit status that comes with rows (14 for a damaged
    infoROM), are noted. A line that speaks of a GPU and is not understood is, too, with the code
    `gpu_not_understood` where no GPU is listed: then it is not known that there is none.
    """
    try:
        output, fields = _query(system, note)
    except CommandError as error:
        code = "nvidia_smi_missing" if error.code == "missing" else _failure_code(error)
        note(code, f"GPUs cannot be read through nvidia-smi: {error}")
        return None
    readings = Readings()
    remarks = []
    for line in filter(None, map(str.strip, output.splitlines())):
        device = _read_line(line, fields, system, identifiers, note)
        if device is None:
            remarks += [line] if _NONE_HERE not in line else []
        elif len(readings.devices) == _MOST_GPUS:
            note("truncated", f"nvidia-smi lists more than {_MOST_GPUS} GPUs; the rest is left out")
            break
        else:
            readings.driver_version = device.pop("driver_version", None) or readings.driver_version
            readings.devices.append(device)
    for line in remarks[:_MOST_REMARKS]:
        unclear = not readings.devices and _NAMES_A_GPU.search(line) is not None
        damaged = _DAMAGED.search(line) is not None
        note(
            "gpu_not_understood" if unclear else "inforom_corrupted" if damaged else "unreadable",
            f"nvidia-smi printed a line that is not a reading: {line[:160]!r}",
        )
    if len(remarks) > _MOST_REMARKS:
        note("unreadable", f"nvidia-smi printed {len(remarks) - _MOST_REMARKS} more such lines")
    _read_banner(system, readings, note)
    note("not_offered", f"nvidia-smi does not tell {' or '.join(_NOT_OFFERED)}")
    return readings


def _query(system: System, note: Note) -> tuple[str, list[str]]:
    """The rows of --query-gpu and the fields they hold. Raises CommandError.

    One field that a driver does not know makes nvidia-smi refuse the whole query, so it is left
    out and the rest asked for again.
    """
    fields = list(_QUERY)
    while fields:
        output = _ask(system, fields, note)
        refused = _REFUSED.search(output)
        if refused is None:
            return output, fields
        name = refused[1]
        if name not in fields:
            break
        note("field_unknown", f"nvidia-smi does not know {name}; {_QUERY[name][0]} is not read")
        fields.remove(name)
    raise CommandError("failed", f"nvidia-smi: it refuses {name}", output)


def _ask(system: System, fields: list[str], note: Note) -> str:
    """What it prints, whatever its exit status, where that holds an answer. Raises CommandError.

    It exits non-zero for a refused field (2), no devices (6), a damaged infoROM (14) and one lost
    GPU among healthy ones (15) too.
    """
    try:
        return system.run(
            "nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"
        )
    except CommandError as error:
        said = "\n".join(filter(None, (error.output.strip(), error.errors.strip())))
        lines = said.splitlines()
        if error.code != "failed":
            raise
        if _REFUSED.search(said) or any(map(_NO_HANDLE.search, lines)):
            return said
        if any(_is_row(_cells(line), fields) for line in lines):
            note("nvidia_smi_status", f"nvidia-smi lists GPUs with exit status {error.status}")
            return said
        if _NONE_HERE in said:
            return said
        if any(map(_NAMES_A_GPU.search, lines)):
            note("gpu_not_understood", f"nvidia-smi: {' '.join(said.split())[:160]!r}")
        raise


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line]), [])]


def _is_row(cells: list[str], fields: list[str]) -> bool:
    """Whether these are one GPU's: as many as were asked for, a number first, its index."""
    return len(cells) == len(fields) and (
        fields[0] != "index" or cells[0].isdecimal() or cells[0].strip("[]").lower() in _UNREAD
    )


def _read_line(
    line: str, fields: list[str], system: System, identifiers: Identifiers, note: Note
) -> Device | None:
    """One GPU from one line of the answer; None for a line that holds none."""
    lost = _NO_HANDLE.search(line)
    if lost is not None:
        device = empty_device(
            index=int(lost[1]) if lost[1] else None, pci_bus_id=gpu_device.pci_bus_id(lost[2])
        )
        code = "gpu_is_lost" if "lost" in lost[3].lower() else "gpu_not_answering"
        note(
            code, f"{label(device)}: nvidia-smi says: {lost[3].strip()}; power the host off and on"
        )
        return device
    cells = _cells(line)
    if not _is_row(cells, fields):
        return None
    return _read_cells(dict(zip(fields, cells, strict=True)), system, identifiers, note)


def _read_cells(
    cells: dict[str, str], system: System, identifiers: Identifiers, note: Note
) -> Device:
    device = empty_device()
    memory_codes = set()
    for query, text in cells.items():
        name, convert = _QUERY[query]
        unread = _UNREAD.get(text.strip("[]").lower())
        if unread is not None and name in MEMORY_FIELDS:
            memory_codes.add(unread)
        elif unread is not None:
            if unread == "not_supported" and name in device:
                device["not_supported"].append(name)
            note(unread, f"{label(device)}: {name}: nvidia-smi says {text!r} for {query}")
        else:
            try:
                device[name] = convert(text)
            except ValueError as error:
                note("unreadable", f"{label(device)}: {name}: nvidia-smi says {error}")
    device["serial_hash"] = identifiers.hash(device["serial_hash"])
    if device["memory_total_bytes"] is not None:
        device["memory_source"] = "nvidia-smi"
    elif memory_codes == {"not_supported"}:
        gpu_device.memory_not_supported(system, device, note)
    for code in sorted(memory_codes - {"not_supported"}):
        note(code, f"{label(device)}: memory: nvidia-smi cannot read it")
    return device


def _read_banner(system: System, readings: Readings, note: Note) -> None:
    """The versions that only the table's first line holds; driver 610 renamed their labels."""
    try:
        table = system.run("nvidia-smi")
    except CommandError as error:
        table = error.output
    cuda = re.search(r"CUDA(?: UMD)? Version\s*:\s*(\d+\.\d+)", table)
    driver = re.search(r"(?:Driver|KMD) Version\s*:\s*(\d[\d.]*)", table)
    if cuda is None:
        note("unreadable", "cuda_driver_version: nvidia-smi's table has no CUDA Version")
    else:
        readings.cuda_driver_version = cuda[1]
    if readings.driver_version is None and driver is not None:
        readings.driver_version = driver[1]


def _failure_code(error: CommandError) -> str:
    if error.code != "failed":
        return f"nvidia_smi_{error.code}"
    said = f"{error} {error.output} {error.errors}"
    return next((code for text, code in _FAILURES if text in said), "nvidia_smi_failed")
