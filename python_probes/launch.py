"""Run this package in a process of its own, wherever the package lies.

Ansible ships the package inside a zip file; the probe runtime's Python imports it from there. A
process of its own also means that a crash in a driver library, or a call that never returns,
costs one answer and not the module.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NoReturn

from .core.package import ENTRY, PACKAGE
from .core.parent_death import die_with_parent, end_with_parent
from .core.system import kill_group

_LAST_LINES = 400  # characters of a failed process's last words worth repeating
_POLL_SECONDS = 0.005


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


def run_forked(
    interpreter: str,
    arguments: Sequence[str],
    *,
    timeout: float,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The same from a copy of this process, with the other interpreter's pynvml.

    Less than half the work of another interpreter's start, for documents that need nothing but
    pynvml: the gate asks every host for one. For a process with one thread. Raises LaunchError.
    """
    pynvml = _pynvml(interpreter)
    if pynvml is None and interpreter != sys.executable:
        return run_package(interpreter, arguments, timeout=timeout, environment=environment)
    try:
        with TemporaryFile() as output, TemporaryFile() as errors:
            child = os.fork()
            if child == 0:
                _become_cli(arguments, output, errors, pynvml, environment or {})
            status = _wait(child, timeout)
            if status is None:
                raise LaunchError(f"{arguments[0]}: no document within {timeout:g} s; stopped")
            output.seek(0)
            errors.seek(0)
            return _document(arguments[0], status, output.read(), errors.read())
    except OSError as error:
        raise LaunchError(f"{arguments[0]}: cannot be started ({error.strerror})") from error


def _pynvml(interpreter: str) -> Path | None:
    """The pynvml of a virtual environment; a single file in plain Python, for any Python."""
    found = Path(interpreter).parent.parent.glob("lib/python3*/site-packages/pynvml.py")
    return next(iter(sorted(found)), None)


def _become_cli(
    arguments: Sequence[str],
    output: IO[bytes],
    errors: IO[bytes],
    pynvml: Path | None,
    environment: Mapping[str, str],
) -> NoReturn:
    """What `<interpreter> -m python_probes.cli` would do, in a process just forked."""
    status: int | str | None = 1
    try:
        os.setsid()
        die_with_parent()
        os.chdir("/")
        with Path(os.devnull).open("rb") as nothing:
            for file, standard in ((nothing, 0), (output, 1), (errors, 2)):
                os.dup2(file.fileno(), standard)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        os.environ.update(environment)
        sys.dont_write_bytecode = True
        if pynvml is not None:
            _import_file("pynvml", pynvml)
        from .cli import main  # noqa: PLC0415 - here, where a crash costs one answer

        status = main(list(arguments))
    except SystemExit as end:
        status = end.code
    except BaseException:  # noqa: BLE001 - nothing may return into the copy of the caller
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status if isinstance(status, int) else 1)


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


def _wait(child: int, timeout: float) -> int | None:
    """The exit status of a child, negative for a signal; None where it had to be stopped."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            ended, status = os.waitpid(child, os.WNOHANG)
        except ChildProcessError:
            return 0  # SIGCHLD is ignored here: what it printed tells
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(_POLL_SECONDS)
    for kill in (os.killpg, os.kill):  # it may not have a group of its own yet
        with contextlib.suppress(ProcessLookupError):
            kill(child, signal.SIGKILL)
    return None  # not waited for: it may be stuck in the kernel


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
