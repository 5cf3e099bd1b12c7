"""Rules that look at a figure alone: its numbers, its samples, its time."""

from __future__ import annotations

import math
import statistics
from datetime import datetime, timedelta

from ...core.errors import Json, shorten
from ...documents.figure_labels import STORAGE
from .measurement import Measurement

_LARGEST = 1e18
_FEWEST_FOR_SPREAD = 4
_ROUNDING = 0.005  # by how much a stated median may differ from that of its samples
_SPREAD_ROUNDING = 0.05  # the same for a stated spread: quartiles are defined in several ways
_COUNTED = "IOPS"
_MEBIBYTE = 2**20
_COUNT_ROUNDING = 1e-6
_SAME = 1e-4  # relative: what rounding makes of a figure from a data sheet
_RUN_ROUNDING_SECONDS = 1.0
_CLOCK_SETTING_SECONDS = 300.0  # by how much a host's clock may be set between two figures


def number(one: Measurement) -> str | None:
    """A value or sample that no measurement gives."""
    for value in (one.figure["value"], *one.figure["samples"]):
        if not 0 < value < _LARGEST:
            return f"{shorten(value)} is not a measured quantity"
    if not _finite(dict(one.figure)):
        return "one of its numbers is infinite or not a number"
    return None


def _finite(value: dict[str, Json] | list[Json]) -> bool:
    """Whether every number in a part of a document is one."""
    # This looks at every number of every document: a sum shows most lists to be right at once.
    if isinstance(value, list) and _sums_up(value):
        return True
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, float):
            if not math.isfinite(part):
                return False
        elif isinstance(part, (dict, list)) and not _finite(part):
            return False
    return True


def _sums_up(value: list[Json]) -> bool:
    """Whether a list holds numbers alone, whose sum is one: none of them is infinite or none."""
    try:
        return math.isfinite(sum(value))
    except (TypeError, OverflowError):
        return False


def unit(one: Measurement) -> str | None:
    """Another unit than the criterion or the profile knows."""
    for wanted in (one.unit, one.own_limit("units")):
        if wanted and one.figure["unit"] != wanted:
            return f"measured in {one.figure['unit']}, judged in {wanted}"
    return None


def inconsistent(one: Measurement) -> str | None:
    """Parts of the document that contradict each other."""
    figure, samples = one.figure, one.figure["samples"]
    median = statistics.median(samples)
    if abs(figure["value"] - median) > _ROUNDING * median:
        return f"the value {figure['value']:.4g} is not the median {median:.4g} of its samples"
    stated, computed = figure["spread"], _spread(one)
    if stated is not None and computed is not None and not _near(stated, computed):
        return f"the stated spread {stated:.1%} is not the {computed:.1%} of its samples"
    bursts = figure["parameters"].get("bursts")
    if isinstance(bursts, int | float) and bursts != len(samples):
        return f"{bursts:g} bursts were timed, but there are {len(samples)} samples"
    if any(entry["figure"] == one.name for entry in one.benchmark["skipped"]):
        return "it stands among the skipped figures too"
    error, most = (figure["parameters"].get(name) for name in ("checked_error", "error_limit"))
    if isinstance(error, int | float) and isinstance(most, int | float) and not error <= most:
        return f"its result was wrong: an error of {error:.3g}, at most {most:.3g} is right"
    return _percentiles_out_of_order(one)


def _near(stated: float, computed: float) -> bool:
    return abs(stated - computed) <= _SPREAD_ROUNDING


def _percentiles_out_of_order(one: Measurement) -> str | None:
    latency = one.figure.get("latency_microseconds")
    if latency is None:
        return None
    names = ("p50", "p95", "p99", "p99_9")
    values = [latency[name] for name in names]
    if values[0] > 0 and values == sorted(values):
        return None
    listed = ", ".join(f"{name} {value:g}" for name, value in zip(names, values, strict=True))
    return f"latency percentiles do not rise from above zero: {listed} us"


def latency(one: Measurement) -> str | None:
    """A rate that its own latencies do not allow.

    Little's law: requests in flight are the rate times the mean latency. A mean is never below
    half the median, so the rate is at most twice the depth over p50. With one request in flight
    it is also bounded from below, by the mean that the percentiles leave room for; three times
    that is granted for what a request costs outside of its completion.
    """
    percentiles = one.figure.get("latency_microseconds")
    if percentiles is None or one.figure["unit"] != _COUNTED or not percentiles["p50"] > 0:
        return None
    value, depth = one.figure["value"], _in_flight(one)
    p50, p95, p99, p99_9 = (percentiles[name] for name in ("p50", "p95", "p99", "p99_9"))
    most = 2e6 * depth / p50
    if value > most:
        return f"{value:.4g} IOPS with half of the requests above {p50:g} us, at most {most:.4g}"
    mean = 0.5 * p50 + 0.45 * p95 + 0.04 * p99 + 0.009 * p99_9 + 0.001 * 100 * p99_9
    least = 1e6 / (3 * mean)
    if depth == 1 and value < least:
        return f"{value:.4g} IOPS one at a time, but 95 % take at most {p95:g} us"
    return None


def _in_flight(one: Measurement) -> float:
    """How many requests are on their way at a time."""
    depth, jobs = (one.figure["parameters"].get(name) for name in ("queue_depth", "jobs"))
    named = 64.0 if one.name.endswith("_64") else 1.0
    stated = depth if isinstance(depth, int | float) else 1.0
    return max(named, stated) * (jobs if isinstance(jobs, int | float) and jobs > 1 else 1)


