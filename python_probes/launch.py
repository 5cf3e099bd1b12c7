"""Run this package in a process of its own, wherever the package lies.

Ansible ships the package inside a zip file; the probe runtime's Python imports it from there. A
process of its own also means that a crash in a driver library, or a call that never returns,
costs one answer and not the module.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from argparse import ArgumentTypeError
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .core.arguments import host_name
from .core.interruption import signal_name
from .core.package import ENTRY, PACKAGE
from .core.parent_death import end_with_parent
from .core.supervise import command_timeout
from .core.system import System, kill_group

_LAST_LINES = 400  # characters of a failed process's last words worth repeating
_LONGEST_LINE = 4096
_START_SECONDS = 60.0


class LaunchError(Exception):
    """The process gave no document; the message is one line."""


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
    command = [interpreter, "-m", f"{PACKAGE}.cli", *arguments]
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
                "PYTHONPATH": ENTRY,
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


def live_state(interpreter: str, host: str, root: str, timeout: float) -> dict[str, Any]:
    """The live_state document, made in this process, with the other interpreter's pynvml.

    The gate asks every host for one, and it needs nothing but pynvml, so no other interpreter is
    started; its probes have processes of their own. For a process with one thread. `timeout` is
    that of each probe in seconds. Raises LaunchError.
    """
    from .collect import live_state as collector  # noqa: PLC0415 - not needed for a benchmark

    pynvml = _pynvml(interpreter)
    if pynvml is None and interpreter != sys.executable:
        options = ["--host", host, "--root", root, "--timeout", f"{timeout:g}"]
        return run_package(interpreter, ["live_state", *options], timeout=timeout + _START_SECONDS)
    if pynvml is not None:
        _import_file("pynvml", pynvml)
    try:
        os.listdir(root)  # noqa: PTH208 - raises what the user must read
        system = System(root, command_timeout(timeout))
        return collector.document(system, host_name(host), timeout)
    except (OSError, ArgumentTypeError) as error:
        raise LaunchError(f"live_state: {error}") from error


def _pynvml(interpreter: str) -> Path | None:
    """The pynvml of a virtual environment; a single file in plain Python, for any Python."""
    found = Path(interpreter).parent.parent.glob("lib/python3*/site-packages/pynvml.py")
    return next(iter(sorted(found)), None)


def _import_file(name: str, path: Path) -> None:
    """Have `import <name>` give this file, also where the path has another; if it can be run."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        return
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception:  # noqa: BLE001 - the probe imports another or none then, and notes it
        del sys.modules[name]


def _document(name: str, status: int, output: bytes, errors: bytes) -> dict[str, Any]:
    """What the process printed, or a LaunchError that says how it ended."""
    if status < 0:
        raise LaunchError(f"{name}: the process died of {signal_name(-status)}")
    if status != 0:
        raise LaunchError(f"{name}: exit status {status}: {_last_words(errors)}")
    try:
        document = json.loads(output)
    except ValueError as error:
        raise LaunchError(f"{name}: printed no JSON document ({error})") from error
    if not isinstance(document, dict):
        raise LaunchError(f"{name}: printed {type(document).__name__}, not a JSON object")
    return document


def _last_words(errors: bytes) -> str:
    """The last line, with the identifiers of this host hidden as in a document."""
    from .core.document import without_identifiers  # noqa: PLC0415 - only where something failed
    from .core.identifiers import Identifiers  # noqa: PLC0415
    from .host.host_platform import hide_own_names  # noqa: PLC0415

    identifiers = Identifiers(System(), lambda *_: None)
    hide_own_names(System(), identifiers)
    lines = errors.decode("utf-8", "replace").strip().splitlines() or ["no message"]
    return without_identifiers(lines[-1][-_LONGEST_LINE:], identifiers)[-_LAST_LINES:]


def choose_interpreter(wanted: str | None) -> str:
    """The probe runtime's interpreter where it exists, else the one that runs this code."""
    return wanted if wanted and Path(wanted).exists() else sys.executable
