"""The state of the host that figures belong to: which GPU, kernel, driver and boot."""

from __future__ import annotations

from typing import Any

Section = dict[str, Any] | None


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
