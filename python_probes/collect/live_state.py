"""The cheap document that gate.yml asks a host for: its identity now, and nothing else."""

from __future__ import annotations

from typing import Any

from ..core.document import build, noter
from ..core.identifiers import Identifiers
from ..core.supervise import run_probes
from ..core.system import System
from ..host import host_platform
from ..nvidia import gpu
from ..nvidia.driver import loaded_version
from .identity import from_sections


def document(system: System, host: str, timeout: float = 20.0) -> dict[str, Any]:
    """A live_state document; each of its probes may take `timeout` seconds."""
    early: list[dict[str, str]] = []
    identifiers = Identifiers(system, noter(early, "identifiers"))
    sections, problems = run_probes(
        system,
        identifiers,
        {"gpu": gpu.identifying, "platform": host_platform.identifying},
        timeout,
        apart={"gpu": gpu.IF_IT_CRASHES},
    )
    return build(
        "live_state",
        host,
        from_sections(sections["gpu"], sections["platform"], loaded_version(system)),
        {"reachable": True, "reason": None},
        early + problems,
        identifiers=identifiers,
    )
