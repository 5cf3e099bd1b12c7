"""The document of a run, and what a run has against itself."""

from __future__ import annotations

import platform
from typing import Any

from generators import Generator
from python_probes.collect import identity
from python_probes.core import document
from python_probes.core.identifiers import Identifiers
from python_probes.core.supervise import run_probes
from python_probes.core.system import Note, System
from python_probes.software import container

PROBE_SECONDS = 20.0


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
    import references  # noqa: PLC0415 - needs numpy

    sprites = generator.sprites(tiles) if generator else {}
    found = references.compare(facts, platform.machine(), sprites)
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
    told: dict[str, Any] | None,
    problems: list[dict[str, str]],
) -> dict[str, Any]:
    """The document; `told` is the identity that the launcher read outside."""
    # Nobody hashes anything in a container: the launcher has, with the host's own key.
    note = document.noter(problems if told is None else [], "identifiers")
    identifiers = Identifiers(system, note)
    found: list[dict[str, str]] = []
    if told is None:
        sections, found = run_probes(
            system, identifiers, {"identity": identity.collect}, PROBE_SECONDS
        )
        told = sections["identity"] or identity.from_sections(None, None, None)
    inside = container.container(system, document.noter([], "container"))
    return document.build(
        "reproducibility",
        host,
        {
            **told,
            "build": report["build"],
            "image_digest": inside["image_digest"],
        },
        report,
        problems + found,
        identifiers=identifiers,
    )
