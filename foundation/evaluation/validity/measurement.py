"""A figure with what its rules look at, and what a rule about it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from ...documents.figure_labels import GPU, by_figure, component, family
from ...profiles.criteria import Profile
from ...profiles.remediation import Remediation

T = TypeVar("T")

_FEWEST_FOR_SPREAD = 4
_BY_COMPONENT = (
    "maximum_clock_fall",
    "maximum_spread",
    "minimum_clock_share",
    "minimum_duration_seconds",
    "minimum_samples",
)
# Others of a component need not share these.
_BY_FAMILY = ("maximum", "maximum_per_cpu", "specification", "units")


class Run:
    """What the figures of one benchmark run have in common.

    `benchmark`, `environment` and `hardware` are the `data` of those documents (empty where one
    is absent or not of this state of the host); `collected_at` is the benchmark document's.
    `faults` keeps what `validity.faults` found by the name of a figure and the unit asked for.
    """

    def __init__(
        self,
        benchmark: Mapping[str, Any],
        environment: Mapping[str, Any],
        hardware: Mapping[str, Any],
        profile: Profile,
        collected_at: str,
    ) -> None:
        self.benchmark = benchmark
        self.environment = environment
        self.hardware = hardware
        self.profile = profile
        self.limits = profile.limits
        self.collected_at = collected_at
        self.on_cuda = benchmark["device"]["kind"] == "cuda"
        self.skipped = {entry["figure"] for entry in benchmark["skipped"]}
        self.faults: dict[tuple[str, str], list[Fault]] = {}
        self._found: dict[Callable[[Run], Any], Any] = {}

    def once(self, work_out: Callable[[Run], T]) -> T:
        """What is the same for every figure, worked out for the first that asks."""
        try:
            found: T = self._found[work_out]
        except KeyError:
            found = self._found[work_out] = work_out(self)
        return found

    def section(self, name: str) -> Mapping[str, Any]:
        """A section of the hardware baseline; empty where it was not read."""
        return self.hardware.get(name) or {}


class Measurement:
    """One figure of a run.

    `unit` is what the criterion expects, empty where it does not look at the value. `component`
    is what did the work (gpu, cpu or storage), None where that is not known; `of_gpu` whether it
    is a GPU's figure wherever it was measured, `on_gpu` whether a GPU did the work. `limits` are
    those of the profile, each for this very figure. `trace` is what the GPU did meanwhile; empty
    where nothing was recorded, `reasons` the clock event reasons seen. `ordered` are the samples
    from the lowest to the highest, `median` is theirs.
    """

    def __init__(
        self,
        name: str,
        run: Run,
        component: str | None,
        limits: Mapping[str, Any],
        unit: str = "",
    ) -> None:
        self.name = name
        self.run = run
        self.component = component
        self.limits = limits
        self.unit = unit
        self.figure: Mapping[str, Any] = run.benchmark["figures"][name]
        self.samples: list[float] = self.figure["samples"]
        self.of_gpu = component == GPU
        self.on_gpu = self.of_gpu and run.on_cuda
        self.trace: Mapping[str, Any] = self.figure["trace"] or {}
        self.reasons: list[str] = self.trace.get("event_reasons") or []
        self.ordered = sorted(self.samples)
        self.median = _quartile(self.ordered, 2)

    @cached_property
    def spread(self) -> float | None:
        """The interquartile range of the samples over their median, as the probes define it."""
        if len(self.ordered) < _FEWEST_FOR_SPREAD:
            return None
        return (_quartile(self.ordered, 3) - _quartile(self.ordered, 1)) / self.median


def _quartile(ordered: list[float], number: int) -> float:
    place, rest = divmod(number * (len(ordered) - 1), 4)
    if not rest:
        return ordered[place]
    return (ordered[place] * (4 - rest) + ordered[place + 1] * rest) / 4


@dataclass(frozen=True)
class Rule:
    """`evidence` says in one line why a figure is not to be trusted, or None.

    It is asked about figures of the `component` alone where there is one, and only where the
    profile has the limit `needs` for the figure.
    """

    name: str
    evidence: Callable[[Measurement], str | None]
    remediation: Remediation
    component: str | None
    needs: str | None

    def concerns(self, component: str | None, limits: Mapping[str, Any]) -> bool:
        """Whether figures of a component with such limits can break it."""
        return (self.component is None or self.component == component) and (
            self.needs is None or limits.get(self.needs) is not None
        )


@dataclass(frozen=True)
class Fault:
    """A rule that a figure breaks."""

    rule: str
    evidence: str
    remediation: Remediation


def limits_and_component(
    profile: Profile, name: str, figure: Mapping[str, Any]
) -> tuple[Mapping[str, Any], str | None]:
    """A profile's limits for one figure, and what did the work.

    What is kept by figure, family or component is looked up here.
    """
    own = component(name, figure, profile.limits.get("components", {}))
    limits = dict(profile.limits)
    for key in (*_BY_COMPONENT, *_BY_FAMILY):
        kept = limits.pop(key, {})
        limits[key] = by_figure(kept, name, own if key in _BY_COMPONENT else None)
    limits["native_code"] = family(name) in limits.get("native_code", ())
    return limits, own
