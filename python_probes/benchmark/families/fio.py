"""Storage speed with direct I/O, by fio. https://fio.readthedocs.io/en/latest/fio_doc.html

A figure is the median of a few short runs, each read from the JSON on standard output: fio writes
no file but the one it measures on.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...core.parent_death import die_with_parent
from ..measuring.direct_file import DirectFile
from ..measuring.figure import SkipError, figure
from .storage_job import StorageJob

_ENGINES = ("io_uring", "libaio")
_OLDEST = (3, 16)  # its JSON and its times in milliseconds are those read and written here
_RUNS, _FEWEST_RUNS = 5, 3
_SHARE_OF_BUDGET = 0.6
_START_SECONDS = 0.3  # what a run costs beside its time
_SHORTEST, _LONGEST = 0.25, 3.0  # seconds of one run
_GRACE_SECONDS = 10.0
_BUSY_PERCENT = 90  # of the core that one job runs on
_PERCENTILES = {
    "p50": "50.000000",
    "p95": "95.000000",
    "p99": "99.000000",
    "p99_9": "99.900000",
}
_BLOCK = 4096


class FioError(SkipError):
    """fio itself does not work here; the storage may still be measured without it."""


@dataclass(frozen=True)
class _Run:
    """The result of one run of fio; `rate` is in GB/s or IOPS."""

    version: str
    rate: float
    moved_bytes: int
    seconds: float
    cpu_percent: float
    latency_microseconds: dict[str, float]


@dataclass
class Fio:
    """One kind of load on one file, by one fio; `measure` gives the figure."""

    executable: str
    file: DirectFile
    job: StorageJob

    def measure(self, budget_seconds: float, *, grow: bool = False) -> dict[str, Any]:
        """A figure over what the file holds. Raises SkipError, and FioError where fio is at fault.

        With `grow` a sequential write makes the file longer, each run where the last one ended.
        """
        share = _SHARE_OF_BUDGET * budget_seconds / _RUNS - _START_SECONDS
        seconds = min(max(share, _SHORTEST), _LONGEST)
        if _FEWEST_RUNS * (seconds + _START_SECONDS) > budget_seconds:
            raise SkipError(f"{budget_seconds:.1f} s are too little time for this figure")
        begin = time.monotonic()
        failures = []
        for engine in _ENGINES:
            try:
                runs = self._runs(engine, seconds, begin + budget_seconds, grow)
            except FioError as error:  # noqa: PERF203 - two engines
                failures.append(f"{engine}: {error}")
            else:
                return self._figure(engine, runs, begin)
        raise FioError(f"fio: {'; '.join(failures)}")

    def _runs(self, engine: str, seconds: float, deadline: float, grow: bool) -> list[_Run]:
        """Runs until the deadline. Raises SkipError, and FioError where one fails."""
        runs: list[_Run] = []
        for start, length in self._growing() if grow else self._shares():
            late = time.monotonic() + seconds + _START_SECONDS > deadline
            if len(runs) >= _FEWEST_RUNS and late:
                break
            run = self._run(engine, start, length, seconds)
            runs.append(run)
            if grow:
                # What was under way at the end may be missing.
                done = min(length, run.moved_bytes - self.job.depth * self.job.block_bytes)
                self.file.written = max(self.file.written, (start + done) // _BLOCK * _BLOCK)
        return runs

    def _growing(self) -> Iterator[tuple[int, int]]:
        """A fifth of the file at a time, from where the data ends, and from the start again."""
        length = self.file.limit // _RUNS // self.job.block_bytes * self.job.block_bytes
        for _ in range(_RUNS):
            start = self.file.written // self.job.block_bytes * self.job.block_bytes
            yield (start if start + length <= self.file.limit else 0), length

    def _shares(self) -> Iterator[tuple[int, int]]:
        """Where a run begins and how much of the file one of its jobs moves in."""
        written, block = self.file.written, self.job.block_bytes
        for run in range(_RUNS):
            if self.job.random:
                yield 0, written // block * block
            elif self.job.jobs > 1:
                yield 0, written // self.job.jobs // block * block
            else:
                length = written // _RUNS // block * block
                yield run * length, length

    def _figure(self, engine: str, runs: list[_Run], begin: float) -> dict[str, Any]:
        job = self.job
        ordered = sorted(runs, key=lambda run: run.rate)
        median = ordered[len(ordered) // 2]
        return figure(
            [run.rate for run in runs],
            f"fio: {job.words}, direct=1, {engine}, queue depth {job.depth}"
            f"{' in each job' if job.jobs > 1 else ''}, random data, an unnamed file; median of "
            f"{len(runs)} runs; latency is clat of the median run"
            + ("" if job.random else "; 10^9 bytes a GB"),
            {
                "tool": median.version,
                "engine": engine,
                **self.file.describe(),
                "block_bytes": job.block_bytes,
                "jobs": job.jobs,
                "queue_depth": job.depth,
                "bytes_moved": sum(run.moved_bytes for run in runs),
                "cpu_share": round(median.cpu_percent / 100, 3),
                "limited_by_tool": median.cpu_percent > _BUSY_PERCENT,
            },
            begin,
            time.monotonic(),
        ) | {
            "duration_seconds": sum(run.seconds for run in runs),
            "latency_microseconds": median.latency_microseconds,
        }

    def _run(self, engine: str, start: int, length: int, seconds: float) -> _Run:
        """One run. Raises SkipError, and FioError where fio is at fault."""
        job = self.job
        direction = "write" if job.write else "read"
        command = [
            self.executable,
            "--name=storage",
            f"--filename={self.file.path}",
            f"--rw={'rand' if job.random else ''}{direction}",
            f"--bs={job.block_bytes}",
            f"--iodepth={job.depth}",
            f"--ioengine={engine}",
            f"--offset={start}",
            f"--size={length}",
            f"--offset_increment={length}",
            f"--numjobs={job.jobs}",
            "--group_reporting",
            "--direct=1",
            "--overwrite=1",  # else fio removes the file it is given and makes another
            "--allow_file_create=0",
            "--randrepeat=0",  # else every run asks for the same blocks, which the disk remembers
            "--time_based",
            f"--runtime={seconds * 1000:.0f}ms",
            "--thread",  # one process, so that none is left when it is killed
            "--percentile_list=50:95:99:99.9",
            "--eta=never",
            "--output-format=json",
        ]
        try:
            process = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds + _GRACE_SECONDS,
                cwd="/",
                env={**os.environ, "LC_ALL": "C"},
                check=False,
                preexec_fn=die_with_parent,
            )
        except subprocess.TimeoutExpired:
            raise SkipError(f"fio did not end {_GRACE_SECONDS:g} s after its time") from None
        except OSError as error:
            raise FioError(f"cannot be started: {error.strerror}") from error
        return _parse(process, direction, job.random)


def _parse(process: subprocess.CompletedProcess[bytes], direction: str, random: bool) -> _Run:
    """The part of fio's JSON answer that a figure needs. Raises FioError."""
    text = process.stdout.decode("utf-8", "replace")
    errors = process.stderr.decode("utf-8", "replace").strip().splitlines()
    try:
        # Warnings may precede the object.
        answer = json.loads(text[text.index("{") :])
        version = str(answer["fio version"])
        numbers = re.match(r"fio-(\d+)\.(\d+)", version)
        if numbers and (int(numbers[1]), int(numbers[2])) < _OLDEST:
            raise FioError(f"{version} is older than fio-{_OLDEST[0]}.{_OLDEST[1]}")
        job = answer["jobs"][0]
        if process.returncode != 0 or job["error"]:
            raise FioError(errors[0] if errors else f"error {job['error']}")
        part = job[direction]
        latency = part["clat_ns"]["percentile"]
        return _Run(
            version=version,
            rate=float(part["iops"]) if random else part["bw_bytes"] / 1e9,
            moved_bytes=int(part["io_bytes"]),
            seconds=part["runtime"] / 1000,
            cpu_percent=float(job["usr_cpu"]) + float(job["sys_cpu"]),
            latency_microseconds={name: latency[key] / 1000 for name, key in _PERCENTILES.items()},
        )
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise FioError(errors[0] if errors else "printed no result") from error
