"""Fixture: the probe runtime's Python, which has torch; the one that runs the tests has none."""

import os
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
