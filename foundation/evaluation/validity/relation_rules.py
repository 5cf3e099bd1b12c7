"""Rules about what a device can do, and about figures that cannot both be right."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ...documents.figure_labels import GPU, component
from .measurement import Measurement, Run

_NUMBER = re.compile(r"\b\d{1,4}\b")  # Python refuses to read one of thousands of digits


def implausible(one: Measurement) -> str | None:
    """More than the device can do, or out of proportion to another figure."""
    value, most = one.figure["value"], one.limits["maximum"]
    if most is not None and value > most:
        return f"{value:.4g} {one.figure['unit']} is more than the device can do ({most:g})"
    per_cpu = one.limits["maximum_per_cpu"]
    if per_cpu is not None and (cpus := _cpus(one)) and value > per_cpu * cpus:
        return f"{value:.4g} {one.figure['unit']} is more than {cpus:g} CPUs can do"
    broken = one.run.once(_broken)
    if not broken:
        return None
    counts = Counter(name for left, right, _ in broken for name in (left, right))
    for left, right, evidence in broken:
        if one.name not in (left, right):
            continue
        other = right if one.name == left else left
        # The figure that contradicts more of the others is the suspect; of equals, both are.
        if counts[one.name] >= counts[other]:
            return evidence
    return None


def _cpus(one: Measurement) -> float | None:
    """How many CPUs did the work, at most."""
    threads = one.figure["parameters"].get("threads")
    run = one.run
    counts = [run.benchmark["conditions"]["logical_cpus"], run.section("cpu").get("logical_cpus")]
    if isinstance(threads, int | float):
        counts.append(threads)
    return max((count for count in counts if count), default=None)


def _broken(run: Run) -> list[tuple[str, str, str]]:
    """Every proportion of the profile that the document breaks: both figures and the evidence."""
    figures = run.benchmark["figures"]
    broken = []
    for pair, bounds in run.limits.get("ratios", {}).items():
        left, right = pair.split(" / ")
        if left not in figures or right not in figures or not _applies(run, left, right, bounds):
            continue
        above, below = figures[left]["value"], figures[right]["value"]
        if not (above > 0 and below > 0):
            continue  # damaged, and refused by its own rule
        ratio = above / below
        least, most = bounds.get("at_least", 0.0), bounds.get("at_most", math.inf)
        if least <= ratio <= most:
            continue
        expected = f"at least {least:g}" if ratio < least else f"at most {most:g}"
        text = f"{left} ({above:.4g}) is {ratio:.3g} times {right} ({below:.4g})"
        broken.append((left, right, f"{text}, {expected} is expected"))
    return broken


def _applies(run: Run, left: str, right: str, bounds: Mapping[str, Any]) -> bool:
    """Older GPUs emulate number formats that they do not have."""
    figures, known = run.benchmark["figures"], run.limits.get("components", {})
    if not run.on_cuda and all(component(n, figures[n], known) == GPU for n in (left, right)):
        return False
    oldest = bounds.get("from_compute_capability")
    capability = run.benchmark["device"]["compute_capability"]
    return oldest is None or capability is None or _order(capability) >= _order(oldest)


def _order(capability: str) -> tuple[int, ...]:
    return tuple(int(part) for part in _NUMBER.findall(capability))
