"""How fast a host is: `python -m python_probes benchmark`.

This process supervises: it asks the worker for one figure after the other, watches the GPU
meanwhile, and ends in time whatever the worker does. It imports no torch.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import NoReturn

from .benchmark_run import LEVELS, Run
from .cli import SUCCESS, UNUSABLE, Parser, host_name, seconds
from .system import System

_SIGNAL_BASE = 128
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Interrupted(BaseException):
    """A signal asked the run to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main(arguments: list[str]) -> int:
    """Measure, print the document; 0, 2 for a usage error, 128 and the number for a signal.

    That some figures could not be measured is no failure: the document says so.
    """
    options = _parser().parse_args(arguments)
    try:
        directory = options.directory.expanduser().resolve()
        scratch = Path(tempfile.mkdtemp(prefix=".dgx-spark-foundation-", dir=directory))
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        print(f"benchmark: --directory {options.directory}: {reason}", file=sys.stderr)
        return UNUSABLE
    before = {number: signal.signal(number, _interrupt) for number in _SIGNALS}
    run = None
    try:
        run = Run(System(), directory, scratch, options.timeout, _progress)
        document = run.document(options.level, options.host)
        print(json.dumps(document, indent=2), flush=True)
    except _Interrupted as interruption:
        name = signal.Signals(interruption.number).name
        print(f"benchmark: stopped by {name}; nothing was left behind", file=sys.stderr)
        return _SIGNAL_BASE + interruption.number
    except OSError as error:
        # What is left in the buffer must not fail once more when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        print(f"benchmark: {error.strerror or error}", file=sys.stderr)
        return UNUSABLE
    else:
        return SUCCESS
    finally:
        for number in _SIGNALS:  # a second Ctrl-C must not interrupt the cleaning up
            signal.signal(number, signal.SIG_IGN)
        if run is not None:
            run.close()
        shutil.rmtree(scratch, ignore_errors=True)
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, _: FrameType | None) -> NoReturn:
    raise _Interrupted(number)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="benchmark", description=__doc__)
    parser.add_argument("--level", choices=sorted(LEVELS), default="quick", help="how thorough")
    parser.add_argument(
        "--directory", type=Path, default=Path("~"), help="on the disk that is measured (home)"
    )
    parser.add_argument("--host", default="localhost", type=host_name, help="the inventory name")
    parser.add_argument(
        "--timeout", default=120.0, type=seconds, help="seconds that all of it may take (120)"
    )
    return parser
