"""The smoke test without a container, under a Python that has torch."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from python_probes.core import document

from ..shared.launch_context import LaunchContext
from ..shared.smoke_test_status import PrerequisiteError
from .command_budget import Budget
from .image_source import PROJECT


def run(options: argparse.Namespace, budget: Budget, reason: str) -> NoReturn:
    """Become the generator under a Python that has torch; `reason` is why there is no container.

    Raises PrerequisiteError.
    """
    python = options.python or os.environ.get("FOUNDATION_PYTHON") or _runtime_python()
    if not os.access(python, os.X_OK) or Path(python).is_dir():
        raise PrerequisiteError(
            f"{python}: not a Python that can be run; make it with: "
            "ansible-playbook foundation.yml --tags WS-01"
        )
    context = LaunchContext(stages=budget.stages)
    note = document.noter(context.problems, "gpu_container")
    note("not_run", f"gpu_container: nvidia-smi was not run in a container: {reason}")
    shared = ("count", "seed", "out", "timeout", "host", "model")
    given = {name: getattr(options, name) for name in shared}
    values = [f"--{name}={value}" for name, value in given.items() if value is not None]
    settings = {
        "PYTHONPATH": str(PROJECT),
        "PYTHONDONTWRITEBYTECODE": "1",
        # Without it cuBLAS may add in another order on every run.
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        # Threads that wait for each other by spinning make an image take seconds on a busy host.
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    generator = str(PROJECT / "repro" / "generate")
    sys.stderr.flush()
    arguments = [python, generator, *values, context.argument()]
    os.execve(python, arguments, {**os.environ, **settings})  # noqa: S606 - no shell is wanted


def _runtime_python() -> str:
    share = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return str(Path(share) / "dgx-spark-foundation" / "runtime" / "bin" / "python")
