"""How fast one side reads what the other wrote, where CPU and GPU compute in the same memory."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

from ..measuring.accelerator import Accelerator
from ..measuring.bandwidth import WallClock
from ..measuring.context import BenchmarkContext
from ..measuring.family import GPU, Family, FigurePlan
from ..measuring.figure import SkipError, figure

_SAMPLES = 20
_FEWEST_SAMPLES = 3
_BYTES = 2**29  # larger than any cache of either side
_BUFFERS = 4  # the shared one, what is written into it, and what the check makes
_MASKS = (0, -1)  # in turn, so that every bit is another at each reading
_WORD = 64
_CPU_READS, _GPU_READS = "cpu_reads_gpu", "gpu_reads_cpu"
_DESCRIPTIONS = {
    _CPU_READS: "the CPU reads with all threads (torch.sum of 64-bit integers) what a GPU kernel "
    "wrote",
    _GPU_READS: "the GPU reads (torch.sum of 64-bit integers) what the CPU wrote with all threads",
}


def measure(context: BenchmarkContext, name: str, budget_seconds: float) -> dict[str, Any]:
    """The figure `unified.<name>`; bytes read count once.

    Raises SkipError, and whatever torch raises.
    """
    deadline = time.monotonic() + budget_seconds
    gpu = context.gpu
    if not gpu.unified_memory:
        raise SkipError("the GPU has memory of its own, so CPU and GPU share none")
    context.guard.require(_BUFFERS * _BYTES)
    reader = _Reader(gpu, name)
    reader.seconds(-1)  # wakes the threads, loads the kernels
    begin = time.monotonic()
    seconds: list[float] = []
    while len(seconds) < _SAMPLES and time.monotonic() < deadline:
        seconds.append(reader.seconds(_MASKS[len(seconds) % len(_MASKS)]))
    end = time.monotonic()
    if len(seconds) < _FEWEST_SAMPLES:
        raise SkipError(
            f"{len(seconds)} readings were completed in time, {_FEWEST_SAMPLES} are needed"
        )
    return figure(
        [_BYTES / one / 1e9 for one in seconds],
        f"{_DESCRIPTIONS[name]}; page-locked memory of {_BYTES} bytes that CPU and GPU address "
        "alike (cudaHostAlloc), larger than the caches of both; before each reading the other side "
        "writes all of it anew, with every bit changed, which is not timed; on an integrated GPU "
        "no copy is made: the hardware keeps both coherent, and this is what such a reader gets "
        f"from memory; timed by {reader.timer.clock}; bytes read, 10^9 bytes a GB; each sum "
        "compared with what was written",
        {"buffer_bytes": _BYTES, "unified_memory": gpu.unified_memory},
        begin,
        end,
    )


class _Reader:
    """The shared memory, seen by the side that writes it and by the one that reads it."""

    def __init__(self, gpu: Accelerator, name: str) -> None:
        """Raises SkipError where the memory cannot be shared."""
        torch = gpu.torch
        words = _BYTES // 8
        host = torch.empty(words, dtype=torch.int64, pin_memory=True)
        shared = _on_the_gpu(torch, host)
        self._gpu = gpu
        self._source = torch.empty(words, dtype=torch.int64, device="cuda").random_()
        self._written, self._read = shared, host
        self.timer: Accelerator | WallClock = WallClock()
        if name == _GPU_READS:
            self._source = self._source.to("cpu")
            self._written, self._read = host, shared
            self.timer = gpu
        self._total = int(self._source.sum())

    def seconds(self, mask: int) -> float:
        """What one reading takes, after the other side has written its numbers xor `mask`.

        Raises SkipError where the reader saw something else.
        """
        self._gpu.torch.bitwise_xor(self._source, mask, out=self._written)
        self._gpu.synchronize()
        sums: list[Any] = []
        seconds = self.timer.seconds(lambda: sums.append(self._read.sum()))
        # The complement of x is -x - 1; sums wrap in 64 bits.
        expected = self._total if mask == 0 else -self._total - _BYTES // 8
        if (int(sums[0]) - expected) % 2**_WORD:
            raise SkipError("the sum read is not that of what the other side wrote")
        return seconds


def _on_the_gpu(torch: Any, host: Any) -> Any:
    """A CUDA tensor over the same bytes. Raises SkipError where torch makes a copy of them.

    See the CUDA Array Interface, version 3, in the documentation of Numba. With unified virtual
    addressing the GPU knows what cudaHostAlloc gave by the same pointer: CUDA C++ Programming
    Guide, Unified Virtual Address Space.
    """
    interface = {
        "shape": (host.numel(),),
        "typestr": "<i8",
        "data": (host.data_ptr(), False),
        "strides": None,
        "version": 3,
    }
    shared = torch.as_tensor(SimpleNamespace(__cuda_array_interface__=interface), device="cuda")
    if shared.data_ptr() != host.data_ptr():
        raise SkipError("this torch gives the GPU a copy of page-locked memory, not the memory")
    return shared


FAMILY = Family(
    "unified",
    measure,
    GPU,
    "Unified memory",
    {name: FigurePlan("GB/s", quick=1.2, full=2) for name in _DESCRIPTIONS},
)
