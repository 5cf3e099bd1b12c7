"""What ansible-playbook makes of command lines, without touching a host.

Reads a JSON list of argument lists, and prints a JSON list of {"status", "output"}. Ansible's own
parser takes every command line; then hosts and tasks are listed, once for all lines with the same
playbook, inventory and limit. Ansible is imported once and each list gets a process of its own,
since Ansible keeps its options in one place per process.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from functools import cache
from typing import Any

from ansible.cli.playbook import PlaybookCLI


def answer(arguments: list[str]) -> dict[str, Any]:
    """What Ansible says of one command line: why it does not parse, or its hosts and tasks."""
    command_line = PlaybookCLI(["ansible-playbook"])
    command_line.init_parser()
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            options = command_line.parser.parse_args(arguments)
    except SystemExit as error:
        return {"status": error.code, "output": told.getvalue()}
    words = ["--list-hosts", "--list-tasks", *options.args]
    for inventory in options.inventory or ():
        words += ["--inventory", inventory]
    if options.subset:
        words += ["--limit", options.subset]
    return _listed(tuple(words))


@cache
def _listed(words: tuple[str, ...]) -> dict[str, Any]:
    with tempfile.TemporaryFile("w+") as output:
        child = os.fork()
        if child == 0:
            os._exit(_run(words, output.fileno()))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        output.seek(0)
        return {"status": status, "output": output.read()}


def _run(words: tuple[str, ...], output: int) -> int:
    os.dup2(output, 1)
    os.dup2(output, 2)
    status = 2
    try:
        status = PlaybookCLI(["ansible-playbook", *words]).run()
    except BaseException as error:  # noqa: BLE001 - the answer of a process that ends here
        print(f"{type(error).__name__}: {error}")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return status


if __name__ == "__main__":
    print(json.dumps([answer(arguments) for arguments in json.load(sys.stdin)]))
