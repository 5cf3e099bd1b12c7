"""STREAM's copy and triad on the CPU: see John McCalpin, www.cs.virginia.edu/stream.

Counted as there: every array once. What a cache reads of a line before it is written anew (write
allocate) is traffic that the memory has and no program asked for, and is not counted.
"""

from __future__ import annotations

import math
import re
from typing import Any

from ...core.system import System
from ..measuring.bandwidth import Traffic, WallClock, bandwidth, triad
from ..measuring.context import BenchmarkContext
from ..measuring.figure import SkipError

BUFFERS = {"copy": 2, "triad": 3}
_SAMPLES = 15
_SAMPLE_SECONDS = 0.05
_TIMES_CACHE = 4  # STREAM's rule for each array
_SMALLEST, _LARGEST = 2**28, 2**32  # bytes of one buffer; less where memory is short
_ROUND = 2**20
_ROW = 1024  # numbers
_SEED = 20260404
_CACHE_FOLDER = "/sys/devices/system/cpu"


def stream_bytes(context: BenchmarkContext, name: str) -> tuple[int, int]:
    """Bytes of one buffer and of the last-level caches.

    Raises SkipError where memory is too short for buffers that no cache can hold.
    """
    buffers = BUFFERS[name]
    cache = last_level_cache(context.system)
    best = min(_LARGEST, max(_SMALLEST, cache * _TIMES_CACHE))
    fitting = context.host_guard.allocatable() // (buffers + 1)  # one more for what the check makes
    size = min(best, fitting) // _ROUND * _ROUND
    if size < max(2 * cache, _ROUND):
        raise SkipError(
            f"{buffers} buffers of {max(size, 0)} bytes fit in memory, not much larger than the "
            f"caches of {cache} bytes"
        )
    return size, cache


def stream_figure(
    torch: Any, name: str, size: int, threads: int, deadline: float
) -> dict[str, Any]:
    """The figure of `copy` or `triad` over float32 arrays of `size` bytes. Raises SkipError."""
    return bandwidth(
        _traffic(torch, name, size, threads),
        WallClock(),
        sample_seconds=_SAMPLE_SECONDS,
        samples=_SAMPLES,
        deadline=deadline,
        parameters={"buffer_bytes": size, "threads": threads},
    )


def _traffic(torch: Any, name: str, size: int, threads: int) -> Traffic:
    # Each thread first touches what it will work on, so that it lies in memory near to it.
    target = torch.full((size // 4,), math.nan, dtype=torch.float32)
    generator = torch.Generator().manual_seed(_SEED)
    sources = [_random(torch, size // 4, generator) for _ in range(BUFFERS[name] - 1)]
    counted = f", {threads} threads; counted as STREAM does: "
    if name == "triad":
        counted += "two arrays read plus one written, no write-allocate traffic"
        return triad(torch, target, sources[0], sources[1], counted)
    return Traffic(
        f"torch copy_ of random float32 arrays of {size} bytes each{counted}"
        "one array read plus one written, no write-allocate traffic",
        2 * size,
        lambda: target.copy_(sources[0]),
        lambda: target.fill_(math.nan),
        lambda: bool(torch.equal(target, sources[0])),
    )


def _random(torch: Any, words: int, generator: Any) -> Any:
    """Numbers from 0 to 1: products, since a CPU draws random numbers with one thread only."""
    numbers = torch.empty(words, dtype=torch.float32)
    column = torch.rand((words // _ROW, 1), generator=generator)
    torch.mul(column, torch.rand((1, _ROW), generator=generator), out=numbers.view(-1, _ROW))
    return numbers


def last_level_cache(system: System) -> int:
    """Bytes of all last-level CPU caches together; 0 where sysfs does not say.

    See Documentation/ABI/testing/sysfs-devices-system-cpu: caches shared by several CPUs appear
    below each, so one is counted per `shared_cpu_list`.
    """
    levels: dict[int, dict[str, int]] = {}
    for cpu in system.list(_CACHE_FOLDER):
        if not re.fullmatch(r"cpu\d+", cpu):
            continue
        for index in system.list(f"{_CACHE_FOLDER}/{cpu}/cache"):
            folder = f"{_CACHE_FOLDER}/{cpu}/cache/{index}"
            level = system.read_integer(f"{folder}/level")
            size = re.fullmatch(r"(\d+)([KM]?)", system.read(f"{folder}/size") or "")
            if level is None or size is None:
                continue
            unit = {"": 1, "K": 2**10, "M": 2**20}[size[2]]
            shared = system.read(f"{folder}/shared_cpu_list") or cpu
            levels.setdefault(level, {})[shared] = int(size[1]) * unit
    return sum(levels[max(levels)].values()) if levels else 0
