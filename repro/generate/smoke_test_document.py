"""The document of a run, and what a run has against itself."""

from __future__ import annotations

import platform
from typing import Any

from python_probes.core import document
from python_probes.core.identifiers import Identifiers
from python_probes.core.system import Note, System
from python_probes.software import container

from ..shared import host_identity
from . import reference_images
from .image_generators import Generator


def fault(report: dict[str, Any]) -> str | None:
    """What a complete run has against it, or None."""
    total, budget, stages = report["total_seconds"], report["budget_seconds"], report["stages"]
    if total > budget:
        slowest = max(stages, key=lambda stage: stages[stage])
        return f"over budget: {total:.1f} s of {budget:g} s, most of it in stage {slowest}"
    if report["distinct_images"] != report["count"]:
        return f"{report['distinct_images']} of {report['count']} images are distinct"
    if not (report["repeated"] and report["repeated"]["identical"]):
        return f"image 0 of seed {report['seed']} came out different the second time"
    return None


def compared(
    generator: Generator | None, facts: dict[str, Any], tiles: list[Any], note: Note
) -> dict[str, Any] | None:
    """How the images compare with the repository's, or None and a note why not."""
    sprites = generator.sprites(tiles) if generator else {}
    found = reference_images.compare(facts, platform.machine(), sprites)
    if found is None:
        note(
            "no_reference",
            f"references: repro/references has none for seed {facts['seed']} of "
            f"{facts['generator']['name']} {facts['generator']['version']} with this model; "
            "seed 7 of the repository's model has some",
        )
    return found


def build(
    system: System,
    host: str,
    report: dict[str, Any],
    identity: dict[str, Any] | None,
    problems: list[dict[str, str]],
) -> dict[str, Any]:
    """The document; `identity` is what the launcher read, None where it left that to this side."""
    if identity is None:
        identity = host_identity.read(system, problems)
    inside = container.container(system, document.noter([], "container"))
    return document.build(
        "reproducibility",
        host,
        {**identity, "build": report["build"], "image_digest": inside["image_digest"]},
        report,
        problems,
        # Everything identifying is hashed already, with the host's own key: a container has none.
        identifiers=Identifiers(system, document.noter([], "identifiers")),
    )
