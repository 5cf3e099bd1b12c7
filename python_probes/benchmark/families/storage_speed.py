"""The storage family: how fast the disk that holds the benchmark's folder is, with direct I/O.

fio measures where it is installed and works, this process itself where not. Everything happens
in one file without a name; reads and overwrites touch only what was written before, since space
that was reserved and never written reads as zeros at the speed of memory.
"""

from __future__ import annotations

import time
from typing import Any

from ..measuring.context import BenchmarkContext
from ..measuring.direct_file import DirectFile
from ..measuring.family import STORAGE, Family, FigurePlan
from . import direct_io
from .fio import Fio, FioError
from .storage_job import JOBS, StorageJob

_FILL_SHARE = 0.4  # of the budget, where an earlier figure has not written the file
_LONGEST_REASON = 300


def measure(context: BenchmarkContext, name: str, budget_seconds: float) -> dict[str, Any]:
    """The figure `storage.<name>`, with latencies in microseconds.

    Takes about 0.7 times its budget, the first one besides `write` up to all of it. Raises
    SkipError where the disk or the folder does not allow it.
    """
    end = time.monotonic() + budget_seconds
    file = context.file
    grow = name == "write"
    if grow:
        file.allocate()
    elif not file.enough:
        direct_io.fill(file, _FILL_SHARE * budget_seconds)
    file.require_uncached()
    figure = _measure(context.system.which("fio"), file, JOBS[name], end, grow)
    file.require_uncached()
    return figure


def _measure(
    executable: str | None, file: DirectFile, job: StorageJob, end: float, grow: bool
) -> dict[str, Any]:
    problem = None
    if executable is not None:
        try:
            return Fio(executable, file, job).measure(end - time.monotonic(), grow=grow)
        except FioError as error:
            problem = str(error)[:_LONGEST_REASON]
    figure = direct_io.measure(job, file, end - time.monotonic(), grow=grow)
    if problem is not None:
        figure["parameters"]["fio_problem"] = problem
    return figure


_SEQUENTIAL, _SINGLE, _DEEP = "Disk, sequential", "Disk, 1 request", "Disk, 64 requests"

FAMILY = Family(
    "storage",
    measure,
    STORAGE,
    _SEQUENTIAL,
    {
        "write": FigurePlan("GB/s", quick=2.6, full=5),  # first: the others use its file
        "read": FigurePlan("GB/s", quick=2.6, full=5),
        "write_16_jobs": FigurePlan("GB/s", full=5),
        "read_16_jobs": FigurePlan("GB/s", full=5),
        "random_read": FigurePlan("IOPS", quick=2.6, full=4, chart_group=_SINGLE),
        "random_write": FigurePlan("IOPS", full=4, chart_group=_SINGLE),
        "random_read_64": FigurePlan("IOPS", quick=2.6, full=4, chart_group=_DEEP),
        "random_write_64": FigurePlan("IOPS", full=4, chart_group=_DEEP),
    },
)
