"""`make setup` refuses a Python that cannot work in one line, and makes nothing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (None, "No such file or directory"),
        ("case $1 in --version) echo Python 3.9.2 ;; *) exit 1 ;; esac", "(Python 3.9.2)"),
    ],
)
def test_a_python_that_cannot_work_is_named(tmp_path: Path, script: str | None, said: str) -> None:
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(PROJECT / name, tmp_path)
    python = tmp_path / "python"
    if script is not None:
        python.write_text(f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
    finished = subprocess.run(
        ["make", "--silent", "setup", f"PYTHON={python}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 2
    line = finished.stderr.splitlines()[0]
    assert said in line
    assert "Python 3.11 or newer is needed" in line
    assert not (tmp_path / ".venv").exists()
