"""Compute figures, timed in bursts: what a GPU does before it meets its power limit.

A load without pauses runs into that limit within a tenth of a second, and then a sample says more
about the one before it than about the GPU. See docs/adr/0006-burst-and-sustained.md. Each call
has its own pair of events and finds the second-level cache flushed, as triton.testing.do_bench
does it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from .accelerator import Accelerator
from .figure import SkipError, figure
from .load import Load, checked

FLUSH_BYTES = 2**28  # larger than any GPU's second-level cache
_BURSTS = 10
_FEWEST_BURSTS = 3
_BURST_SECONDS = 0.025
_FEWEST_CALLS = 2
_PAUSE_SECONDS = 0.12  # in which the driver's average of the power falls
_TRIAL_CALLS = 3
_TRIAL_SHARE = 0.5  # of a burst: what a second trial fills where calls are short


def burst_figure(accelerator: Accelerator, load: Load, deadline: float) -> dict[str, Any]:
    """The figure of a load; `deadline` is on the monotonic clock.

    Raises SkipError where three bursts do not fit or the result is wrong, and whatever torch
    raises.
    """
    torch = accelerator.torch
    flushed = torch.empty(FLUSH_BYTES // 4, dtype=torch.int32, device=accelerator.device)
    accelerator.warm_up(load.run)
    each = _seconds_with_flush(accelerator, load.run, flushed.zero_)
    calls = max(_FEWEST_CALLS, round(_BURST_SECONDS / each))
    left = deadline - time.monotonic()
    fitting = int(left / ((calls + 1) * each + _PAUSE_SECONDS))
    if fitting < _FEWEST_BURSTS:
        raise SkipError(
            f"one call takes {each:.3g} s: {_FEWEST_BURSTS} bursts of {calls} do not fit in the "
            f"{max(left, 0):.1f} s left for this figure"
        )
    begin = time.monotonic()
    medians = []
    for _ in range(min(_BURSTS, fitting)):
        time.sleep(_PAUSE_SECONDS)
        load.run()  # brings back what clock the pause has cost
        load.spoil()
        medians.append(statistics.median(accelerator.seconds_each(load.run, flushed.zero_, calls)))
    end = time.monotonic()
    return figure(
        [load.operations / seconds / 1e12 for seconds in medians],
        f"{load.text}; after a ramp, bursts of {calls} calls and one untimed call ahead of them, "
        f"with pauses of {_PAUSE_SECONDS:g} s; each call timed by {accelerator.clock} after "
        f"{FLUSH_BYTES >> 20} MiB were zeroed, so that no cache holds an operand; a sample is the "
        "median of a burst; the last result checked against float64 on a sample",
        {
            **load.parameters,
            "bursts": len(medians),
            "calls_per_burst": calls,
            "pause_seconds": _PAUSE_SECONDS,
            **checked(load),
        },
        begin,
        end,
    )


def _seconds_with_flush(
    accelerator: Accelerator, run: Callable[[], Any], flush: Callable[[], Any]
) -> float:
    """What one call takes of a burst."""

    def trial(calls: int) -> float:
        accelerator.synchronize()
        begin = time.monotonic()
        accelerator.seconds_each(run, flush, calls)
        return (time.monotonic() - begin) / calls

    each = trial(_TRIAL_CALLS)
    more = round(_TRIAL_SHARE * _BURST_SECONDS / each)
    # A few short calls are timed badly from outside.
    return trial(more) if more > _TRIAL_CALLS else each
