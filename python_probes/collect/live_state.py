"""The cheap document that gate.yml asks a host for: its identity now, and nothing else."""

from __future__ import annotations

from typing import Any

from ..core.document import build, noter
from ..core.identifiers import Identifiers
from ..core.system import System
from . import identity


def document(system: System, host: str, timeout: float = 20.0) -> dict[str, Any]:
    """A live_state document; each of its probes may take `timeout` seconds."""
    early: list[dict[str, str]] = []
    identifiers = Identifiers(system, noter(early, "identifiers"))
    read = identity.read(system, identifiers, timeout)
    return build(
        "live_state",
        host,
        read.identity,
        {"reachable": True, "reason": None},
        early + read.problems,
        identifiers=identifiers,
    )
