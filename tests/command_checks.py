"""How the options of a documented command are checked, by program, in a copy of the repository."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

from foundation.cli import main
from python_probes import cli as probe_cli
from python_probes.benchmark import command as probe_benchmark

PLAYBOOKS = "ansible-playbook"
Check = Callable[[list[str], Path], None]


def run(sandbox: Path, words: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the sandbox, whose packages are imported."""
    return subprocess.run(
        words,
        cwd=sandbox,
        env={
            **os.environ,
            "HOME": str(sandbox.parent),
            "NO_COLOR": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(sandbox),
            "ANSIBLE_CONFIG": str(sandbox / "ansible.cfg"),
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _parsed(parser: Callable[[], ArgumentParser]) -> Check:
    def check(words: list[str], _: Path) -> None:
        parser().parse_args(words[1:])

    return check


def _make(words: list[str], sandbox: Path) -> None:
    finished = run(sandbox, ["make", "--dry-run", *words[1:]])
    assert finished.returncode == 0, finished.stdout


def _python(words: list[str], sandbox: Path) -> None:
    if words[1:3] == ["-m", "python_probes"]:
        parser = probe_benchmark._parser if words[3] == "benchmark" else probe_cli._parser
        parser().parse_args(words[4:] if words[3] == "benchmark" else words[3:])
        return
    assert words[1:3] == ["-m", "foundation"], f"{words}: annotate the block"
    main._parser().parse_args(words[3:])


def _launcher(words: list[str], sandbox: Path) -> None:
    script = (
        "import sys; from repro.launch import launcher as at; at._parser().parse_args(sys.argv[1:])"
    )
    finished = run(sandbox, [sys.executable, "-c", script, *words[1:]], PYTHONPATH=str(sandbox))
    assert finished.returncode == 0, finished.stdout


def _succeeds(words: list[str], sandbox: Path) -> None:
    finished = run(sandbox, words)
    assert finished.returncode == 0, finished.stdout


def _ansible(words: list[str], sandbox: Path) -> None:
    finished = run(sandbox, [*words, "--list-hosts"])
    assert re.search(r"hosts \([1-9]", finished.stdout), finished.stdout


def _sources_exist(words: list[str], sandbox: Path) -> None:
    for name in [word for word in words[1:-1] if not word.startswith("-")]:
        assert list(sandbox.glob(name)), f"{name}: no such file"


def _exists(words: list[str], sandbox: Path) -> None:
    assert (sandbox / words[1]).exists(), f"{words[1]}: no such file"


def _script(words: list[str], sandbox: Path) -> None:
    assert os.access(sandbox / words[0], os.X_OK), f"{words[0]}: no such command"
    assert run(sandbox, ["bash", "-n", words[0]]).returncode == 0


# By program, how its options are checked in a block without annotation. Of ansible-playbook all
# command lines are checked in one test, with Ansible's own --list-hosts and --list-tasks.
CHECKS: dict[str, Check] = {
    "foundation": _parsed(main._parser),
    "make": _make,
    "python": _python,
    "run.sh": _launcher,
    "ansible": _ansible,
    "ansible-inventory": _succeeds,
    "cp": _sources_exist,
    ".": _exists,
}


def check_for(words: list[str]) -> Check:
    if re.fullmatch(r"scripts/\w+\.sh", words[0]):
        return _script
    program = Path(words[0]).name if words[0] != "." else "."
    assert program in CHECKS, f"{program}: not in CHECKS: add it, or annotate the block"
    return CHECKS[program]


def of_playbooks(words: list[str]) -> bool:
    return Path(words[0]).name == PLAYBOOKS
