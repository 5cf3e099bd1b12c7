"""Storage speed with direct I/O, by this process itself: the fallback where fio is absent."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from typing import Any

from .direct_file import BLOCK, SMALL_BLOCK, DirectFile
from .figure import figure

_SAMPLES = 12
_TIMED_SECONDS = 2.4
_METHOD = "in Python, one thread, synchronous preadv and pwritev with O_DIRECT"


def sequential_write(file: DirectFile, budget_seconds: float) -> dict[str, Any]:
    """The figure `storage.write` in GB/s. Raises SkipError."""
    measured = _sequential(file, file.write_block, budget_seconds, file.size)
    os.fdatasync(file.descriptor)
    file.require_uncached()
    return measured(
        f"sequential write of {BLOCK}-byte blocks {_METHOD} (fio is not used); random data; over "
        "an unnamed file from its start, again and again; 10^9 bytes a GB; median over equal "
        "windows of time",
    )


def sequential_read(file: DirectFile, budget_seconds: float) -> dict[str, Any]:
    """The figure `storage.read` in GB/s. Raises SkipError."""
    file.require_uncached()
    file.verify_block(0)
    measured = _sequential(file, file.read_block, budget_seconds, file.written)
    file.require_uncached()
    return measured(
        f"sequential read of {BLOCK}-byte blocks {_METHOD} (fio is not used); over what was "
        "written before, again and again; 10^9 bytes a GB; median over equal windows of time",
    )


def random_read(file: DirectFile, budget_seconds: float) -> dict[str, Any]:
    """The figure `storage.random_read` in IOPS: 4 KiB, one read at a time. Raises SkipError."""
    file.require_uncached()
    choose = random.Random(file.written)  # noqa: S311 - offsets, no secret
    blocks = file.written // SMALL_BLOCK
    samples, begin, end, total = _windows(
        lambda _: file.read_block(choose.randrange(blocks) * SMALL_BLOCK, SMALL_BLOCK),
        budget_seconds,
    )
    return figure(
        samples,
        "IOPS",
        f"random read of {SMALL_BLOCK}-byte blocks {_METHOD} (fio is not used), one at a time, "
        "over what was written before; median over equal windows of time",
        {
            "tool": "python",
            "direct": True,
            "block_bytes": SMALL_BLOCK,
            "queue_depth": 1,
            "file_bytes": file.written,
            "file_system": file.file_system,
            "operations": total,
        },
        end - begin,
    ) | {"window": [begin, end]}


def _sequential(
    file: DirectFile, move: Callable[[int], None], budget_seconds: float, size: int
) -> Callable[[str], dict[str, Any]]:
    """Move blocks for a while; the figure still wants its method text. Raises SkipError."""
    blocks = size // BLOCK
    samples, begin, end, total = _windows(
        lambda count: move(count % blocks * BLOCK), budget_seconds
    )

    def finish(method: str) -> dict[str, Any]:
        return figure(
            [one * BLOCK / 1e9 for one in samples],
            "GB/s",
            method,
            {
                "tool": "python",
                "direct": True,
                "block_bytes": BLOCK,
                "queue_depth": 1,
                "file_bytes": size,
                "file_system": file.file_system,
                "bytes_moved": total * BLOCK,
            },
            end - begin,
        ) | {"window": [begin, end]}

    return finish


def _windows(
    operate: Callable[[int], None], budget_seconds: float
) -> tuple[list[float], float, float, int]:
    """Operations a second in each window, when the first began and the last ended, and the count.

    A window ends with the operation that passes its time, so a slow disk gives fewer of them.
    """
    limit = min(_TIMED_SECONDS, budget_seconds)
    window = limit / _SAMPLES
    samples = []
    count = done = 0
    begin = start = now = time.monotonic()
    while now - begin < limit:
        operate(count)
        count += 1
        now = time.monotonic()
        if now - start >= window:
            samples.append((count - done) / (now - start))
            done, start = count, now
    return samples, begin, now, count
