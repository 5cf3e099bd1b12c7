"""The command line of the probes: one JSON document on standard output.

This file must parse and run under a Python that is too old, to say so in one line; everything
that needs a newer one is imported after that check.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from .core.arguments import DEFAULT_HOST, INTERRUPTED, SUCCESS, UNUSABLE, Parser, host_name, seconds

OLDEST_PYTHON = (3, 10)
KINDS = ("hardware", "environment", "live_state")
DEFAULT_TIMEOUT = 20.0


def main(arguments: "list[str] | None" = None) -> int:
    """Run one subcommand; 0, or 2 for a usage error, an unreadable root or an old Python."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if sys.version_info[:2] < OLDEST_PYTHON:
        return _refuse(
            f"Python {sys.version_info[0]}.{sys.version_info[1]} is too old; the probes need "
            f"{OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer"
        )
    if arguments[:1] == ["benchmark"]:
        from .benchmark import command  # noqa: PLC0415 - after the check of the version

        return command.main(arguments[1:])
    options = _parser().parse_args(arguments)
    try:
        return _document(options)
    except KeyboardInterrupt:
        print("python_probes: interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python_probes", description=__doc__)
    parser.add_argument("kind", choices=[*KINDS, "benchmark"], help="the document to make")
    parser.add_argument("--root", default="/", help="read /proc, /sys and /etc below this folder")
    parser.add_argument("--host", default=DEFAULT_HOST, type=host_name, help="the inventory name")
    parser.add_argument(
        "--timeout",
        default=DEFAULT_TIMEOUT,
        type=seconds,
        help="seconds that each probe may take (20)",
    )
    return parser


def _document(options: argparse.Namespace) -> int:
    # Imported after the check of the version.
    from .core.supervise import command_timeout  # noqa: PLC0415
    from .core.system import System  # noqa: PLC0415

    try:
        os.listdir(options.root)  # noqa: PTH208 - raises what the user must read
    except OSError as error:
        return _refuse(
            f"--root {options.root}: {error.strerror or error}; give a folder that can be read"
        )
    system = System(options.root, command_timeout(options.timeout))
    document = _maker(options.kind)(system, options.host, options.timeout)
    try:
        print(json.dumps(document, indent=2), flush=True)
    except OSError as error:
        # What is left in the buffer must not fail once more when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _refuse(f"standard output: {error.strerror or error}")
    return SUCCESS


def _maker(kind: str) -> "Callable[..., dict[str, Any]]":
    # By name, since Ansible ships what it finds imported, and the wanted one alone: the gate asks
    # every host for the smallest, and waits for what is imported.
    if kind == "hardware":
        from .collect import hardware  # noqa: PLC0415

        return hardware.document
    if kind == "environment":
        from .collect import environment  # noqa: PLC0415

        return environment.document
    from .collect import live_state  # noqa: PLC0415

    return live_state.document


def _refuse(reason: str) -> int:
    print(f"python_probes: {reason}", file=sys.stderr)
    return UNUSABLE


if __name__ == "__main__":
    sys.exit(main())
