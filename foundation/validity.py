"""Is a measured figure to be trusted? The controller decides, with limits that are data.

Each rule looks at one figure and says what speaks against it, or nothing. Limits are in the
profile's `validity` (units and meaning: schemas/profile.json); without its limit a rule is off.
To add a rule: a function here, a line in RULES, a limit in the schema, a pair of fixtures.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import shorten

_GPU_FAMILIES = ("gemm", "memory")
_FEWEST_FOR_SPREAD = 4
_ROUNDING = 0.005  # by how much a stated median may differ from that of its samples
_ARCHITECTURE = re.compile(r"sm_(\d+)(\d)[a-z]?")


@dataclass(frozen=True)
class Measurement:
    """One figure and what it has to be seen with.

    `benchmark` and `environment` are the `data` of those documents (no environment: empty);
    `unit` is what the criterion expects, empty where it does not look at the value.
    """

    name: str
    figure: Mapping[str, Any]
    benchmark: Mapping[str, Any]
    environment: Mapping[str, Any]
    limits: Mapping[str, Any]
    unit: str = ""

    @property
    def family(self) -> str:
        """gemm, memory, storage, ..."""
        return self.name.partition(".")[0]

    @property
    def on_gpu(self) -> bool:
        """Whether the GPU did the work."""
        return self.family in _GPU_FAMILIES and self.benchmark["device"]["kind"] == "cuda"

    @property
    def trace(self) -> Mapping[str, Any]:
        """What the GPU did meanwhile; empty where nothing was recorded."""
        return self.figure["trace"] or {}

    def limit(self, name: str) -> float | None:
        """A limit that is kept by family."""
        value: float | None = self.limits.get(name, {}).get(self.family)
        return value

    def median(self, name: str) -> float | None:
        """The median of a traced quantity."""
        value: float | None = (self.trace.get(name) or {}).get("median")
        return value


@dataclass(frozen=True)
class Rule:
    """`evidence` says in one line why a figure is not to be trusted, or None; `cure` what to do."""

    name: str
    evidence: Callable[[Measurement], str | None]
    cure: str


@dataclass(frozen=True)
class Fault:
    """A rule that a figure breaks."""

    rule: str
    evidence: str
    cure: str


def faults(measurement: Measurement) -> list[Fault]:
    """Every rule that the figure breaks, in the order of RULES."""
    found = []
    for rule in RULES:
        evidence = rule.evidence(measurement)
        if evidence is not None:
            found.append(Fault(rule.name, evidence, rule.cure))
            if rule.name == "number":
                break  # the others would calculate with it
    return found


def _number(one: Measurement) -> str | None:
    for value in (one.figure["value"], *one.figure["samples"]):
        if not 0 < value < math.inf:
            return f"{shorten(value)} is no measured quantity"
    return None


def _unit(one: Measurement) -> str | None:
    if not one.unit or one.figure["unit"] == one.unit:
        return None
    return f"measured in {one.figure['unit']}, judged in {one.unit}"


def _median(one: Measurement) -> str | None:
    median = statistics.median(one.figure["samples"])
    if abs(one.figure["value"] - median) <= _ROUNDING * median:
        return None
    return f"the value {one.figure['value']:.4g} is not the median {median:.4g} of its samples"


def _spread(one: Measurement) -> str | None:
    limit, samples = one.limit("maximum_spread"), one.figure["samples"]
    if limit is None or len(samples) < _FEWEST_FOR_SPREAD:
        return None
    # As python_probes/figure.py: the interquartile range over the median.
    lower, median, upper = statistics.quantiles(samples, n=4, method="inclusive")
    spread = (upper - lower) / median
    return f"spread {spread:.0%}, at most {limit:.0%} is trusted" if spread > limit else None


def _too_short(one: Measurement) -> str | None:
    fewest, shortest = one.limit("minimum_samples"), one.limit("minimum_duration_seconds")
    samples, seconds = len(one.figure["samples"]), one.figure["duration_seconds"]
    if fewest is not None and samples < fewest:
        return f"{samples} samples, at least {fewest:g} are needed"
    if shortest is not None and seconds < shortest:
        return f"measured for {seconds:.2g} s, at least {shortest:g} s are needed"
    return None


def _untraced(one: Measurement) -> str | None:
    fewest = one.limits.get("minimum_trace_samples")
    if fewest is None or not one.on_gpu:
        return None
    samples = one.trace.get("samples", 0)
    if samples >= fewest:
        return None
    return f"{samples} telemetry samples, at least {fewest} are needed to rule out throttling"


def _throttled(one: Measurement) -> str | None:
    bad = set(one.limits.get("throttle_reasons", ()))
    seen = sorted(bad.intersection(one.trace.get("event_reasons") or ()))
    return f"the GPU slowed down: {', '.join(seen)}" if seen else None


def _power_wedge(one: Measurement) -> str | None:
    limits = one.limits.get("power_wedge")
    busy, clock, power = (
        one.median(name) for name in ("utilization_percent", "sm_clock_mhz", "power_watts")
    )
    if limits is None or busy is None or clock is None or power is None:
        return None
    if (
        busy < limits["minimum_utilization_percent"]
        or clock >= limits["maximum_sm_clock_mhz"]
        or power >= limits["maximum_power_watts"]
    ):
        return None
    return f"power wedge: {busy:.0f} % busy at {clock:.0f} MHz and {power:.1f} W"


def _busy(one: Measurement) -> str | None:
    conditions = one.benchmark["conditions"]
    most = one.limits.get("maximum_other_processes")
    if most is not None and one.on_gpu:
        others = max(one.trace.get("other_processes") or 0, conditions["other_gpu_processes"] or 0)
        if others > most:
            return f"{others} other processes computed on the GPU"
    load, cpus = conditions["load_average_1m"], conditions["logical_cpus"]
    limit = one.limits.get("maximum_load_per_cpu")
    if limit is None or load is None or not cpus or load / cpus <= limit:
        return None
    return f"load average {load:.1f} on {cpus} CPUs before the first figure"


def _wrong_build(one: Measurement) -> str | None:
    measured = one.benchmark["build"]["torch"]
    installed = (one.environment.get("torch") or {}).get("version")
    if one.family in _GPU_FAMILIES and measured and installed and measured != installed:
        return f"measured with torch {measured}, the environment document has {installed}"
    if not one.on_gpu or one.family not in one.limits.get("native_code", ()):
        return None
    architectures = one.benchmark["build"]["arch_list"]
    capability = one.benchmark["device"]["compute_capability"]
    if capability is None or architectures is None:
        return "the GPU's compute capability or the build's architectures are not known"
    if any(_runs_on(architecture, capability) for architecture in architectures):
        return None
    return f"torch {measured} has no code for compute capability {capability}"


def _runs_on(architecture: str, capability: str) -> bool:
    """Binary compatibility: the same major version, and no newer minor one.

    CUDA C++ Programming Guide, "Binary Compatibility": sm_120 code runs on 12.1. PTX
    (`compute_90`) also runs on newer GPUs but without their tensor cores' instructions.
    """
    match = _ARCHITECTURE.fullmatch(architecture)
    major, _, minor = capability.partition(".")
    return match is not None and match[1] == major and int(match[2]) <= int(minor)


def _implausible(one: Measurement) -> str | None:
    value, figures = one.figure["value"], one.benchmark["figures"]
    most = one.limits.get("maximum", {}).get(one.name)
    if most is not None and value > most:
        return f"{value:.4g} {one.figure['unit']} is more than the device can do ({most:g})"
    for faster, slower in one.limits.get("ordered", ()):
        other = figures.get(slower)
        if one.on_gpu and one.name == faster and other is not None and value < other["value"]:
            return f"{faster} ({value:.4g}) is below {slower} ({other['value']:.4g})"
    return None


_MEASURE = "ansible-playbook foundation.yml --tags WS-03"

RULES: tuple[Rule, ...] = (
    Rule("number", _number, f"The figure is damaged: measure again with {_MEASURE}"),
    Rule("unit", _unit, "Measure with the benchmark of this version, or mend the profile's unit"),
    Rule("median", _median, f"The figure was altered: measure again with {_MEASURE}"),
    Rule(
        "wrong_build",
        _wrong_build,
        "Install the locked torch build in the probe runtime (role probe_runtime), then "
        + _MEASURE,
    ),
    Rule(
        "power_wedge",
        _power_wedge,
        "Shut down, unplug the power brick for 60 s and start again (a reboot does not clear it), "
        "then " + _MEASURE,
    ),
    Rule(
        "throttled",
        _throttled,
        f"Cool the host: free its vents, check the power supply, let it idle; then {_MEASURE}",
    ),
    Rule(
        "busy",
        _busy,
        f"Stop what else runs there (nvidia-smi, uptime), wait for it to end, then {_MEASURE}",
    ),
    Rule(
        "untraced",
        _untraced,
        f"Make NVML readable to the probe runtime (nvidia-smi must answer), then {_MEASURE}",
    ),
    Rule(
        "too_short",
        _too_short,
        f"Measure longer: {_MEASURE} with a longer benchmark_timeout or on an idle host",
    ),
    Rule("spread", _spread, f"Stop what disturbs the host and measure again with {_MEASURE}"),
    Rule(
        "implausible",
        _implausible,
        "Do not use this figure: check the torch build and how it was measured, then " + _MEASURE,
    ),
)
