"""Bandwidth of the GPU's memory: copy, triad, read and write of buffers no cache can hold."""

from __future__ import annotations

import time
from typing import Any

from ..measuring.bandwidth import Traffic, bandwidth, triad
from ..measuring.context import BenchmarkContext
from ..measuring.family import GPU, Family, FigurePlan
from ..measuring.figure import SkipError

_SAMPLES = 20
_SAMPLE_SECONDS = 0.02
_TIMES_CACHE = 8  # so that what a cache still holds of the last pass is a small part
_SMALLEST, _LARGEST = 2**30, 2**32  # bytes of one buffer
_ROW = 2**14  # integers that are summed to one
_PATTERN = 0x5DEECE66D123457
_BUFFERS = {"copy": 2, "triad": 3, "read": 1, "write": 1}


def measure(context: BenchmarkContext, name: str, budget_seconds: float) -> dict[str, Any]:
    """The figure `memory.<name>`. Raises SkipError, and whatever torch raises.

    Every array counts once for each pass over it: 2 for a copy, 3 for a triad, 1 for the others.
    """
    deadline = time.monotonic() + budget_seconds
    gpu = context.gpu
    cache = gpu.cache_bytes
    size = max(_SMALLEST, min(_LARGEST, cache * _TIMES_CACHE))
    if size < 2 * cache:
        raise SkipError(
            f"a buffer of {size} bytes is not much larger than the cache of {cache} bytes"
        )
    context.guard.require((_BUFFERS[name] + 1) * size)  # one more for what the check makes
    return bandwidth(
        _traffic(gpu.torch, name, size),
        gpu,
        sample_seconds=_SAMPLE_SECONDS,
        samples=_SAMPLES,
        deadline=deadline,
        parameters={"buffer_bytes": size, "cache_bytes": cache},
    )


def _traffic(torch: Any, name: str, size: int) -> Traffic:
    if name == "triad":
        target, left, right = (
            torch.empty(size // 4, dtype=torch.float32, device="cuda") for _ in range(3)
        )
        left.uniform_()
        right.uniform_()
        return triad(torch, target, left, right, "; two arrays read plus one written")
    if name == "read":
        return _read(torch, size)
    target = torch.empty(size // 8, dtype=torch.int64, device="cuda")
    if name == "write":
        return Traffic(
            f"torch fill_ of {size} bytes with one 8-byte pattern; bytes written",
            size,
            lambda: target.fill_(_PATTERN),
            target.zero_,
            lambda: bool((target == _PATTERN).all()),
        )
    source = torch.empty(size // 8, dtype=torch.int64, device="cuda").random_()
    return Traffic(
        f"torch copy_ of {size} bytes of random data between two buffers on one device; bytes "
        "read plus bytes written",
        2 * size,
        lambda: target.copy_(source),
        target.zero_,
        lambda: bool(torch.equal(source, target)),
    )


def _read(torch: Any, size: int) -> Traffic:
    """The second half holds the complement of the first: the sum of a row and its partner is known.

    So no reduction says what another should have found; 64-bit sums wrap and have no rounding.
    Rows, because torch reads them with more blocks than one long vector.
    """
    source = torch.empty((size // 8 // _ROW, _ROW), dtype=torch.int64, device="cuda")
    half = source.shape[0] // 2
    source[:half].random_()
    torch.bitwise_not(source[:half], out=source[half:])
    sums = torch.zeros(2 * half, dtype=torch.int64, device="cuda")
    return Traffic(
        f"torch.sum of {size} bytes of random 64-bit integers in rows of {_ROW}; bytes read",
        size,
        lambda: torch.sum(source, dim=1, out=sums),
        sums.zero_,
        lambda: bool((sums[:half] + sums[half:] == -_ROW).all()),
    )


FAMILY = Family(
    "memory",
    measure,
    GPU,
    "GPU memory",
    {
        "copy": FigurePlan("GB/s", quick=1.2, full=2),
        "triad": FigurePlan("GB/s", quick=1.2, full=2),
        "read": FigurePlan("GB/s", full=2),
        "write": FigurePlan("GB/s", full=2),
    },
)
