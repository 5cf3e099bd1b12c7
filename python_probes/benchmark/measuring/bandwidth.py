"""Bytes over time: the timing that every bandwidth figure shares."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .figure import SkipError, figure, time_samples

SCALE = 3.0
"""The factor of the triad, as in STREAM."""

_STEP = 997  # every so manieth number of a triad is recomputed; prime, so that no block is left out
_TRIAD_ERROR = 1e-6  # two float32 roundings of numbers below 1 + SCALE


@dataclass(frozen=True)
class Traffic:
    """Work that moves bytes from buffers to buffers.

    `poison` spoils what `work` makes; `is_right` says whether `work` has made all of it since.
    """

    description: str
    bytes_moved: int
    work: Callable[[], object]
    poison: Callable[[], object]
    is_right: Callable[[], bool]


def once(work: Callable[[], object]) -> None:
    """The warm-up of what needs no more: its memory is touched then, its threads have started."""
    work()


def wall_seconds(work: Callable[[], object]) -> float:
    """How long `work` takes by the wall clock."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def bandwidth(
    traffic: Traffic,
    seconds: Callable[[Callable[[], None]], float],
    clock: str,
    *,
    warm_up: Callable[[Callable[[], object]], None],
    sample_seconds: float,
    samples: int,
    deadline: float,
    parameters: dict[str, Any],
) -> dict[str, Any]:
    """A figure in GB/s with its window: `bytes_moved` over the time of one `work`.

    `seconds(work)` times it by `clock`; `deadline` is on the monotonic clock. Raises SkipError
    where the result is wrong or where three samples do not fit.
    """

    def run(repetitions: int) -> float:
        def repeated() -> None:
            for _ in range(repetitions):
                traffic.work()

        return seconds(repeated)

    warm_up(traffic.work)
    traffic.poison()
    begin = time.monotonic()
    taken, repetitions = time_samples(run, sample_seconds, samples, deadline - begin)
    end = time.monotonic()
    if not traffic.is_right():
        raise SkipError("the result in memory is not what should have been written there")
    measured = figure(
        [traffic.bytes_moved / one / 1e9 for one in taken],
        f"{traffic.description}; timed by {clock}, {repetitions} repetitions a sample, after a "
        "warm-up; 10^9 bytes a GB; the result spoiled before and checked afterwards",
        {**parameters, "repetitions_per_sample": repetitions},
        end - begin,
    )
    return {**measured, "window": [begin, end]}


def triad_is_right(torch: Any, target: Any, left: Any, right: Any) -> bool:
    """Whether target = left + SCALE * right: no NaN anywhere, and a sample of it recomputed."""
    if bool(torch.isnan(target).any()):
        return False
    expected = left[::_STEP].double() + SCALE * right[::_STEP].double()
    return float((target[::_STEP].double() - expected).abs().max()) <= _TRIAD_ERROR
