"""Rules that look at a figure alone: its numbers, its samples, its time."""

from __future__ import annotations

from datetime import datetime

from ...core.errors import shorten
from ...documents.figure_labels import STORAGE
from .measurement import Measurement, Run

_LARGEST = 1e18
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
    values = (one.figure["value"], *one.samples)
    # The sum of numbers among which one is none is none either.
    if min(values) > 0 and max(values) < _LARGEST and sum(values) > 0:
        return None
    wrong = next(value for value in values if not 0 < value < _LARGEST)
    return f"{shorten(wrong)} is not a measured quantity"


def unit(one: Measurement) -> str | None:
    """Another unit than the criterion or the profile knows."""
    for wanted in (one.unit, one.limits["units"]):
        if wanted and one.figure["unit"] != wanted:
            return f"measured in {one.figure['unit']}, judged in {wanted}"
    return None


def inconsistent(one: Measurement) -> str | None:
    """Parts of the document that contradict each other."""
    figure, samples = one.figure, one.samples
    median = one.median
    if abs(figure["value"] - median) > _ROUNDING * median:
        return f"the value {figure['value']:.4g} is not the median {median:.4g} of its samples"
    stated, computed = figure["spread"], one.spread
    if stated is not None and computed is not None and not _near(stated, computed):
        return f"the stated spread {stated:.1%} is not the {computed:.1%} of its samples"
    parameters = figure["parameters"]
    bursts = parameters.get("bursts")
    if isinstance(bursts, int | float) and bursts != len(samples):
        return f"{bursts:g} bursts were timed, but there are {len(samples)} samples"
    if one.name in one.run.skipped:
        return "it stands among the skipped figures too"
    error, most = parameters.get("checked_error"), parameters.get("error_limit")
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
    samples, fewest = one.samples, one.limits["minimum_identical_samples"]
    if len(samples) < fewest or one.ordered[0] != one.ordered[-1]:
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
    value = one.figure["value"]
    for rated in one.limits["specification"]:
        least, most = rated * (1 - _SAME), rated * (1 + _SAME)
        if least <= value <= most or (least <= one.ordered[0] and one.ordered[-1] <= most):
            return f"{value:.6g} is the specification's {rated:g}, not a measurement"
    return None


def spread(one: Measurement) -> str | None:
    """Samples that scatter too much for their median to mean something."""
    limit, found = one.limits["maximum_spread"], max(one.figure["spread"] or 0, one.spread or 0)
    return f"spread {found:.0%}, at most {limit:.0%} is trusted" if found > limit else None


def too_short(one: Measurement) -> str | None:
    """Too few samples or too little time."""
    fewest, shortest = one.limits["minimum_samples"], one.limits["minimum_duration_seconds"]
    samples, seconds = len(one.samples), one.figure["duration_seconds"]
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
    started, collected = _seconds(one.figure.get("started_at")), one.run.once(_collected)
    if started is None or collected is None:
        return None
    before = collected - started
    if before < -_RUN_ROUNDING_SECONDS:
        return f"started at {one.figure['started_at']}, after the run ({one.run.collected_at})"
    hours, whole = one.limits.get("maximum_figure_age_hours"), one.run.benchmark["duration_seconds"]
    if hours is not None and before > hours * 3600:
        return (
            f"started at {one.figure['started_at']}, more than {hours:g} hours before the "
            f"run ended ({one.run.collected_at})"
        )
    if (
        whole is None
        or before <= whole + _CLOCK_SETTING_SECONDS
        or one.name in one.run.once(_resumed)
    ):
        return None
    return (
        f"started at {one.figure['started_at']}, before the run of {whole:.4g} s that ended at "
        f"{one.run.collected_at}"
    )


def _longer_than_the_run(one: Measurement) -> str | None:
    """Timed parts, of this figure or of all together, that do not fit into the run."""
    whole = one.run.benchmark["duration_seconds"]
    if whole is None or one.name in one.run.once(_resumed):
        return None
    longest = whole + _RUN_ROUNDING_SECONDS
    seconds = one.figure["duration_seconds"]
    if seconds > longest:
        return f"timed for {seconds:.4g} s in a run of {whole:.4g} s"
    together, alone = one.run.once(_timed)
    # A figure that is longer than the run speaks against itself alone.
    if alone <= longest < together:
        return f"all figures were timed for {together:.4g} s in a run of {whole:.4g} s"
    return None


def _timed(run: Run) -> tuple[float, float]:
    """Seconds that the figures of this very run took, together and the longest of all."""
    seconds = {n: figure["duration_seconds"] for n, figure in run.benchmark["figures"].items()}
    resumed = run.once(_resumed)
    together = sum(time for name, time in seconds.items() if name not in resumed)
    return together, max(seconds.values())


def _resumed(run: Run) -> frozenset[str]:
    """Figures of runs before this one, which its own time does not count."""
    parts = run.benchmark.get("resumed") or ()
    return frozenset(name for part in parts for name in part["figures"])


def _collected(run: Run) -> float | None:
    return _seconds(run.collected_at)


def _seconds(text: str | None) -> float | None:
    """A time of a document in seconds since 1970; None of what is no time."""
    try:
        return datetime.fromisoformat(text).timestamp() if text else None
    except ValueError:
        return None
