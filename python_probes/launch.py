"""Run this package under another interpreter of the same host, wherever the package lies.

Ansible ships the package inside a zip file; the probe runtime's Python imports it from there. A
process of its own also means that a crash in a driver library, or a call that never returns,
costs one answer and not the module.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .parent_death import end_with_parent
from .system import kill_group

_LAST_LINES = 400  # characters of a failed process's last words worth repeating


class LaunchError(Exception):
    """The other interpreter gave no document; the message is one line."""


def _import_location() -> tuple[str, str]:
    """The sys.path entry and the dotted name under which this package is imported."""
    package = __package__ or Path(__file__).parent.name
    return str(Path(__file__).parents[package.count(".") + 1]), package


def run_package(
    interpreter: str,
    arguments: Sequence[str],
    *,
    timeout: float,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The JSON document that `<interpreter> -m python_probes.cli <arguments>` prints.

    `timeout` is in seconds and covers everything. Raises LaunchError.
    """
    entry, package = _import_location()
    command = [interpreter, "-m", f"{package}.cli", *arguments]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            # A load without a reader disturbs.
            preexec_fn=end_with_parent,  # noqa: PLW1509 - the module has one thread
            # Python puts the working folder first on its path: nobody but root writes here.
            cwd="/",
            env={
                **os.environ,
                "PYTHONPATH": entry,
                "PYTHONNOUSERSITE": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
                **(environment or {}),
            },
        )
    except OSError as error:
        raise LaunchError(
            f"{interpreter}: cannot be started ({error.strerror}); "
            "make the probe runtime with: ansible-playbook foundation.yml --tags WS-01"
        ) from error
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        kill_group(process)
        raise LaunchError(f"{arguments[0]}: no document within {timeout:g} s; stopped") from None
    return _document(arguments[0], process.returncode, output, errors)


def _document(name: str, status: int, output: bytes, errors: bytes) -> dict[str, Any]:
    """What the process printed, or a LaunchError that says how it ended."""
    if status < 0:
        raise LaunchError(f"{name}: the process died of {signal.Signals(-status).name}")
    last_words = errors.decode("utf-8", "replace").strip()[-_LAST_LINES:].splitlines()
    if status != 0:
        raise LaunchError(f"{name}: exit status {status}: {(last_words or ['no message'])[-1]}")
    try:
        document = json.loads(output)
    except ValueError as error:
        raise LaunchError(f"{name}: printed no JSON document ({error})") from error
    if not isinstance(document, dict):
        raise LaunchError(f"{name}: printed {type(document).__name__}, not a JSON object")
    return document


def choose_interpreter(wanted: str | None) -> str:
    """The probe runtime's interpreter where it exists, else the one that runs this code."""
    return wanted if wanted and Path(wanted).exists() else sys.executable
