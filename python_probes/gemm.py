"""Matrix multiplication throughput (GEMM)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from .accelerator import Accelerator
from .figure import SkipError, figure, time_samples
from .memory_guard import MemoryGuard

_SAMPLES = 20
_GPU_SIZE = 8192
_CPU_SIZES = (2048, 1024, 512)  # the largest that fits the time
_GPU_SAMPLE_SECONDS = 0.1
_CPU_SAMPLE_SECONDS = 0.15
_INPUT_SETS = 2  # used in turn, so that no operand stays in a cache from the last call
_CHECKED = 64  # rows and columns of the result that are compared
_CPU_TRIAL_SIZE = 256
_PRODUCTS_THAT_FIT = 5
_SEED = 20260401


@dataclass(frozen=True)
class Precision:
    """How one GEMM figure computes.

    `matmul` is torch's float32 matmul precision: `highest` keeps TF32 off. `tolerance` is the
    largest error accepted, in standard deviations of the result: it is some times the rounding
    of the format (2^-24, 2^-11, 2^-11 and 2^-8), and far below what a wrong kernel makes.
    """

    dtype: str
    matmul: str
    tolerance: float
    gpu_only: bool = False


PRECISIONS = {
    "fp32": Precision("float32", "highest", 1e-4),
    "tf32": Precision("float32", "high", 1e-2, gpu_only=True),
    "fp16": Precision("float16", "highest", 2e-2, gpu_only=True),
    "bf16": Precision("bfloat16", "highest", 1e-1),
}


def gemm(
    accelerator: Accelerator, guard: MemoryGuard, name: str, budget_seconds: float
) -> dict[str, Any]:
    """The figure `gemm.<name>` in TFLOP/s: 2 n^3 operations for each product of n by n matrices.

    Raises SkipError, and whatever torch raises.
    """
    precision = PRECISIONS[name]
    torch = accelerator.torch
    on_gpu = accelerator.kind == "cuda"
    if precision.gpu_only and not on_gpu:
        raise SkipError(f"{name} is a GPU figure and torch sees no CUDA device")
    dtype = getattr(torch, precision.dtype)
    size = _GPU_SIZE if on_gpu else _cpu_size(accelerator, dtype, budget_seconds)
    # The operands and the result; drawn as float32 first; then the check's float64 copies.
    guard.require(size * size * (dtype.itemsize * (2 * _INPUT_SETS + 1) + 4 + 8))
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision.matmul)
    try:
        return _measure(accelerator, name, dtype, size, budget_seconds)
    finally:
        torch.set_float32_matmul_precision(before)
        accelerator.release()


def _cpu_size(accelerator: Accelerator, dtype: Any, budget_seconds: float) -> int:
    """The largest size at which some products fit the time: a CPU may only emulate a format.

    Raises SkipError where none does.
    """
    torch = accelerator.torch
    trial = torch.ones((_CPU_TRIAL_SIZE, _CPU_TRIAL_SIZE), dtype=dtype)
    torch.mm(trial, trial)
    # The best of a few: one alone may have been held up by something else.
    seconds = min(accelerator.seconds(lambda: torch.mm(trial, trial)) for _ in range(3))
    for size in _CPU_SIZES:
        expected = seconds * (size / _CPU_TRIAL_SIZE) ** 3
        if expected * _PRODUCTS_THAT_FIT <= budget_seconds:
            return size
    raise SkipError(
        f"{dtype} is too slow on this CPU: one product of {_CPU_SIZES[-1]} would take about "
        f"{expected:.1f} s"
    )


def _measure(
    accelerator: Accelerator, name: str, dtype: Any, size: int, budget_seconds: float
) -> dict[str, Any]:
    torch = accelerator.torch
    precision = PRECISIONS[name]
    generator = torch.Generator(device=accelerator.kind).manual_seed(_SEED)

    def random_matrix() -> Any:
        drawn = torch.randn((size, size), generator=generator, device=accelerator.kind)
        return drawn.to(dtype)

    pairs = [(random_matrix(), random_matrix()) for _ in range(_INPUT_SETS)]
    result = torch.full((size, size), math.nan, dtype=dtype, device=accelerator.kind)
    done = 0

    def multiply(repetitions: int) -> None:
        nonlocal done
        for _ in range(repetitions):
            left, right = pairs[done % _INPUT_SETS]
            torch.mm(left, right, out=result)
            done += 1

    accelerator.warm_up(lambda: multiply(_INPUT_SETS))
    result.fill_(math.nan)
    begin = time.monotonic()
    seconds, repetitions = time_samples(
        lambda count: accelerator.seconds(lambda: multiply(count)),
        _GPU_SAMPLE_SECONDS if accelerator.kind == "cuda" else _CPU_SAMPLE_SECONDS,
        _SAMPLES,
        budget_seconds,
    )
    end = time.monotonic()
    error = _error(torch, pairs[(done - 1) % _INPUT_SETS], result, size)
    if not error <= precision.tolerance:  # also true for NaN
        raise SkipError(
            f"the product is wrong: off by {error:.3g} standard deviations, at most "
            f"{precision.tolerance:g} expected"
        )
    operations = 2 * size**3
    measured = figure(
        [operations / one / 1e12 for one in seconds],
        "TFLOP/s",
        f"torch.mm of two {size}x{size} {precision.dtype} matrices of normally distributed random "
        f"numbers into a preallocated result, {_INPUT_SETS} input sets in turn, after a warm-up; "
        f"timed by {accelerator.clock} over {repetitions} products a sample; 2 n^3 operations a "
        f"product; the last result checked against float64 on {_CHECKED} rows and columns",
        {
            "size": size,
            "dtype": precision.dtype,
            "tf32": name == "tf32",
            "repetitions_per_sample": repetitions,
            "input_sets": _INPUT_SETS,
            "checked_error": error,
            "error_limit": precision.tolerance,
        },
        end - begin,
    )
    return {**measured, "window": [begin, end]}


def _error(torch: Any, pair: tuple[Any, Any], result: Any, size: int) -> float:
    """The largest error on a sample of rows and columns, over the result's standard deviation.

    That deviation is sqrt(n) for sums of n products of two standard normal numbers. NaN where
    any element of the result is not finite.
    """
    if not bool(torch.isfinite(result).all()):
        return math.nan
    step = size // _CHECKED
    left, right = pair
    expected = left[::step].double() @ right[:, ::step].double()
    actual = result[::step, ::step].double()
    return float((actual - expected).abs().max()) / math.sqrt(size)
