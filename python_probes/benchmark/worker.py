"""The process that measures. One request a line on its input, one answer a line on its output.

A process of its own, because torch, a driver or a disk can hang or crash, and a CUDA error spoils
every later call of its process: the supervisor (worker_session.py) kills it and starts another.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from pathlib import Path
from typing import IO, Any

from ..core.parent_death import die_with_parent
from ..core.system import System
from .families.registry import FAMILIES
from .measuring.context import BenchmarkContext
from .measuring.figure import SkipError

_LONGEST_REASON = 300


def serve(context: BenchmarkContext, requests: IO[str], answers: IO[str]) -> None:
    """Answer until the requests end. Each answer holds `figure`, `skipped` or `error`."""

    def answer(content: dict[str, Any]) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    answer({"ready": context.ready()})
    for line in requests:
        request = json.loads(line)
        try:
            answer({"figure": _measure(context, request["figure"], request["budget"])})
        except SkipError as error:
            answer({"skipped": one_line(error)})
        except Exception as error:  # noqa: BLE001 - torch raises what it likes; one figure is lost
            answer({"error": f"{type(error).__name__}: {one_line(error)}"})


def _measure(context: BenchmarkContext, name: str, budget_seconds: float) -> dict[str, Any]:
    """One figure. Raises SkipError, and whatever torch raises."""
    context.release()
    family, _, figure = name.partition(".")
    return FAMILIES[family].measure(context, figure, budget_seconds)


def one_line(error: BaseException) -> str:
    """The message of an error on one line of a bearable length."""
    return " ".join(str(error).split())[:_LONGEST_REASON] or type(error).__name__


def main() -> int:
    """Serve the supervisor on standard input and output."""
    parser = argparse.ArgumentParser(prog="benchmark_worker")
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--no-torch", metavar="REASON")
    options = parser.parse_args()
    die_with_parent()  # should the supervisor be killed, no load may go on
    # What a library prints must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    torch: Any = options.no_torch
    if torch is None:
        try:
            torch = importlib.import_module("torch")
        except ImportError as error:
            torch = f"cannot be imported: {one_line(error)}"
    context = BenchmarkContext(torch, options.directory, System())
    serve(context, sys.stdin, answers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
