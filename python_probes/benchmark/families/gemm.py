"""Matrix multiplication throughput (GEMM), by precision, and by size for the sweep."""

from __future__ import annotations

import time
from typing import Any

from ..measuring.bursts import FLUSH_BYTES, burst_figure
from ..measuring.context import BenchmarkContext
from ..measuring.family import GPU, Family, FigurePlan
from .matrix_product import (
    PRECISIONS,
    MatrixProduct,
    matmul_precision,
    memory_bytes,
    require_supported,
)

_SIZE = 8192


def measure(context: BenchmarkContext, name: str, budget_seconds: float) -> dict[str, Any]:
    """`gemm.<precision>` or `sweep.<precision>_<size>`. Raises SkipError, and what torch raises."""
    deadline = time.monotonic() + budget_seconds
    accelerator = context.gpu
    precision, _, given = name.partition("_")
    size = int(given or _SIZE)
    require_supported(accelerator, precision)
    context.guard.require(memory_bytes(precision, size) + FLUSH_BYTES)
    with matmul_precision(accelerator.torch, precision):
        load = MatrixProduct(accelerator.torch, accelerator.device, precision, size)
        return burst_figure(accelerator, load, deadline)


FAMILY = Family(
    "gemm",
    measure,
    GPU,
    "Matrix product by precision",
    {
        name: FigurePlan("TOP/s" if name == "int8" else "TFLOP/s", quick=2.2, full=4)
        for name in PRECISIONS
    },
)
SWEEP = Family(
    "sweep",
    measure,
    GPU,
    "BF16 product over its size",
    {f"bf16_{size}": FigurePlan("TFLOP/s", full=4) for size in (2048, 4096, 16384)},
)
