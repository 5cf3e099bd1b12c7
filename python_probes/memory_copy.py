"""Memory bandwidth: a copy from one large buffer into another."""

from __future__ import annotations

import re
import time
from typing import Any

from .accelerator import Accelerator
from .figure import SkipError, figure, time_samples
from .memory_guard import MemoryGuard
from .system import System

_SAMPLES = 20
_SAMPLE_SECONDS = 0.08
_TIMES_CACHE = 8  # so that what a cache still holds of the last copy is a small part
_SMALLEST = {"cuda": 2**30, "cpu": 2**28}  # bytes of one buffer
_LARGEST = {"cuda": 2**32, "cpu": 2**30}
_CACHE_FOLDER = "/sys/devices/system/cpu"


def memory_copy(
    accelerator: Accelerator, guard: MemoryGuard, system: System, budget_seconds: float
) -> dict[str, Any]:
    """The figure `memory.copy` in GB/s: every byte counts twice, once read and once written.

    Raises SkipError, and whatever torch raises.
    """
    cache = accelerator.cache_bytes if accelerator.kind == "cuda" else last_level_cache(system)
    size = max(_SMALLEST[accelerator.kind], min(_LARGEST[accelerator.kind], cache * _TIMES_CACHE))
    if size < 2 * cache:
        raise SkipError(
            f"a buffer of {size} bytes is not much larger than the cache of {cache} bytes"
        )
    guard.require(2 * size)
    try:
        return _measure(accelerator, size, cache, budget_seconds)
    finally:
        accelerator.release()


def _measure(
    accelerator: Accelerator, size: int, cache: int, budget_seconds: float
) -> dict[str, Any]:
    torch = accelerator.torch
    words = size // 8
    source = torch.empty(words, dtype=torch.int64, device=accelerator.kind).random_()
    target = torch.zeros(words, dtype=torch.int64, device=accelerator.kind)

    def copy(repetitions: int) -> None:
        for _ in range(repetitions):
            target.copy_(source)

    accelerator.warm_up(lambda: copy(1))
    target.zero_()
    accelerator.synchronize()
    begin = time.monotonic()
    seconds, repetitions = time_samples(
        lambda count: accelerator.seconds(lambda: copy(count)),
        _SAMPLE_SECONDS,
        _SAMPLES,
        budget_seconds,
    )
    end = time.monotonic()
    if not bool(torch.equal(source, target)):
        raise SkipError("the copy differs from what was copied")
    measured = figure(
        [2 * size / one / 1e9 for one in seconds],
        "GB/s",
        f"torch copy_ of {size} bytes of random data between two buffers on one device, timed by "
        f"{accelerator.clock} over {repetitions} copies a sample, after a warm-up; bytes read plus "
        "bytes written, 10^9 bytes a GB; the copy compared with its source at the end",
        {
            "buffer_bytes": size,
            "cache_bytes": cache,
            "repetitions_per_sample": repetitions,
        },
        end - begin,
    )
    return {**measured, "window": [begin, end]}


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
