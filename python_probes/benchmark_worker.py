"""The process that measures. One request a line on its input, one answer a line on its output.

A process of its own, because torch, a driver or a disk can hang or crash, and a CUDA error spoils
every later call of its process: the supervisor in benchmark.py kills it and starts another.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

from .accelerator import Accelerator
from .direct_file import DirectFile
from .figure import SkipError
from .fio import Fio, FioError
from .gemm import PRECISIONS, gemm
from .memory_copy import memory_copy
from .memory_guard import MemoryGuard
from .storage_speed import random_read, sequential_read, sequential_write
from .system import System

Measure = Callable[[float], dict[str, Any]]

_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG: see prctl(2)
_LONGEST_REASON = 300


class Workbench:
    """Measures figures by name; `torch` is the module, or why there is none."""

    def __init__(self, torch: Any, directory: Path, scratch: Path, system: System) -> None:
        self._directory = directory
        self._scratch = scratch
        self._system = system
        self._file: DirectFile | None = None
        self._no_torch = torch if isinstance(torch, str) else None
        self.accelerator = None if self._no_torch else Accelerator(torch)

    def ready(self) -> dict[str, Any]:
        """What computes here, for the document's `device` and `build`."""
        if self.accelerator is None:
            return {"device": None, "build": None, "uuid": None, "no_torch": self._no_torch}
        return {
            "device": self.accelerator.describe(),
            "build": self.accelerator.build(),
            "uuid": self.accelerator.uuid,
            "no_torch": None,
        }

    def measure(self, name: str, budget_seconds: float) -> dict[str, Any]:
        """One figure. Raises SkipError, and whatever torch raises."""
        family, _, figure = name.partition(".")
        if family == "storage":
            return self._storage(figure, budget_seconds)
        if self.accelerator is None:
            raise SkipError(f"torch: {self._no_torch}")
        accelerator = self.accelerator
        guard = MemoryGuard(self._system, accelerator.kind == "cuda", accelerator.free_bytes)
        if family == "gemm" and figure in PRECISIONS:
            return gemm(accelerator, guard, figure, budget_seconds)
        if name == "memory.copy":
            return memory_copy(accelerator, guard, self._system, budget_seconds)
        raise SkipError(f"{name}: no such figure")

    def _storage(self, name: str, budget_seconds: float) -> dict[str, Any]:
        if self._file is None:
            self._file = DirectFile(self._directory, self._system)
        file = self._file
        if name != "write" and not file.written:
            raise SkipError("nothing was written that could be read")
        own: dict[str, Measure] = {
            "write": partial(sequential_write, file),
            "read": partial(sequential_read, file),
            "random_read": partial(random_read, file),
        }
        executable = self._system.which("fio")
        if executable is None:
            return own[name](budget_seconds)
        fio = Fio(executable, file, self._scratch)
        with_fio: dict[str, Measure] = {
            "write": fio.sequential_write,
            "read": fio.sequential_read,
            "random_read": fio.random_read,
        }
        try:
            return with_fio[name](budget_seconds)
        except FioError as error:
            figure = own[name](budget_seconds)
            figure["parameters"]["fio_problem"] = str(error)[:_LONGEST_REASON]
            return figure


def serve(bench: Workbench, requests: IO[str], answers: IO[str]) -> None:
    """Answer until the requests end. Each answer holds `figure`, `skipped` or `error`."""

    def answer(content: dict[str, Any]) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    answer({"ready": bench.ready()})
    for line in requests:
        request = json.loads(line)
        try:
            answer({"figure": bench.measure(request["figure"], request["budget"])})
        except SkipError as error:
            answer({"skipped": one_line(error)})
        except Exception as error:  # noqa: BLE001 - torch raises what it likes; one figure is lost
            answer({"error": f"{type(error).__name__}: {one_line(error)}"})


def one_line(error: BaseException) -> str:
    """The message of an error on one line of a bearable length."""
    return " ".join(str(error).split())[:_LONGEST_REASON] or type(error).__name__


def _import_torch() -> Any:
    """The module torch, or why it cannot be imported."""
    try:
        import torch  # noqa: PLC0415 - not in the standard library: see the house rule
    except ImportError as error:
        return f"cannot be imported: {one_line(error)}"
    return torch


def main() -> int:
    """Serve the supervisor on standard input and output."""
    parser = argparse.ArgumentParser(prog="benchmark_worker")
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--no-torch", metavar="REASON")
    options = parser.parse_args()
    # Should the supervisor be killed, no load may go on.
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    # What a library prints must not stand among the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    torch = options.no_torch or _import_torch()
    bench = Workbench(torch, options.directory, options.scratch, System())
    serve(bench, sys.stdin, answers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
