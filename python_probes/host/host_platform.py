"""Platform: firmware's names, operating system, DGX release, kernel, boot and time."""

from __future__ import annotations

from typing import Any

from ..core.identifiers import Identifiers
from ..core.parsing import assignments, first_match
from ..core.system import CommandError, Note, System
from . import kernel, time_synchronization

_DMI = ("/sys/class/dmi/id", "/sys/devices/virtual/dmi/id")
_DMI_FIELDS = {
    "vendor": "sys_vendor",
    "product_name": "product_name",
    "product_version": "product_version",
    "product_family": "product_family",
    "board_name": "board_name",
    "bios_version": "bios_version",
    "bios_date": "bios_date",
}
# Nothing of these is published; hashing them takes them out of every text they may stand in.
_DMI_SECRETS = ("product_serial", "board_serial", "chassis_serial", "product_uuid")
# Words of host names that tell no box from another.
_PLAIN_NAMES = {"dgx", "gb10", "gx10", "host", "localhost", "nvidia", "server", "spark", "ubuntu"}
_OS_FIELDS = {
    "id": "ID",
    "version_id": "VERSION_ID",
    "codename": "VERSION_CODENAME",
    "pretty_name": "PRETTY_NAME",
}


def collect(system: System, identifiers: Identifiers, note: Note) -> dict[str, Any]:
    """The platform section of a hardware baseline."""
    synchronized, source = time_synchronization.read(system, note)
    return {
        **_firmware(system, note),
        **identifying(system, identifiers, note),
        "operating_system": operating_system(system, note),
        "dgx": dgx_release(system, identifiers, note),
        "uptime_seconds": _first_number(system, "/proc/uptime", "uptime_seconds", note),
        "load_average_1m": _first_number(system, "/proc/loadavg", "load_average_1m", note),
        "time_synchronized": synchronized,
        "time_source": source,
        "kernel_arguments": kernel.arguments(system, note),
    }


def identifying(system: System, identifiers: Identifiers, note: Note) -> dict[str, Any]:
    """The part of the section that a document's identity is made of."""
    hide_own_names(system, identifiers)
    machine_id = identifiers.hash(system.read("/etc/machine-id"))
    if machine_id is None:
        note("missing", "machine_id_hash: /etc/machine-id is absent or empty; "
             "create it with systemd-machine-id-setup")  # fmt: skip
    boot_id = system.read("/proc/sys/kernel/random/boot_id") or None
    if boot_id is None:
        note("missing", "boot_id: /proc/sys/kernel/random/boot_id cannot be read")
    return {
        "serial_hash": identifiers.hash(_product_serial(system, note)),
        "machine_id_hash": machine_id,
        "kernel": kernel.release(system, note),
        "boot_id": boot_id,
    }


def hide_own_names(system: System, identifiers: Identifiers) -> None:
    """Take what names this one box out of every text, before any probe can fail.

    The host's own name, too: a Spark's holds part of its serial number.
    """
    identifiers.hash(system.read("/etc/machine-id"))
    for name in _DMI_SECRETS:
        value = _dmi(system, name) or ""
        # A placeholder that some vendor left must not take ordinary words out of the document.
        if any(map(str.isdigit, value)):
            identifiers.hash(value)
    for key, value in assignments(system.read("/etc/dgx-release")):
        if key == "DGX_SERIAL_NUMBER":
            identifiers.hash(value)
    for file in ("/proc/sys/kernel/hostname", "/etc/hostname"):
        name = (system.read(file) or "").partition(".")[0]
        telling = set(name.lower().split("-")) - _PLAIN_NAMES
        # A single word without a digit may stand for something else in a document.
        if telling and ("-" in name or any(map(str.isdigit, name))):
            identifiers.hash(name)


def _product_serial(system: System, note: Note) -> str | None:
    """The DMI product serial, which only root may read."""
    serial = _dmi(system, "product_serial")
    if serial is not None:
        return serial
    try:
        output = system.run("dmidecode", "-s", "system-serial-number")
    except CommandError:
        if any(system.exists(f"{folder}/product_serial") for folder in _DMI):
            note("no_permission", "serial_hash: the DMI product_serial can be read by root only")
        else:
            note("missing", f"serial_hash: neither {_DMI[0]}/product_serial nor dmidecode tells it")
        return None
    # dmidecode writes warnings as comments before the answer.
    lines = [line for line in output.splitlines() if line and not line.startswith("#")]
    return lines[-1] if lines else None


def _dmi(system: System, name: str) -> str | None:
    texts = (system.read(f"{folder}/{name}") for folder in _DMI)
    return next((text for text in texts if text is not None), None)


def _firmware(system: System, note: Note) -> dict[str, str | None]:
    found = {field: _dmi(system, name) or None for field, name in _DMI_FIELDS.items()}
    lost = [field for field, value in found.items() if value is None]
    if lost:
        note("missing", f"{', '.join(lost)}: not in {_DMI[0]}")
    return found


def operating_system(system: System, note: Note) -> dict[str, str | None]:
    """id, version_id, codename and pretty_name of os-release(5)."""
    text = system.read("/etc/os-release") or system.read("/usr/lib/os-release")
    values = dict(assignments(text))
    found = {field: values.get(key) or None for field, key in _OS_FIELDS.items()}
    lost = [field for field, value in found.items() if value is None]
    if lost:
        note("missing", f"operating_system: /etc/os-release does not tell {', '.join(lost)}")
    return found


def dgx_release(system: System, identifiers: Identifiers, note: Note) -> dict[str, Any] | None:
    """What /etc/dgx-release says, None where there is none.

    Each update over the air appends its version and date; the last one counts, and a date that
    belongs to an earlier version does not.
    """
    text = system.read("/etc/dgx-release")
    if text is None:
        return None
    values: dict[str, str] = {}
    for key, value in assignments(text):
        if key == "DGX_OTA_VERSION":
            values.pop("DGX_OTA_DATE", None)
        values[key] = value
    found = {
        "name": values.get("DGX_NAME"),
        "pretty_name": values.get("DGX_PRETTY_NAME"),
        "platform": values.get("DGX_PLATFORM"),
        "software_version": values.get("DGX_SWBUILD_VERSION"),
        "software_date": values.get("DGX_SWBUILD_DATE"),
        "ota_version": values.get("DGX_OTA_VERSION"),
        "ota_date": values.get("DGX_OTA_DATE"),
        "serial_hash": identifiers.hash(values.get("DGX_SERIAL_NUMBER")),
    }
    updated = found["ota_version"] is not None
    lost = [k for k, v in found.items() if v is None and (updated or not k.startswith("ota_"))]
    if lost:
        note("missing", f"dgx: /etc/dgx-release does not tell {', '.join(lost)}")
    return found


def _first_number(system: System, file: str, field: str, note: Note) -> float | None:
    text = first_match(r"^(\d{1,15}(?:\.\d+)?)\b", system.read(file))
    if text is None:
        note("missing", f"{field}: {file} holds no number")
        return None
    return float(text)
