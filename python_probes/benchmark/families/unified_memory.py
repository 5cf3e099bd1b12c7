"""How fast one side reads what the other wrote, where CPU and GPU compute in the same memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..measuring.accelerator import Accelerator
from ..measuring.bandwidth import wall_seconds
from ..measuring.context import BenchmarkContext
from ..measuring.family import GPU, Family, FigurePlan
from ..measuring.figure import SkipError, figure

_SAMPLES = 20
_FEWEST_SAMPLES = 3
_BYTES = 2**29  # larger than any cache of either side
_BUFFERS = 4  # the shared one, what is written into it, and what the check makes
_MASKS = (0, -1)  # in turn, so that every bit is another at each reading
_WORD = 64


def measure(context: BenchmarkContext, name: str, budget_seconds: float) -> dict[str, Any]:
    """The figure `unified.<name>`. Raises SkipError, and whatever torch raises."""
    deadline = time.monotonic() + budget_seconds
    gpu = context.gpu
    if not gpu.unified_memory:
        raise SkipError("the GPU has memory of its own, so CPU and GPU share none")
    context.guard.require(_BUFFERS * _BYTES)
    return read_of_the_other(gpu, name, deadline)


@dataclass(frozen=True)
class _Direction:
    """Who writes and who reads. `write(mask)` fills the shared memory; `read()` gives its sum."""

    description: str
    clock: str
    write: Callable[[int], object]
    read: Callable[[], Any]
    seconds: Callable[[Callable[[], object]], float]
    total: int


def read_of_the_other(gpu: Accelerator, name: str, deadline: float) -> dict[str, Any]:
    """The figure, on any GPU: on one with memory of its own, the link between both is measured.

    Bytes read count once. Raises SkipError, and whatever torch raises.
    """
    words = _BYTES // 8
    try:
        direction = _DIRECTIONS[name](gpu, words)
        _written_and_read(direction, words, -1, gpu)  # wakes the threads, loads the kernels
        begin = time.monotonic()
        seconds: list[float] = []
        while len(seconds) < _SAMPLES and time.monotonic() < deadline:
            mask = _MASKS[len(seconds) % len(_MASKS)]
            seconds.append(_written_and_read(direction, words, mask, gpu))
        end = time.monotonic()
    finally:
        gpu.release()
    if len(seconds) < _FEWEST_SAMPLES:
        raise SkipError(f"{len(seconds)} readings were completed in time, 3 are needed")
    measured = figure(
        [_BYTES / one / 1e9 for one in seconds],
        f"{direction.description}; page-locked memory of {_BYTES} bytes that CPU and GPU address "
        "alike (cudaHostAlloc), larger than the caches of both; before each reading the other side "
        "writes all of it anew, with every bit changed, which is not timed; on an integrated GPU "
        "no copy is made: the hardware keeps both coherent, and this is what such a reader gets "
        f"from memory; timed by {direction.clock}; bytes read, 10^9 bytes a GB; each sum compared "
        "with what was written",
        {"buffer_bytes": _BYTES, "unified_memory": gpu.unified_memory},
        end - begin,
    )
    return {**measured, "window": [begin, end]}


def _written_and_read(direction: _Direction, words: int, mask: int, gpu: Accelerator) -> float:
    """The seconds of one reading. Raises SkipError where it saw something else than was written."""
    direction.write(mask)
    gpu.synchronize()
    found: list[Any] = []
    seconds = direction.seconds(lambda: found.append(direction.read()))
    # The complement of x is -x - 1; sums wrap in 64 bits.
    wanted = direction.total if mask == 0 else -direction.total - words
    if (int(found[0]) - wanted) % 2**_WORD:
        raise SkipError("the sum read is not that of what the other side wrote")
    return seconds


def _cpu_reads_gpu(gpu: Accelerator, words: int) -> _Direction:
    torch = gpu.torch
    host = torch.empty(words, dtype=torch.int64, pin_memory=True)
    shared = _on_the_gpu(torch, host)
    source = torch.empty(words, dtype=torch.int64, device="cuda").random_()
    return _Direction(
        "the CPU reads with all threads (torch.sum of 64-bit integers) what a GPU kernel wrote",
        "the monotonic wall clock",
        lambda mask: torch.bitwise_xor(source, mask, out=shared),
        host.sum,
        wall_seconds,
        int(source.sum()),
    )


def _gpu_reads_cpu(gpu: Accelerator, words: int) -> _Direction:
    torch = gpu.torch
    host = torch.empty(words, dtype=torch.int64, pin_memory=True)
    shared = _on_the_gpu(torch, host)
    source = torch.empty(words, dtype=torch.int64, device="cuda").random_().to("cpu")
    return _Direction(
        "the GPU reads (torch.sum of 64-bit integers) what the CPU wrote with all threads",
        gpu.clock,
        lambda mask: torch.bitwise_xor(source, mask, out=host),
        shared.sum,
        gpu.seconds,
        int(source.sum()),
    )


_DIRECTIONS = {"cpu_reads_gpu": _cpu_reads_gpu, "gpu_reads_cpu": _gpu_reads_cpu}


class _Address:
    """Memory of the host, as other libraries offer theirs to torch.

    See the CUDA Array Interface, version 3, in the documentation of Numba. With unified virtual
    addressing the GPU knows what cudaHostAlloc gave by the same pointer: CUDA C++ Programming
    Guide, Unified Virtual Address Space.
    """

    def __init__(self, pointer: int, words: int) -> None:
        self.__cuda_array_interface__ = {
            "shape": (words,),
            "typestr": "<i8",
            "data": (pointer, False),
            "strides": None,
            "version": 3,
        }


def _on_the_gpu(torch: Any, host: Any) -> Any:
    """A CUDA tensor over the same bytes. Raises SkipError where torch makes a copy of them."""
    shared = torch.as_tensor(_Address(host.data_ptr(), host.numel()), device="cuda")
    if shared.data_ptr() != host.data_ptr():
        raise SkipError("this torch gives the GPU a copy of page-locked memory, not the memory")
    return shared


FAMILY = Family(
    "unified",
    measure,
    GPU,
    "Unified memory",
    {name: FigurePlan("GB/s", quick=1.2, full=2) for name in _DIRECTIONS},
)
