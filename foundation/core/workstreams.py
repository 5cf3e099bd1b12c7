"""The workstreams: what each is called, measures and leaves.

Playbooks, tags and schemas repeat the names; a test holds them equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Workstream:
    """One of them. `documents` are the kinds that it makes and its criteria read."""

    name: str
    title: str
    playbook: str
    """In playbooks/; `name` is its tag in foundation.yml."""
    documents: tuple[str, ...]
    summary: str
    """The folder of its completion summary."""


HARDWARE = Workstream(
    "WS-01",
    "Hardware Baselines",
    "hardware.yml",
    ("hardware_baseline",),
    "WS-01-hardware-baselines",
)
REPRODUCIBILITY = Workstream(
    "WS-02",
    "Reproducibility Framework",
    "reproducibility.yml",
    ("environment", "reproducibility"),
    "WS-02-reproducibility",
)
BENCHMARK = Workstream(
    "WS-03", "Benchmark Suite", "benchmarks.yml", ("benchmark",), "WS-03-benchmark-suite"
)

WORKSTREAMS: Mapping[str, Workstream] = {
    one.name: one for one in (HARDWARE, REPRODUCIBILITY, BENCHMARK)
}
"""By name, in the order in which they run."""
