"""How fast a host is: `python -m python_probes benchmark`.

This process supervises: it asks the worker for one figure after the other, watches the GPU
meanwhile, and ends in time whatever the worker does. It imports no torch.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from pathlib import Path

from ..core import interruption
from ..core.arguments import DEFAULT_HOST, SUCCESS, UNUSABLE, Parser, host_name, seconds
from ..core.system import System
from .levels import LEVELS, QUICK, SOAK_MINUTES, default_timeout
from .run import Run, RunOptions
from .run_file import BusyError, RunFile
from .state import StateFile

STATE = "~/.local/share/dgx-spark-foundation/benchmark.json"
"""Beside the probe runtime's folder."""

_LONGEST_SOAK = 1200.0  # minutes: within the longest time-out


def main(arguments: list[str]) -> int:
    """Measure, print the document; 0, 2 for what cannot be done, 128 and the number for a signal.

    That some figures could not be measured is no failure: the document says so.
    """
    options = _parser().parse_args(arguments)
    try:
        directory = options.directory.expanduser().resolve()
        os.scandir(directory).close()
        state = options.state.expanduser().absolute()
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        return _refuse(f"--directory {options.directory}: {reason}")
    run_options = RunOptions(
        options.level,
        options.host,
        directory,
        options.timeout or default_timeout(options.level, options.soak_minutes),
        options.soak_minutes,
        options.resume,
    )
    before = interruption.raise_on_signals()
    try:
        with contextlib.ExitStack() as stack:
            return _run(run_options, state, _run_file(state, stack))
    except BusyError as error:
        return _refuse(str(error))
    except interruption.Interrupted as signal:  # before there was anything to lose
        return _stopped(signal, "nothing was left behind")
    finally:
        interruption.restore(before)


def _run_file(state: Path, stack: contextlib.ExitStack) -> RunFile | None:
    """What keeps other runs away, or None where the disk does not take it. Raises BusyError."""
    try:
        run_file = RunFile(state.with_name(f"{state.name}.run"))
    except OSError as error:
        reason = error.strerror or error
        _write_line(f"benchmark: {state.parent}: {reason}: cannot be resumed later")
        return None
    stack.callback(run_file.release)
    return run_file


def _run(run_options: RunOptions, state: Path, run_file: RunFile | None) -> int:
    def write_line(line: str) -> None:
        _write_line(line)
        if run_file is not None:
            run_file.write_line(line)

    run = Run(System(), run_options, StateFile(state) if run_file else None, write_line)
    try:
        document = run.document()
        print(json.dumps(document, indent=2), flush=True)
        run.finished()
    except interruption.Interrupted as signal:
        run.close()
        return _stopped(signal, run.interrupted())
    except OSError as error:
        # What is left in the buffer must not fail once more when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return _refuse(str(error.strerror or error))
    else:
        return SUCCESS
    finally:
        interruption.ignore_signals()
        run.close()


def _stopped(signal: interruption.Interrupted, left: str) -> int:
    _write_line(f"benchmark: stopped by {signal.name}; {left}")
    return signal.exit_status


def _refuse(reason: str) -> int:
    _write_line(f"benchmark: {reason}")
    return UNUSABLE


def _write_line(line: str) -> None:
    if sys.stderr is None:  # closed from the start; print would take standard output instead
        return
    with contextlib.suppress(OSError):  # a reader that has gone is no reason to lose the figures
        print(line, file=sys.stderr, flush=True)


def minutes(text: str) -> float:
    """An argument that is the length of a soak. Raises ArgumentTypeError."""
    number = seconds(text)
    if number > _LONGEST_SOAK:
        raise argparse.ArgumentTypeError(f"'{text}' is more than {_LONGEST_SOAK:g} minutes")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="benchmark", description=__doc__)
    parser.add_argument("--level", choices=LEVELS, default=QUICK, help="how thorough")
    parser.add_argument(
        "--soak-minutes",
        default=SOAK_MINUTES,
        type=minutes,
        help=f"how long the level soak loads the GPU ({SOAK_MINUTES})",
    )
    parser.add_argument(
        "--directory", type=Path, default=Path("~"), help="on the disk that is measured (home)"
    )
    parser.add_argument("--host", default=DEFAULT_HOST, type=host_name, help="the inventory name")
    parser.add_argument(
        "--timeout", type=seconds, help="seconds that all of it may take (by level)"
    )
    parser.add_argument(
        "--state", type=Path, default=Path(STATE), help=f"keeps the figures so far ({STATE})"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from what an earlier run left there"
    )
    return parser
