"""Storage speed with direct I/O, by fio. https://fio.readthedocs.io/en/latest/fio_doc.html"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .direct_file import DirectFile
from .figure import SkipError, figure

_ENGINES = ("io_uring", "libaio")
_RUN_SECONDS = 3
_LOG_MILLISECONDS = 200
_GRACE_SECONDS = 10.0

_KIB = 1024


@dataclass(frozen=True)
class _Job:
    """What one run of fio does; `log` names what it logs: `bw` in KiB/s or `iops`."""

    mode: str
    block: str
    depth: int
    log: str


_WRITE = _Job("write", "1M", 16, "bw")
_READ = _Job("read", "1M", 16, "bw")
_RANDOM_READ = _Job("randread", "4k", 1, "iops")


class FioError(SkipError):
    """fio itself does not work here; the storage may still be measured without it."""


class Fio:
    """One fio executable on one file; the engine is the first of io_uring and libaio that works."""

    def __init__(self, executable: str, file: DirectFile, scratch: Path) -> None:
        self._executable = executable
        self._file = file
        self._scratch = scratch
        self._engine: str | None = None

    def sequential_write(self, budget_seconds: float) -> dict[str, Any]:
        """The figure `storage.write` in GB/s. Raises SkipError."""
        self._file.allocate()
        measured = self._measure(_WRITE, self._file.size, budget_seconds)
        self._file.require_uncached()
        return measured

    def sequential_read(self, budget_seconds: float) -> dict[str, Any]:
        """The figure `storage.read` in GB/s. Raises SkipError."""
        self._file.require_uncached()
        return self._measure(_READ, self._file.written, budget_seconds)

    def random_read(self, budget_seconds: float) -> dict[str, Any]:
        """The figure `storage.random_read` in IOPS: 4 KiB, one read at a time. Raises SkipError."""
        self._file.require_uncached()
        return self._measure(_RANDOM_READ, self._file.written, budget_seconds)

    def _measure(self, job: _Job, size: int, budget_seconds: float) -> dict[str, Any]:
        """A figure over the first `size` bytes of the file. Raises SkipError."""
        seconds = int(min(_RUN_SECONDS, budget_seconds - 1))
        if seconds < 1:
            raise SkipError("no second is left for fio in this figure's time")
        failures = []
        for engine in (self._engine,) if self._engine else _ENGINES:
            begin = time.monotonic()
            try:
                logged, result = self._run(job, engine, size, seconds)
            except _EngineError as error:
                failures.append(f"{engine}: {error}")
                continue
            self._engine = engine
            if job.mode == "write":
                self._file.written = min(size, result["io_bytes"])
            return self._figure(job, logged, result) | {"window": [begin, time.monotonic()]}
        raise FioError(f"fio: {'; '.join(failures)}")

    def _figure(self, job: _Job, logged: list[float], result: dict[str, Any]) -> dict[str, Any]:
        bandwidth = job.log == "bw"
        return figure(
            [one * _KIB / 1e9 for one in logged] if bandwidth else logged,
            "GB/s" if bandwidth else "IOPS",
            f"fio {job.mode}, direct=1, {self._engine}, {job.block} blocks, queue depth "
            f"{job.depth}, random data, an unnamed file; median of averages over "
            f"{_LOG_MILLISECONDS} ms each" + ("; 10^9 bytes a GB" if bandwidth else ""),
            {
                "tool": result["version"],
                "direct": True,
                "engine": self._engine,
                "block": job.block,
                "queue_depth": job.depth,
                "file_bytes": self._file.written,
                "file_system": self._file.file_system,
                "bytes_moved": result["io_bytes"],
                "mean_bytes_per_second": result["bw_bytes"],
            },
            result["runtime"] / 1000,
        )

    def _run(
        self, job: _Job, engine: str, size: int, seconds: int
    ) -> tuple[list[float], dict[str, Any]]:
        """What fio logged, and its result. Raises SkipError and _EngineError."""
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            command = [
                self._executable,
                "--name=storage",
                f"--filename={self._file.path}",
                f"--size={size}",
                f"--rw={job.mode}",
                f"--bs={job.block}",
                f"--iodepth={job.depth}",
                f"--ioengine={engine}",
                "--direct=1",
                "--overwrite=1",  # else fio removes the file it is given and makes another
                "--time_based",
                f"--runtime={seconds}",
                "--thread",  # one process, so that none is left when it is killed
                f"--write_{job.log}_log={folder}/log",
                f"--log_avg_msec={_LOG_MILLISECONDS}",
                "--output-format=json",
            ]
            try:
                process = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=seconds + _GRACE_SECONDS,
                    cwd=folder,
                    env={**os.environ, "LC_ALL": "C"},
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise SkipError(f"fio did not end {_GRACE_SECONDS:g} s after its time") from None
            except OSError as error:
                raise FioError(f"fio cannot be started: {error.strerror}") from error
            result = _result(process, "write" if job.mode == "write" else "read")
            log = Path(folder) / f"log_{job.log}.1.log"
            try:
                lines = log.read_text(encoding="ascii").splitlines()
                return [float(line.split(",")[1]) for line in lines if line], result
            except (OSError, ValueError, IndexError) as error:
                raise _EngineError(f"wrote no log ({error})") from error


class _EngineError(Exception):
    """The job did not run; with another engine it may."""


def _result(process: subprocess.CompletedProcess[bytes], direction: str) -> dict[str, Any]:
    """The part of fio's JSON answer that a figure needs. Raises _EngineError."""
    text = process.stdout.decode("utf-8", "replace")
    errors = process.stderr.decode("utf-8", "replace").strip().splitlines()
    try:
        # Warnings may stand before the object.
        answer = json.loads(text[text.index("{") :])
        job = answer["jobs"][0]
        if process.returncode != 0 or job["error"]:
            raise _EngineError(errors[0] if errors else f"error {job['error']}")
        part = job[direction]
        return {
            "version": str(answer["fio version"]),
            "io_bytes": int(part["io_bytes"]),
            "bw_bytes": int(part["bw_bytes"]),
            "runtime": int(part["runtime"]),
        }
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise _EngineError(errors[0] if errors else "printed no result") from error
