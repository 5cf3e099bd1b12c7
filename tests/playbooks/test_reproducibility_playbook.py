"""playbooks/reproducibility.yml: the images are made on the host and their document comes back."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from foundation import documents

TWO_NAMES_FOR_ONE_MACHINE = """\
all:
  vars:
    ansible_connection: local
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
  hosts:
    management-name:
    fabric-name:
"""


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Not the home in the user database, which action plugins take ~ for."""
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    return home


def test_a_home_of_its_own_and_two_names_for_one_machine(
    ansible_playbook: Callable[..., subprocess.CompletedProcess[str]],
    inventory: Callable[[str], str],
    runtime_python: str,
    baseline_dir: Path,
    own_home: Path,
) -> None:
    finished = ansible_playbook(
        "foundation.yml",
        "--tags",
        "WS-02",
        "-i",
        inventory(TWO_NAMES_FOR_ONE_MACHINE),
        probe_runtime_interpreter=runtime_python,
        reproducibility_count=1,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    for host in ("management-name", "fabric-name"):
        documents.load(documents.path(baseline_dir, host, "reproducibility"), host)
    assert list(own_home.rglob("generate.py"))
