"""Fixtures: the probe runtime's Python, which has torch; the one that runs the tests has none."""

import os
import re
import subprocess
from pathlib import Path

import coverage
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def runtime_python():
    """FOUNDATION_PYTHON, or the Python that the role probe_runtime makes by default."""
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    default = Path(data) / "dgx-spark-foundation" / "runtime" / "bin" / "python"
    python = Path(os.environ.get("FOUNDATION_PYTHON") or default)
    if not os.access(python, os.X_OK):
        pytest.fail(
            f"{python}: no such Python; make it with: ansible-playbook foundation.yml --tags WS-01"
        )
    return str(python)


@pytest.fixture(scope="session")
def coverage_path(tmp_path_factory):
    """What a process of the runtime needs on PYTHONPATH for its lines to count as covered."""
    if "COVERAGE_PROCESS_CONFIG" not in os.environ:
        return []
    folder = tmp_path_factory.mktemp("coverage")
    (folder / "coverage").symlink_to(Path(coverage.__file__).parent)
    (folder / "sitecustomize.py").write_text("import coverage\n\ncoverage.process_startup()\n")
    return [str(folder)]


@pytest.fixture
def run_cases(runtime_python):
    """Run a file of unittest cases in the runtime, which has no pytest; none may be skipped."""

    def run(cases, paths):
        done = subprocess.run(
            [runtime_python, "-m", "unittest", "-v", cases.name],
            cwd=cases.parent,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(map(str, paths)),
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

    return run
