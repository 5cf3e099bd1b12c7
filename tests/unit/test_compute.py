"""The compute families over the real torch, in the probe runtime.

The cases themselves are in compute/: unittest, since the runtime has no pytest.
"""

from pathlib import Path

import pytest
from box import REPOSITORY

CASES = sorted((Path(__file__).parent / "compute").glob("*_cases.py"))


@pytest.mark.parametrize("cases", CASES, ids=lambda path: path.stem)
def test_cases_in_the_runtime(run_cases, coverage_path, cases):
    run_cases(cases, [REPOSITORY, *coverage_path])
