"""What ansible-playbook makes of command lines, without touching a host.

Reads a JSON list of argument lists, lists hosts and tasks for each with Ansible's own command
line, and prints a JSON list of {"status", "output"}. Ansible is imported once and each command
line gets a process of its own, since Ansible keeps the options in one place per process.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import Any


def main() -> None:
    """Answer every command line."""
    from ansible.cli.playbook import PlaybookCLI  # noqa: PLC0415 - takes half a second

    answers = []
    for arguments in json.load(sys.stdin):
        with tempfile.TemporaryFile("w+") as output:
            child = os.fork()
            if child == 0:
                os._exit(_list(PlaybookCLI, arguments, output.fileno()))
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            output.seek(0)
            answers.append({"status": status, "output": output.read()})
    print(json.dumps(answers))


def _list(command_line: Any, arguments: list[str], output: int) -> int:
    os.dup2(output, 1)
    os.dup2(output, 2)
    status = 2
    try:
        words = ["ansible-playbook", "--list-hosts", "--list-tasks", *arguments]
        status = command_line(words).run()
    except SystemExit as error:
        status = int(error.code or 0)
    except BaseException as error:  # noqa: BLE001 - the answer of a process that ends here
        print(f"{type(error).__name__}: {error}")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return status


if __name__ == "__main__":
    main()
