"""molecule/hosts/prepare_machine.sh: where nobody can start hosts it says so, installs nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "molecule/hosts/prepare_machine.sh"
CANNOT = 3  # which .ci/run tells from a failure


@pytest.mark.parametrize(
    ("without", "found"),
    [
        (["--reuid=65534", "--clear-groups"], "expected root"),
        (["--bounding-set=-sys_admin", "--inh-caps=-sys_admin"], "may not make namespaces"),
    ],
)
def test_what_is_missing_is_one_line(without: list[str], found: str) -> None:
    command = ["bash", str(SCRIPT)]
    if os.getuid() == 0:
        command = ["setpriv", *without, *command]
    elif "root" not in found:
        pytest.skip("needs root, whose rights are taken away")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == CANNOT
    assert found in done.stderr
    assert done.stderr.startswith("make molecule: found ")
    assert len(done.stderr.splitlines()) == 1
