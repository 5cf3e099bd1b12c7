"""A measured figure: samples, their median and spread, and how they were taken."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

_FEWEST_FOR_SPREAD = 4
_FEWEST_SAMPLES = 3


class SkipError(Exception):
    """A figure cannot be measured here; the message says why, in one line."""


def figure(
    samples: list[float],
    method: str,
    parameters: dict[str, Any],
    begin: float,
    end: float,
) -> dict[str, Any]:
    """A `figure` of the benchmark document, its labels (see Family) and trace still to come.

    `samples` are in the unit of its plan, in the order they were taken; the timed part lasted from
    `begin` to `end` on the monotonic clock: its `window`, which the supervisor takes out.
    Raises SkipError when nothing was timed.
    """
    if not samples:
        raise SkipError("no sample was completed")
    return {
        "value": statistics.median(samples),
        "samples": samples,
        "spread": spread(samples),
        "method": method,
        "parameters": parameters,
        "duration_seconds": end - begin,
        "window": [begin, end],
        "trace": None,
    }


def spread(samples: list[float]) -> float | None:
    """The interquartile range over the median; None for fewer than four samples."""
    median = statistics.median(samples)
    if len(samples) < _FEWEST_FOR_SPREAD or median == 0:
        return None
    lower, _, upper = statistics.quantiles(samples, n=4, method="inclusive")
    return abs((upper - lower) / median)


def time_samples(
    run: Callable[[int], float], sample_seconds: float, samples: int, budget_seconds: float
) -> tuple[list[float], int]:
    """Seconds per repetition, sample by sample, and how many repetitions made one sample.

    `run(repetitions)` does the work and returns the seconds it took. Repetitions are chosen from
    a calibration so that one sample takes about `sample_seconds`; fewer samples than asked are
    taken when they would not fit in `budget_seconds`, never fewer than three.
    Raises SkipError when even three would not fit.
    """
    once = max(run(1), 1e-9)
    if once < sample_seconds:
        # A single short run is timed badly: calibrate again over several.
        trial = max(1, min(100, int(sample_seconds / once / 4)))
        once = max(run(trial) / trial, 1e-9)
    repetitions = max(1, round(sample_seconds / once))
    fitting = int(budget_seconds / (once * repetitions))
    if fitting < _FEWEST_SAMPLES:
        raise SkipError(
            f"one repetition takes {once:.2f} s: {_FEWEST_SAMPLES} samples do not fit in the "
            f"{max(budget_seconds, 0):.1f} s left for this figure"
        )
    return [run(repetitions) / repetitions for _ in range(min(samples, fitting))], repetitions
