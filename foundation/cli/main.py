"""The `foundation` command: parse, hand over to the command's module, end with a status.

Exit status: `core/exit_status.py`. Errors are one line on stderr. Each command's module imports
what it works with when it runs, so that `--help` and the small commands stay fast.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from python_probes.core.version import VERSION

from ..core.errors import FoundationError, one_line
from ..core.exit_status import ExitStatus
from .shared import complain

# In the order of the help, which shows the first line of each command's module.
_COMMANDS = (
    *("gate", "run", "validate", "accept_baseline", "plots", "targets"),
    *("arm_check", "report", "status", "completion", "handoff"),
)


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Shows each default, apart from those that only say that an option was not given."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        absent = action.default is None or action.default is False or action.default == 0
        return action.help if absent else super()._get_help_string(action)


class _Parser(argparse.ArgumentParser):
    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=_Help, **settings)

    def error(self, message: str) -> NoReturn:
        self.exit(
            ExitStatus.NO_VERDICT, f"{self.prog}: {one_line(message)}; see {self.prog} --help\n"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed before we began
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
        # A terminal that cannot show a character must not end the gate.
        if (reconfigure := getattr(getattr(sys, name), "reconfigure", None)) is not None:
            reconfigure(errors="backslashreplace")
    try:
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.command
        ended = command(options)
        sys.stdout.flush()
    except OSError as error:
        # As a rule of stdout: its disk is full, or its reader is gone, which is not worth a line.
        # Python would complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            where = error.filename or "standard output"
            complain(f"{where}: {error.strerror}; free space or fix its rights, then run again")
        return ExitStatus.NO_VERDICT
    except KeyboardInterrupt:
        complain("interrupted")
        return ExitStatus.INTERRUPTED
    except FoundationError as error:
        complain(error)
        return error.exit_status
    return ended


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="foundation",
        description="Judge documents, check them and learn from them; report; measure hosts.",
    )
    parser.add_argument("--version", action="version", version=f"foundation {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in _COMMANDS:
        command = import_module(f".{name}", __package__)
        summary = (command.__doc__ or "").split("\n")[0].partition(": ")[2].removesuffix(".")
        subparser = commands.add_parser(name.replace("_", "-"), help=summary)
        command.add_options(subparser)
        subparser.set_defaults(command=command.run)
    return parser
