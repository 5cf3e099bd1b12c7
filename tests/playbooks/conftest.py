"""Runs of the real playbooks, as a user types them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PlaybookRun = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def baseline_dir(tmp_path: Path) -> Path:
    return tmp_path / "baselines"


@pytest.fixture
def ansible_playbook(tmp_path: Path, baseline_dir: Path) -> PlaybookRun:
    """Run a playbook with its documents and reports in a folder of the test's own."""

    def run(
        playbook: str, *arguments: str, **variables: object
    ) -> subprocess.CompletedProcess[str]:
        settings = {
            "baseline_dir": baseline_dir,
            "gate_report": tmp_path / "gate.json",
            "hardware_page": tmp_path / "hardware.md",
            **variables,
        }
        extra = [part for name, value in settings.items() for part in ("-e", f"{name}={value}")]
        return subprocess.run(
            [Path(sys.executable).with_name("ansible-playbook"), playbook, *extra, *arguments],
            cwd=PROJECT,
            env={**os.environ, "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"), "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    return run


@pytest.fixture
def inventory(tmp_path: Path) -> Callable[[str], str]:
    """Write an inventory file and return its path."""

    def write(text: str) -> str:
        path = tmp_path / "inventory.yml"
        path.write_text(text)
        return str(path)

    return write


@pytest.fixture
def foundation_command() -> PlaybookRun:
    """Run the `foundation` command as a user does."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name("foundation"), *arguments],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run
