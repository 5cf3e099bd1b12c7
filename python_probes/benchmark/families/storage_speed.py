"""The storage family: how fast the disk that holds the benchmark's folder is, with direct I/O.

fio measures where it is installed and works, this process itself where not. Everything happens
in one file without a name; reads and overwrites touch only what was written before, since space
that was reserved and never written reads as zeros at the speed of memory.
"""

from __future__ import annotations

import time
from typing import Any

from ..measuring.context import Workbench
from ..measuring.direct_file import DirectFile
from ..measuring.figure import SkipError
from . import direct_io
from .fio import Fio, FioError
from .storage_job import JOBS

_FILL_SHARE = 0.4  # of the budget, where an earlier figure has not written the file
_LONGEST_REASON = 300


def measure(bench: Workbench, name: str, budget_seconds: float) -> dict[str, Any]:
    """The figure `storage.<name>`, in GB/s or IOPS, with latencies in microseconds.

    Takes about 0.7 times its budget, the first one besides `write` up to all of it. Raises
    SkipError where the disk or the folder does not allow it.
    """
    if name not in JOBS:
        raise SkipError(f"storage.{name}: no such figure")
    end = time.monotonic() + budget_seconds
    file = bench.file
    if name == "write":
        file.allocate()
    elif not file.enough:
        direct_io.fill(file, _FILL_SHARE * budget_seconds)
    file.require_uncached()
    figure = _measure(bench, file, name, end)
    file.require_uncached()
    return figure


def _measure(bench: Workbench, file: DirectFile, name: str, end: float) -> dict[str, Any]:
    job, grow = JOBS[name], name == "write"
    problem = None
    executable = bench.system.which("fio")
    if executable is not None:
        try:
            return Fio(executable, file, job).measure(end - time.monotonic(), grow=grow)
        except FioError as error:
            problem = str(error)[:_LONGEST_REASON]
    by_itself = direct_io.measure_growth if grow else direct_io.measure
    figure = by_itself(job, file, end - time.monotonic())
    if problem is not None:
        figure["parameters"]["fio_problem"] = problem
    return figure
