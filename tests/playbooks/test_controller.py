"""An Ansible that cannot run this project ends with one line that says what to type."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
EXPORT = f"run `export ANSIBLE_CONFIG={PROJECT}/ansible.cfg`"
PLAYBOOKS = [
    *(PROJECT / name for name in ("foundation.yml", "gate.yml")),
    *(PROJECT / "playbooks").glob("*.yml"),
]
# What ansible-playbook does with each before it runs a task.
READ = """
import sys
from ansible.parsing.dataloader import DataLoader
from ansible.playbook import Playbook
from ansible.plugins.loader import init_plugin_loader
from ansible.vars.manager import VariableManager
init_plugin_loader()
for path in sys.argv[1:]:
    loader = DataLoader()
    try:
        Playbook.load(path, VariableManager(loader), loader)
    except SystemExit as end:
        print(end)
    except Exception as error:
        print(f"{path}: {error}")
"""


def run(*command: str | Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "ANSIBLE_CONFIG"}
    return subprocess.run(
        command,
        cwd=folder,
        env={**kept, "NO_COLOR": "1", "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def world_writable(tmp_path: Path) -> Path:
    """A folder with this project's ansible.cfg, which Ansible leaves out."""
    folder = tmp_path / "world-writable"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "ansible.cfg").symlink_to(PROJECT / "ansible.cfg")
    return folder


def test_an_ansible_of_another_environment() -> None:
    # It lacks what .pth files add, this project among it.
    finished = run(
        *(sys.executable, "-S", ANSIBLE_PLAYBOOK, "--syntax-check", "gate.yml"),
        folder=PROJECT,
        PYTHONPATH=sysconfig.get_path("purelib"),
    )
    assert finished.returncode == 1
    assert finished.stdout == ""
    (line,) = finished.stderr.splitlines()
    assert sys.executable in line
    assert f"run `cd {PROJECT} && make setup && . .venv/bin/activate`" in line


def test_a_world_writable_folder_and_what_the_line_says_to_type(world_writable: Path) -> None:
    command = (ANSIBLE_PLAYBOOK, "--syntax-check", PROJECT / "gate.yml")
    wrong = run(*command, folder=world_writable)
    assert wrong.returncode == 1
    assert wrong.stdout == ""
    warning, line = wrong.stderr.strip().rsplit("\n", 1)
    assert "world writable" in warning
    assert EXPORT in line
    assert "no ansible.cfg" in line

    _, assignment = shlex.split(line.split("`")[1])
    right = run(*command, folder=world_writable, **dict([assignment.split("=", 1)]))
    assert right.returncode == 0
    assert right.stderr == ""


def test_every_playbook_asks_before_it_needs_a_role_or_a_module(tmp_path: Path) -> None:
    finished = run(sys.executable, "-c", READ, *PLAYBOOKS, folder=tmp_path)
    lines = finished.stdout.splitlines()
    assert len(lines) == len(PLAYBOOKS), finished.stderr
    assert [line for line in lines if EXPORT not in line] == []


def test_settings_of_ones_own_that_lack_a_folder(tmp_path: Path) -> None:
    own = tmp_path / "own.cfg"
    own.write_text(f"[defaults]\nroles_path = {PROJECT}/roles\nlibrary = {PROJECT}/library\n")
    command = (sys.executable, "-c", READ, PROJECT / "gate.yml")
    (line,) = run(*command, folder=tmp_path, ANSIBLE_CONFIG=str(own)).stdout.splitlines()
    assert f"found that Ansible uses {own}" in line
    assert EXPORT in line
