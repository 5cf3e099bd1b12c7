"""Bytes over time: the timing that every bandwidth figure shares."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .accelerator import Accelerator
from .figure import SkipError, figure, time_samples

_SCALE = 3.0  # the factor of the triad, as in STREAM
_STEP = 997  # every so manieth number of a triad is recomputed; prime, so that no block is left out
_TRIAD_ERROR = 1e-6  # two float32 roundings of numbers below 1 + _SCALE


class WallClock:
    """What times work of the CPU, as an Accelerator times its own."""

    clock = "the monotonic wall clock"

    @staticmethod
    def warm_up(work: Callable[[], object]) -> None:
        """Do `work` once: its memory is touched then, its threads have started."""
        work()

    @staticmethod
    def seconds(work: Callable[[], object]) -> float:
        """How long `work` takes."""
        begin = time.perf_counter()
        work()
        return time.perf_counter() - begin


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


def bandwidth(
    traffic: Traffic,
    timer: Accelerator | WallClock,
    *,
    sample_seconds: float,
    samples: int,
    deadline: float,
    parameters: dict[str, Any],
) -> dict[str, Any]:
    """A figure in GB/s: `bytes_moved` over the time of one `work`.

    `deadline` is on the monotonic clock. Raises SkipError where the result is wrong or where three
    samples do not fit.
    """

    def run(repetitions: int) -> float:
        def repeated() -> None:
            for _ in range(repetitions):
                traffic.work()

        return timer.seconds(repeated)

    timer.warm_up(traffic.work)
    traffic.poison()
    begin = time.monotonic()
    taken, repetitions = time_samples(run, sample_seconds, samples, deadline - begin)
    end = time.monotonic()
    if not traffic.is_right():
        raise SkipError("the result in memory is not what should have been written there")
    return figure(
        [traffic.bytes_moved / one / 1e9 for one in taken],
        f"{traffic.description}; timed by {timer.clock}, {repetitions} repetitions a sample, after "
        "a warm-up; 10^9 bytes a GB; the result spoiled before and checked afterwards",
        {**parameters, "repetitions_per_sample": repetitions},
        begin,
        end,
    )


def triad(torch: Any, target: Any, left: Any, right: Any, counted: str) -> Traffic:
    """STREAM's triad over float32 arrays, in the words of `counted`."""
    size = 4 * target.numel()

    def is_right() -> bool:
        """No NaN anywhere, and a sample recomputed."""
        if bool(torch.isnan(target).any()):
            return False
        expected = left[::_STEP].double() + _SCALE * right[::_STEP].double()
        return float((target[::_STEP].double() - expected).abs().max()) <= _TRIAD_ERROR

    return Traffic(
        f"torch.add(b, c, alpha={_SCALE:g}, out=a) of random float32 arrays of {size} bytes each"
        f"{counted}",
        3 * size,
        lambda: torch.add(left, right, alpha=_SCALE, out=target),
        lambda: target.fill_(math.nan),
        is_right,
    )
