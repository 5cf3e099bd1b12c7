"""The compute families over the real torch, in the probe runtime.

The cases themselves are in compute/: unittest, since the runtime has no pytest.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest
from box import REPOSITORY

CASES = sorted((Path(__file__).parent / "compute").glob("*_cases.py"))


@pytest.mark.parametrize("cases", CASES, ids=lambda path: path.stem)
def test_cases_in_the_runtime(runtime_python, coverage_path, cases):
    done = subprocess.run(
        [runtime_python, "-m", "unittest", "-v", cases.name],
        cwd=cases.parent,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *coverage_path]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_WAIT_POLICY": "PASSIVE",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert int(re.search(r"^Ran (\d+) tests?", done.stderr, re.M)[1]) > 0
    assert "skipped" not in done.stderr
