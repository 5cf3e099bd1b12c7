"""Storage speed with direct I/O, by this process itself: the fallback where fio is absent.

Every stream is a thread with one synchronous request under way. The interpreter runs one thread
at a time and lets go of it during a request, so that many small requests can keep it busier than
the disk. `limited_by_tool` says where that is so or to be expected: the figure is a lower bound.
"""

from __future__ import annotations

import mmap
import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ..measuring.direct_file import CHUNK, DirectFile
from ..measuring.figure import SkipError, figure
from .storage_job import StorageJob

_SAMPLES = 12
_SHARE_OF_BUDGET = 0.6
_SHORTEST, _LONGEST = 0.5, 15.0  # seconds
_BUSY = 0.7  # of one core: the interpreter has no more than one for all its threads
_PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}


@dataclass
class _Load:
    """What the streams share; `done` gets when a request ended and how long it took."""

    file: DirectFile
    job: StorageJob
    grow: bool
    end: float = 0.0
    done: list[tuple[float, float]] = field(default_factory=list)

    @property
    def streams(self) -> int:
        """How many threads there are: a depth of requests takes as many."""
        return self.job.jobs * (self.job.depth if self.job.random else 1)

    @property
    def length(self) -> int:
        """Bytes in one request: a sequential one is as long as the whole queue."""
        return self.job.block_bytes * (1 if self.job.random else self.job.depth)

    def offsets(self, stream: int) -> Iterator[int]:
        """Where the requests of one stream go, for ever."""
        length, written = self.length, self.file.written
        if self.grow:  # from where the file ends, and over it again once it has its full length
            yield from range(written // length * length, self.file.limit, length)
            while True:
                yield from range(0, self.file.limit, length)
        if self.job.random:
            choose = random.Random()  # noqa: S311 - offsets, no secret
            while True:
                yield choose.randrange(written // length) * length
        share = written // self.streams // length * length
        while True:
            yield from range(stream * share, (stream + 1) * share, length)


def fill(file: DirectFile, budget_seconds: float) -> None:
    """Write for a while, untimed, so that there is something to read. Raises SkipError."""
    file.allocate()
    end = time.monotonic() + budget_seconds
    last, position = None, file.written // CHUNK * CHUNK
    while position < file.limit and (not file.enough or time.monotonic() < end):
        file.write(position, CHUNK)
        last, position = position, position + CHUNK
        file.written = max(file.written, position)
    if last is not None:
        file.verify(last, CHUNK)


def measure(
    job: StorageJob, file: DirectFile, budget_seconds: float, *, grow: bool = False
) -> dict[str, Any]:
    """A figure over what the file holds. Raises SkipError.

    With `grow` a sequential write makes the file as long as it can.
    """
    load = _Load(file, job, grow)
    seconds = min(max(_SHARE_OF_BUDGET * budget_seconds, _SHORTEST), _LONGEST)
    if seconds > budget_seconds:
        raise SkipError(f"{budget_seconds:.1f} s are too little time for this figure")
    before = os.times()
    begin = time.monotonic()
    load.end = begin + seconds
    with ThreadPoolExecutor(load.streams) as pool:
        for _ in pool.map(lambda stream: _stream(load, stream), range(load.streams)):
            pass  # raises what a stream has raised
    after = os.times()
    times = sorted(at for at, _ in load.done)
    ended = times[-1]  # comparing afterwards is not timed
    rates = _windows(times, begin, seconds / _SAMPLES)
    job, length = load.job, load.length
    busy = (after.user + after.system - before.user - before.system) / (ended - begin)
    return figure(
        rates if job.random else [rate * length / 1e9 for rate in rates],
        f"{job.words}, in Python with O_DIRECT (fio is not used): threads ({load.streams}), each "
        f"with one synchronous request of {length} bytes under way; random data, an unnamed file; "
        "median over equal windows of time" + ("" if job.random else "; 10^9 bytes a GB"),
        {
            "tool": "python",
            **load.file.describe(),
            "block_bytes": length,
            "jobs": job.jobs,
            "queue_depth": job.depth if job.random else 1,
            "bytes_moved": len(load.done) * length,
            "cpu_share": round(busy, 3),
            "limited_by_tool": busy > _BUSY or (job.random and load.streams > 1),
        },
        begin,
        ended,
    ) | {"latency_microseconds": percentiles([took for _, took in load.done])}


def _stream(load: _Load, stream: int) -> None:
    """One request after another until the time is over. Raises SkipError."""
    file, length = load.file, load.length
    try:
        with mmap.mmap(-1, length) as target:
            now = time.monotonic()
            for offset in load.offsets(stream):
                if load.job.write:
                    file.write(offset, length)
                else:
                    file.read(offset, target)
                began, now = now, time.monotonic()
                load.done.append((now, now - began))
                if load.grow:
                    file.written = max(file.written, offset + length)
                if now >= load.end:
                    break
        if load.grow:
            file.verify(offset, length)
    finally:
        load.end = 0.0  # the time is over, or one has failed: the others stop too


def _windows(times: list[float], begin: float, window: float) -> list[float]:
    """Requests a second in each window; one ends with the request that passes its time.

    So a slow disk gives fewer windows, and none of them is cut in the middle of a request.
    """
    samples = []
    count, start = 0, begin
    for at in times:
        count += 1
        if at - start >= window:
            samples.append(count / (at - start))
            count, start = 0, at
    return samples


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Latencies in microseconds by percentile, each the value of the request that reaches it."""
    ordered = sorted(seconds)
    last = len(ordered) - 1
    return {
        name: round(ordered[min(last, int(share * len(ordered)))] * 1e6, 1)
        for name, share in _PERCENTILES.items()
    }
