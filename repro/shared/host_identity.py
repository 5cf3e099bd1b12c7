"""Whose images they are, read where they are made or, for a container, on its host."""

from __future__ import annotations

from typing import Any

from python_probes.collect import identity
from python_probes.core import document
from python_probes.core.identifiers import Identifiers
from python_probes.core.system import System

PROBE_SECONDS = 20.0


def read(system: System, problems: list[dict[str, str]]) -> dict[str, Any]:
    """The identity; what could not be read goes to `problems`. Identifiers in both are hashed."""
    identifiers = Identifiers(system, document.noter(problems, "identifiers"))
    found = identity.read(system, identifiers, PROBE_SECONDS)
    problems[:] = identifiers.redact(problems + found.problems)
    hashed: dict[str, Any] = identifiers.redact(found.identity)
    return hashed
