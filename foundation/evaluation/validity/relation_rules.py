"""Rules about what a device can do, and about figures that cannot both be right."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ...documents.figure_labels import GPU, component
from .measurement import Measurement

_NUMBER = re.compile(r"\b\d{1,4}\b")  # Python refuses to read one of thousands of digits


def implausible(one: Measurement) -> str | None:
    """More than the device can do, or out of proportion to another figure."""
    value, most = one.figure["value"], one.own_limit("maximum")
    if most is not None and value > most:
        return f"{value:.4g} {one.figure['unit']} is more than the device can do ({most:g})"
    per_cpu = one.own_limit("maximum_per_cpu")
    if per_cpu is not None and (cpus := _cpus(one)) and value > per_cpu * cpus:
        return f"{value:.4g} {one.figure['unit']} is more than {cpus:g} CPUs can do"
    broken: list[tuple[str, str, str]]
    broken = one.once("broken ratios", lambda: list(_broken(one)))
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
    counts = [one.benchmark["conditions"]["logical_cpus"], one.section("cpu").get("logical_cpus")]
    if isinstance(threads, int | float):
        counts.append(threads)
    return max((count for count in counts if count), default=None)


def _broken(one: Measurement) -> Iterator[tuple[str, str, str]]:
    """Every proportion of the profile that the document breaks: both figures and the evidence."""
    figures = one.benchmark["figures"]
    for pair, bounds in one.limits.get("ratios", {}).items():
        left, right = pair.split(" / ")
        if left not in figures or right not in figures or not _applies(one, left, right, bounds):
            continue
        above, below = figures[left]["value"], figures[right]["value"]
        if not (above > 0 and below > 0):
            continue  # damaged, and refused by its own rule
        ratio = above / below
        least, most = bounds.get("at_least", 0.0), bounds.get("at_most")
        text = f"{left} ({above:.4g}) is {ratio:.3g} times {right} ({below:.4g})"
        if ratio < least:
            yield left, right, f"{text}, at least {least:g} is expected"
        elif most is not None and ratio > most:
            yield left, right, f"{text}, at most {most:g} is expected"


def _applies(one: Measurement, left: str, right: str, bounds: Mapping[str, Any]) -> bool:
    """Older GPUs emulate number formats that they do not have."""
    figures, known = one.benchmark["figures"], one.limits.get("components", {})
    of_gpu = all(component(name, figures[name], known) == GPU for name in (left, right))
    device = one.benchmark["device"]
    if of_gpu and device["kind"] != "cuda":
        return False
    oldest = bounds.get("from_compute_capability")
    if oldest is None or device["compute_capability"] is None:
        return True
    return _order(device["compute_capability"]) >= _order(oldest)


def _order(capability: str) -> tuple[int, ...]:
    return tuple(int(part) for part in _NUMBER.findall(capability))
