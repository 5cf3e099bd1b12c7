"""How fast the CPU computes and moves memory: matrix products, and STREAM's copy and triad."""

from __future__ import annotations

import time
from typing import Any

from ..measuring.bandwidth import WallClock
from ..measuring.context import BenchmarkContext
from ..measuring.family import CPU, Family, FigurePlan
from ..measuring.figure import SkipError, figure, time_samples
from ..measuring.load import checked
from .cpu_cluster import cluster_triad
from .cpu_stream import BUFFERS, stream_bytes, stream_figure
from .matrix_product import MatrixProduct, matmul_precision, memory_bytes

_PRECISION = "fp32"
_SAMPLES = 12
_SAMPLE_SECONDS = 0.1
_SIZES = (2048, 1024, 512)  # the largest of which some products fit the time
_TRIAL_SIZE = 256
_PRODUCTS_THAT_FIT = 8
_LOADS = 2  # used in turn, so that no operand stays in a cache from the last call


def measure(context: BenchmarkContext, name: str, budget_seconds: float) -> dict[str, Any]:
    """The figure `cpu.<name>`. Raises SkipError, and whatever torch raises."""
    deadline = time.monotonic() + budget_seconds
    torch = context.require_torch()
    if name == "gemm_fp32":
        with matmul_precision(torch, _PRECISION):
            return _gemm(context, torch, deadline)
    if name in BUFFERS:
        size, cache = stream_bytes(context, name)
        threads = int(torch.get_num_threads())
        measured = stream_figure(torch, name, size, threads, deadline)
        measured["parameters"]["cache_bytes"] = cache
        return measured
    return cluster_triad(context, int(name.removeprefix("triad_cluster_")), deadline)


def _gemm(context: BenchmarkContext, torch: Any, deadline: float) -> dict[str, Any]:
    size = _size(torch, deadline - time.monotonic())
    context.host_guard.require(_LOADS * memory_bytes(_PRECISION, size))
    loads = [MatrixProduct(torch, "cpu", _PRECISION, size) for _ in range(_LOADS)]

    def multiply(repetitions: int) -> float:
        def repeated() -> None:
            for _ in range(repetitions):
                loads.append(loads.pop(0))
                loads[-1].run()

        return WallClock.seconds(repeated)

    multiply(_LOADS)
    for load in loads:
        load.spoil()
    begin = time.monotonic()
    seconds, repetitions = time_samples(multiply, _SAMPLE_SECONDS, _SAMPLES, deadline - begin)
    end = time.monotonic()
    threads = int(torch.get_num_threads())
    return figure(
        [loads[-1].operations / one / 1e12 for one in seconds],
        f"{loads[-1].text}; on the CPU, {threads} threads, {_LOADS} input sets in turn, after a "
        f"warm-up; timed by {WallClock.clock} over {repetitions} products a sample; the last "
        "result checked against float64 on a sample",
        {
            "size": size,
            "dtype": "float32",
            "threads": threads,
            "repetitions_per_sample": repetitions,
            **checked(loads[-1]),
        },
        begin,
        end,
    )


def _size(torch: Any, seconds: float) -> int:
    """The largest size of which some products fit. Raises SkipError where none does."""
    trial = torch.ones((_TRIAL_SIZE, _TRIAL_SIZE))
    torch.mm(trial, trial)
    # The best of a few: one alone may have been held up by something else.
    once = min(WallClock.seconds(lambda: torch.mm(trial, trial)) for _ in range(3))
    for size in _SIZES:
        expected = once * (size / _TRIAL_SIZE) ** 3
        if expected * _PRODUCTS_THAT_FIT <= seconds:
            return size
    raise SkipError(
        f"this CPU is too slow: one product of {_SIZES[-1]} would take about {expected:.1f} s"
    )


FAMILY = Family(
    "cpu",
    measure,
    CPU,
    "CPU memory",
    {
        "gemm_fp32": FigurePlan("TFLOP/s", quick=1.5, full=4, chart_group="CPU"),
        "copy": FigurePlan("GB/s", full=2.5),
        "triad": FigurePlan("GB/s", quick=1.5, full=2.5),
        # Each imports torch in a pinned process.
        "triad_cluster_0": FigurePlan("GB/s", full=7),
        "triad_cluster_1": FigurePlan("GB/s", full=7),
    },
)
