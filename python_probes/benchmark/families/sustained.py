"""Sustained throughput: matrix products without a pause, for as long as asked."""

from __future__ import annotations

import itertools
import time
from typing import Any

from ..measuring.accelerator import Accelerator
from ..measuring.context import BenchmarkContext
from ..measuring.family import GPU, Family, FigurePlan
from ..measuring.figure import SkipError, figure
from ..measuring.load import checked
from .matrix_product import MatrixProduct, matmul_precision, memory_bytes, require_supported

_SIZE = 8192  # operands larger than any cache: nothing has to be flushed
_WINDOW_SECONDS = 0.25
_MOST_WINDOWS = 1000  # aimed at; the windows of a longer run are longer
_FEWEST_WINDOWS = 3
_AHEAD = 2  # windows asked of the device at a time, so that it never waits
_GPU_COLUMNS = ("sm_clock_mhz", "power_watts", "temperature_celsius")
_TRIAL_PRODUCTS = 3


def measure(context: BenchmarkContext, name: str, budget_seconds: float) -> dict[str, Any]:
    """The figure `sustained.<precision>`, and its `series`, over all the seconds given.

    The GPU columns of the series are None: who samples the GPU fills them.
    Raises SkipError, and whatever torch raises.
    """
    deadline = time.monotonic() + budget_seconds
    accelerator = context.gpu
    require_supported(accelerator, name)
    context.guard.require(memory_bytes(name, _SIZE))
    with matmul_precision(accelerator.torch, name):
        load = MatrixProduct(accelerator.torch, accelerator.device, name, _SIZE)
        accelerator.warm_up(load.run)
        load.spoil()
        return _measure(accelerator, load, deadline)


def _measure(accelerator: Accelerator, load: MatrixProduct, deadline: float) -> dict[str, Any]:
    begin = time.monotonic()
    length = max(_WINDOW_SECONDS, (deadline - begin) / _MOST_WINDOWS)
    windows = _windows(accelerator, load, length, deadline)
    end = time.monotonic()
    check = checked(load)
    if len(windows) < _FEWEST_WINDOWS:
        raise SkipError(
            f"{len(windows)} windows of {length:.2g} s were completed in the {end - begin:.1f} s "
            f"left for this figure, at least {_FEWEST_WINDOWS} are needed"
        )
    samples = [load.operations * products / seconds / 1e12 for products, seconds in windows]
    measured = figure(
        samples,
        f"{load.text}; after a ramp, products without a pause; a sample is a window of about "
        f"{length:.2g} s between two events ({accelerator.clock}); the last result checked against "
        "float64 on a sample",
        {
            **load.parameters,
            "window_seconds": length,
            "products": sum(products for products, _ in windows),
            **check,
        },
        begin,
        end,
    )
    ends = list(itertools.accumulate(seconds for _, seconds in windows))
    series = {
        "seconds": ends,
        "value": samples,
        **{one: [None] * len(ends) for one in _GPU_COLUMNS},
    }
    return {**measured, "series": series}


def _windows(
    accelerator: Accelerator, load: MatrixProduct, length: float, deadline: float
) -> list[tuple[int, float]]:
    """Products and seconds of each window, until the deadline.

    A window is as many products as made up one of the `length` just before: a GPU that slows down
    keeps its windows' length.
    """
    each = min(accelerator.seconds_each(load.run, lambda: None, _TRIAL_PRODUCTS))
    asked: list[tuple[int, Any]] = []
    done: list[tuple[int, float]] = []
    last = accelerator.event()
    last.record()
    while True:
        while len(asked) < _AHEAD and time.monotonic() + len(asked) * length < deadline:
            products = max(1, round(length / each))
            for _ in range(products):
                load.run()
            event = accelerator.event()
            event.record()
            asked.append((products, event))
        if not asked:
            return done
        products, event = asked.pop(0)
        event.synchronize()
        seconds = last.elapsed_time(event) / 1000.0
        done.append((products, seconds))
        each, last = seconds / products, event


FAMILY = Family(
    "sustained",
    measure,
    GPU,
    "Loads",
    {"bf16": FigurePlan("TFLOP/s", quick=4, full=30, sustained=True)},
)
