"""How fast the CPU computes and moves memory: matrix products, and STREAM's copy and triad."""

from __future__ import annotations

import math
import time
from typing import Any

from ..measuring.bandwidth import bandwidth, once, wall_seconds
from ..measuring.context import BenchmarkContext
from ..measuring.family import CPU, Family, FigurePlan
from ..measuring.figure import SkipError, figure, time_samples
from ..measuring.load import relative_error
from .cpu_cluster import cluster_triad
from .cpu_stream import BUFFERS, SAMPLE_SECONDS, SAMPLES, stream, stream_bytes
from .matrix_product import matmul_precision

_GEMM_SAMPLES = 12
_GEMM_SAMPLE_SECONDS = 0.1
_SIZES = (2048, 1024, 512)  # the largest of which some products fit the time
_TRIAL_SIZE = 256
_PRODUCTS_THAT_FIT = 8
_INPUT_SETS = 2  # used in turn, so that no operand stays in a cache from the last call
_ELEMENT_BYTES = 4 * (2 * _INPUT_SETS + 1) + 8  # operands, result, and the check's float64
_CHECKED = 64  # rows and columns of the result that are compared, about
_ERROR_LIMIT = 1e-4  # of the result's root mean square: some times float32's rounding
_SEED = 20260401
_WALL_CLOCK = "the monotonic wall clock"


def measure(context: BenchmarkContext, name: str, budget_seconds: float) -> dict[str, Any]:
    """The figure `cpu.<name>`. Raises SkipError, and whatever torch raises."""
    deadline = time.monotonic() + budget_seconds
    torch = context.accelerator.torch
    if name == "gemm_fp32":
        with matmul_precision(torch, "fp32"):
            return _gemm(context, torch, deadline)
    if name in BUFFERS:
        return _stream(context, torch, name, deadline)
    return cluster_triad(context, int(name.removeprefix("triad_cluster_")), deadline)


def _stream(context: BenchmarkContext, torch: Any, name: str, deadline: float) -> dict[str, Any]:
    size, cache = stream_bytes(context, BUFFERS[name])
    threads = int(torch.get_num_threads())
    return bandwidth(
        stream(torch, name, size, threads),
        wall_seconds,
        _WALL_CLOCK,
        warm_up=once,
        sample_seconds=SAMPLE_SECONDS,
        samples=SAMPLES,
        deadline=deadline,
        parameters={"buffer_bytes": size, "cache_bytes": cache, "threads": threads},
    )


def _gemm(context: BenchmarkContext, torch: Any, deadline: float) -> dict[str, Any]:
    size = _size(torch, deadline - time.monotonic())
    context.host_guard.require(size * size * _ELEMENT_BYTES)
    generator = torch.Generator().manual_seed(_SEED)
    pairs = [
        tuple(torch.randn((size, size), generator=generator) for _ in range(2))
        for _ in range(_INPUT_SETS)
    ]
    result = torch.full((size, size), math.nan)
    done = 0

    def multiply(repetitions: int) -> None:
        nonlocal done
        for _ in range(repetitions):
            torch.mm(*pairs[done % _INPUT_SETS], out=result)
            done += 1

    multiply(_INPUT_SETS)
    result.fill_(math.nan)
    begin = time.monotonic()
    seconds, repetitions = time_samples(
        lambda count: wall_seconds(lambda: multiply(count)),
        _GEMM_SAMPLE_SECONDS,
        _GEMM_SAMPLES,
        deadline - begin,
    )
    end = time.monotonic()
    error = _error(torch, pairs[(done - 1) % _INPUT_SETS], result, size)
    if not error <= _ERROR_LIMIT:  # also true for NaN
        raise SkipError(
            f"the product is wrong: off by {error:.3g} of its root mean square, at most "
            f"{_ERROR_LIMIT:g} expected"
        )
    threads = int(torch.get_num_threads())
    measured = figure(
        [2 * size**3 / one / 1e12 for one in seconds],
        f"torch.mm on the CPU, {threads} threads, of two {size}x{size} float32 matrices of "
        f"normally distributed random numbers into a preallocated result, {_INPUT_SETS} input sets "
        f"in turn, after a warm-up; timed by {_WALL_CLOCK} over {repetitions} products a sample; "
        "2 n^3 operations a product; the last result checked against float64 on a sample",
        {
            "size": size,
            "dtype": "float32",
            "threads": threads,
            "repetitions_per_sample": repetitions,
            "checked_error": error,
            "error_limit": _ERROR_LIMIT,
        },
        end - begin,
    )
    return {**measured, "window": [begin, end]}


def _size(torch: Any, seconds: float) -> int:
    """The largest size of which some products fit. Raises SkipError where none does."""
    trial = torch.ones((_TRIAL_SIZE, _TRIAL_SIZE))
    torch.mm(trial, trial)
    # The best of a few: one alone may have been held up by something else.
    once_seconds = min(wall_seconds(lambda: torch.mm(trial, trial)) for _ in range(3))
    for size in _SIZES:
        expected = once_seconds * (size / _TRIAL_SIZE) ** 3
        if expected * _PRODUCTS_THAT_FIT <= seconds:
            return size
    raise SkipError(
        f"this CPU is too slow: one product of {_SIZES[-1]} would take about {expected:.1f} s"
    )


def _error(torch: Any, pair: tuple[Any, ...], result: Any, size: int) -> float:
    """The error on a sample of rows and columns; NaN where an element is not finite."""
    if not bool(torch.isfinite(result).all()):
        return math.nan
    step = (size // _CHECKED - 1) | 1
    left, right = pair
    return relative_error(result[::step, ::step], left[::step].double() @ right[:, ::step].double())


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
