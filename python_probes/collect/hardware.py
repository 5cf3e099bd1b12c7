"""The hardware baseline of WS-01: every probe at once, then what only all of them can tell.

One rule for every probe: a field is null and named in `problems` where the box should have an
answer and none could be read. It is null without a problem only where the thing cannot exist
on this box: no MIDR part on x86, no dgx-release on another Linux, no topology matrix without an
NVIDIA GPU, no speed on a link that is down. Software that this project looks for and that is not
installed is always a problem with the code `missing`, on every box alike.
"""

from __future__ import annotations

from typing import Any

from ..core.document import build, noter
from ..core.identifiers import Identifiers
from ..core.supervise import Probe, run_probes
from ..core.system import System
from ..host import cpu, host_platform, memory, network, storage, topology
from ..nvidia import gpu
from . import installed_software
from .identity import from_sections

PROBES: dict[str, Probe] = {
    "gpu": gpu.collect,
    "cpu": cpu.collect,
    "memory": memory.collect,
    "storage": storage.collect,
    "network": network.collect,
    "topology": topology.collect,
    "platform": host_platform.collect,
    "software": installed_software.collect,
}


def document(system: System, host: str, timeout: float = 20.0) -> dict[str, Any]:
    """A hardware_baseline document; each probe may take `timeout` seconds."""
    problems: list[dict[str, str]] = []
    identifiers = Identifiers(system, noter(problems, "identifiers"))
    host_platform.hide_own_names(system, identifiers)
    sections, found = run_probes(
        system, identifiers, PROBES, timeout, advice={"gpu": gpu.IF_IT_CRASHES}
    )
    problems += found
    pci_devices = (sections["topology"] or {}).get("pci_devices")
    if sections["memory"] is not None:
        sections["memory"] = memory.with_architecture(
            sections["memory"], sections["gpu"], pci_devices, noter(problems, "memory")
        )
    driver = (sections["software"] or {}).get("driver") or {}
    identity = from_sections(sections["gpu"], sections["platform"], driver.get("loaded_version"))
    return build(
        "hardware_baseline", host, identity, dict(sections), problems, identifiers=identifiers
    )
