"""One figure with all that it has to be seen with, and what a rule about it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ...documents.figure_labels import GPU, by_figure, component
from ...profiles.remediation import Remediation


@dataclass(frozen=True)
class Measurement:
    """One figure and what it has to be seen with.

    `benchmark`, `environment` and `hardware` are the `data` of those documents (empty where one
    is absent or not of this state of the host); `collected_at` is the benchmark document's;
    `unit` is what the criterion expects, empty where it does not look at the value. `memo` keeps
    what `once` worked out; the figures of one run share it, and nothing else may.
    """

    name: str
    figure: Mapping[str, Any]
    benchmark: Mapping[str, Any]
    environment: Mapping[str, Any]
    limits: Mapping[str, Any]
    unit: str = ""
    hardware: Mapping[str, Any] = field(default_factory=dict)
    collected_at: str = ""
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, name: str, work_out: Callable[[], Any]) -> Any:
        """What is the same for every figure of the run, worked out for the first that asks."""
        if name not in self.memo:
            self.memo[name] = work_out()
        return self.memo[name]

    @cached_property
    def component(self) -> str | None:
        """What did the work: gpu, cpu or storage; None where nobody says."""
        return component(self.name, self.figure, self.limits.get("components", {}))

    @property
    def of_gpu(self) -> bool:
        """Whether the figure is a GPU's, wherever it was measured."""
        return self.component == GPU

    @cached_property
    def on_gpu(self) -> bool:
        """Whether a GPU did the work."""
        return self.of_gpu and self.benchmark["device"]["kind"] == "cuda"

    @property
    def trace(self) -> Mapping[str, Any]:
        """What the GPU did meanwhile; empty where nothing was recorded."""
        return self.figure["trace"] or {}

    @property
    def reasons(self) -> frozenset[str]:
        """The clock event reasons seen meanwhile."""
        return frozenset(self.trace.get("event_reasons") or ())

    def limit(self, name: str) -> Any:
        """A limit that is kept by figure, family or component; None where there is none."""
        return by_figure(self.limits.get(name, {}), self.name, self.component)

    def own_limit(self, name: str) -> Any:
        """The same for a quantity of the figure, which others of its component need not share."""
        return by_figure(self.limits.get(name, {}), self.name)

    def section(self, name: str) -> Mapping[str, Any]:
        """A section of the hardware baseline; empty where it was not read."""
        return self.hardware.get(name) or {}


@dataclass(frozen=True)
class Rule:
    """`evidence` says in one line why a figure is not to be trusted, or None."""

    name: str
    evidence: Callable[[Measurement], str | None]
    remediation: Remediation


@dataclass(frozen=True)
class Fault:
    """A rule that a figure breaks."""

    rule: str
    evidence: str
    remediation: Remediation
