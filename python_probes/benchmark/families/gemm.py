"""Matrix multiplication throughput (GEMM), by precision, and by size for the sweep."""

from __future__ import annotations

import time
from typing import Any

from ..measuring.bursts import FLUSH_BYTES, burst_figure
from ..measuring.context import Workbench
from .matrix_product import MatrixProduct, matmul_precision, memory_bytes, require_supported

_SIZE = 8192


def measure(bench: Workbench, name: str, budget_seconds: float) -> dict[str, Any]:
    """The figure `gemm.<precision>` or `sweep.<precision>_<size>`, in TFLOP/s or TOP/s.

    Raises SkipError, and whatever torch raises.
    """
    deadline = time.monotonic() + budget_seconds
    accelerator = bench.gpu
    precision, _, given = name.partition("_")
    size = int(given or _SIZE)
    require_supported(accelerator, precision)
    bench.guard.require(memory_bytes(precision, size) + FLUSH_BYTES)
    try:
        with matmul_precision(accelerator.torch, precision):
            load = MatrixProduct(accelerator, precision, size)
            return burst_figure(accelerator, load, deadline)
    finally:
        accelerator.release()
