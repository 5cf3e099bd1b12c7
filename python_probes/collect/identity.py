"""The state of the host that figures belong to: which GPU, kernel, driver and boot."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..core.document import Problem
from ..core.identifiers import Identifiers
from ..core.supervise import run_probes
from ..core.system import System
from ..host import host_platform
from ..nvidia import gpu
from ..nvidia.driver import loaded_version

Section = dict[str, Any] | None


class Reading(NamedTuple):
    """An identity that was just read.

    Where NVML did not answer (its library crashed or hung), it would end this process, too.
    """

    identity: dict[str, Any]
    problems: list[Problem]
    nvml_answers: bool


def read(system: System, identifiers: Identifiers, timeout: float) -> Reading:
    """The host's identity now, by probes that may each take `timeout` seconds."""
    host_platform.hide_own_names(system, identifiers)
    sections, problems = run_probes(
        system,
        identifiers,
        {"gpu": gpu.identifying, "platform": host_platform.identifying},
        timeout,
        advice={"gpu": gpu.IF_IT_CRASHES},
    )
    found = from_sections(sections["gpu"], sections["platform"], loaded_version(system))
    return Reading(found, problems, sections["gpu"] is not None)


def from_sections(
    gpu_section: Section, platform: Section, loaded_driver: str | None
) -> dict[str, Any]:
    """The identity of the document contract, from a document's own sections.

    `gpu_uuids` is empty only where the host has no GPU; a GPU whose uuid cannot be read, or a
    lost one, makes it None. `build` and `image_digest` are for the maker of a measurement.
    """
    gpu_section = gpu_section or {}
    platform = platform or {}
    uuids: list[str] | None = None
    devices = gpu_section.get("devices") or []
    if devices and all(device.get("uuid") for device in devices):
        uuids = sorted(device["uuid"] for device in devices)
    elif not devices and gpu_section.get("present") is False:
        uuids = []
    return {
        "gpu_uuids": uuids,
        "serial_hash": platform.get("serial_hash"),
        "machine_id_hash": platform.get("machine_id_hash"),
        "kernel": platform.get("kernel"),
        "driver": gpu_section.get("driver_version") or loaded_driver,
        "boot_id": platform.get("boot_id"),
        "build": None,
        "image_digest": None,
    }
