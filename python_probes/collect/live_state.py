"""The cheap document that gate.yml asks a host for: its identity now, and nothing else."""

from __future__ import annotations

from typing import Any

from ..core.document import build, noter
from ..core.identifiers import Identifiers
from ..core.supervise import run_probes
from ..core.system import System
from . import identity


def document(system: System, host: str, timeout: float = 20.0) -> dict[str, Any]:
    """A live_state document; the probe for it may take `timeout` seconds."""
    early: list[dict[str, str]] = []
    identifiers = Identifiers(system, noter(early, "identifiers"))
    sections, problems = run_probes(system, identifiers, {"identity": identity.collect}, timeout)
    return build(
        "live_state",
        host,
        sections["identity"] or identity.from_sections(None, None, None),
        {"reachable": True, "reason": None},
        early + problems,
        identifiers=identifiers,
    )