def identical(one: Measurement) -> str | None:
    """Samples that are the same to the last digit: nothing that is timed repeats so."""
    samples = one.figure["samples"]
    fewest = one.limits.get("minimum_identical_samples")
    if fewest is None or len(samples) < fewest or len(set(samples)) > 1:
        return None
    if one.component == STORAGE and counted(samples[0], one.figure["unit"]):
        return None
    return f"all {len(samples)} samples are {samples[0]!r}: no timer gives that"


def counted(sample: float, unit: str) -> bool:
    """Whether a sample counts whole requests: a capped disk gives the same number every time."""
    requests = sample if unit == _COUNTED else sample * 1e9 / _MEBIBYTE
    return abs(requests - round(requests)) < _COUNT_ROUNDING


def specification(one: Measurement) -> str | None:
    """A figure from a data sheet."""
    value, samples = one.figure["value"], one.figure["samples"]
    for rated in one.own_limit("specification") or ():
        if _same(value, rated) or all(_same(sample, rated) for sample in samples):
            return f"{value:.6g} is the specification's {rated:g}, not a measurement"
    return None


def _same(measured: float, rated: float) -> bool:
    return abs(measured - rated) <= _SAME * rated


def spread(one: Measurement) -> str | None:
    """Samples that scatter too much for their median to mean something."""
    limit = one.limit("maximum_spread")
    found = [s for s in (one.figure["spread"], _spread(one)) if s is not None]
    if limit is None or not found or max(found) <= limit:
        return None
    return f"spread {max(found):.0%}, at most {limit:.0%} is trusted"


def _spread(one: Measurement) -> float | None:
    spread: float | None = one.once(f"spread {one.name}", lambda: spread_of(one.figure["samples"]))
    return spread


def spread_of(samples: list[float]) -> float | None:
    """As python_probes/benchmark/measuring/figure.py: the interquartile range over the median."""
    if len(samples) < _FEWEST_FOR_SPREAD:
        return None
    lower, median, upper = statistics.quantiles(samples, n=4, method="inclusive")
    return (upper - lower) / median


def too_short(one: Measurement) -> str | None:
    """Too few samples or too little time."""
    fewest, shortest = one.limit("minimum_samples"), one.limit("minimum_duration_seconds")
    samples, seconds = len(one.figure["samples"]), one.figure["duration_seconds"]
    if fewest is not None and samples < fewest:
        return f"{samples} samples, at least {fewest:g} are needed"
    if shortest is not None and not seconds >= shortest:
        return f"measured for {seconds:.2g} s, at least {shortest:g} s are needed"
    return None


def clock(one: Measurement) -> str | None:
    """A wall clock that jumped meanwhile, and times that cannot be."""
    step, limit = one.figure.get("clock_step_seconds"), one.limits.get("maximum_clock_step_seconds")
    if limit is not None and step is not None and not abs(step) <= limit:
        return f"the clock jumped by {step:+.3g} s meanwhile, at most {limit:g} s are accepted"
    return _not_in_the_run(one) or _longer_than_the_run(one)


def _not_in_the_run(one: Measurement) -> str | None:
    """A figure from before or after the run: of another one, or by a clock that was set."""
    started, collected = _time(one.figure.get("started_at")), _time(one.collected_at)
    if started is None or collected is None:
        return None
    if started > collected + timedelta(seconds=_RUN_ROUNDING_SECONDS):
        return f"started at {one.figure['started_at']}, after the run ({one.collected_at})"
    hours, whole = one.limits.get("maximum_figure_age_hours"), _run_seconds(one)
    if hours is not None and collected - started > timedelta(hours=hours):
        return (
            f"started at {one.figure['started_at']}, more than {hours:g} hours before the "
            f"run ended ({one.collected_at})"
        )
    if whole is None or one.name in _resumed(one):
        return None
    if collected - started > timedelta(seconds=whole + _CLOCK_SETTING_SECONDS):
        return (
            f"started at {one.figure['started_at']}, before the run of {whole:.4g} s that ended at "
            f"{one.collected_at}"
        )
    return None


def _longer_than_the_run(one: Measurement) -> str | None:
    """Timed parts, of this figure or of all together, that do not fit into the run."""
    whole, resumed = _run_seconds(one), _resumed(one)
    if whole is None or one.name in resumed:
        return None
    longest = whole + _RUN_ROUNDING_SECONDS
    seconds = one.figure["duration_seconds"]
    if seconds > longest:
        return f"timed for {seconds:.4g} s in a run of {whole:.4g} s"
    together, alone = one.once("timed", lambda: _timed(one, resumed, longest))
    if together > longest and not alone:
        return f"all figures were timed for {together:.4g} s in a run of {whole:.4g} s"
    return None


def _timed(one: Measurement, resumed: set[str], longest: float) -> tuple[float, bool]:
    """Seconds that the figures of this very run took; whether one alone took longer than it.

    What is longer than the run speaks against itself alone.
    """
    seconds = {n: figure["duration_seconds"] for n, figure in one.benchmark["figures"].items()}
    together = sum(time for name, time in seconds.items() if name not in resumed)
    return together, any(time > longest for time in seconds.values())


def _run_seconds(one: Measurement) -> float | None:
    seconds: float | None = one.benchmark["duration_seconds"]
    return seconds if seconds is not None and math.isfinite(seconds) else None


def _resumed(one: Measurement) -> set[str]:
    """Figures of runs before this one, which its own time does not count."""
    parts = one.benchmark.get("resumed") or ()
    found: set[str] = one.once("resumed", lambda: {name for p in parts for name in p["figures"]})
    return found


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
