"""python_probes/launch.py: the package under another interpreter, also from a zip file."""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from python_probes import launch

PROJECT = Path(__file__).parents[2]


def interpreter(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_a_document_comes_back() -> None:
    document = launch.run_package(sys.executable, ["live_state", "--host", "here"], timeout=60)
    assert (document["kind"], document["host"]) == ("live_state", "here")


def test_the_package_runs_from_the_zip_file_that_ansible_makes(tmp_path: Path) -> None:
    archive = tmp_path / "payload.zip"
    with zipfile.ZipFile(archive, "w") as payload:
        payload.writestr("ansible/__init__.py", "")
        payload.writestr("ansible/module_utils/__init__.py", "")
        for source in (PROJECT / "python_probes").glob("*.py"):
            payload.write(source, f"ansible/module_utils/python_probes/{source.name}")
    program = (
        "from ansible.module_utils.python_probes import launch; import sys;"
        "arguments = ['live_state', '--host', 'zip'];"
        "print(launch.run_package(sys.executable, arguments, timeout=60)['host'])"
    )
    finished = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={"PYTHONPATH": str(archive), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.stdout.strip(), finished.stderr) == ("zip", "")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("kill -SEGV $$", "the process died of SIGSEGV"),
        ("echo Traceback >&2; echo 'ImportError: x' >&2; exit 1", "exit status 1: ImportError"),
        ("exit 3", "exit status 3: no message"),
        ("echo '{\"kind\": '", "printed no JSON document"),
        ("echo '[1]'", "printed list, not a JSON object"),
        ("sleep 300", "no document within 1 s; stopped"),
    ],
)
def test_every_bad_end_is_one_line(tmp_path: Path, script: str, message: str) -> None:
    with pytest.raises(launch.LaunchError, match=message) as raised:
        launch.run_package(interpreter(tmp_path / "python", script), ["hardware"], timeout=1)
    assert "\n" not in str(raised.value)


def test_an_interpreter_that_is_not_there_says_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(launch.LaunchError, match=r"foundation\.yml --tags WS-01"):
        launch.run_package(str(tmp_path / "absent"), ["hardware"], timeout=1)


def test_the_runtime_is_chosen_where_it_exists(tmp_path: Path) -> None:
    existing = interpreter(tmp_path / "python", "true")
    assert launch.choose_interpreter(existing) == existing
    assert launch.choose_interpreter(str(tmp_path / "absent")) == sys.executable
    assert launch.choose_interpreter(None) == sys.executable


def test_the_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    hangs = interpreter(
        tmp_path / "python",
        f"echo $$ >{pid_file}.new; mv {pid_file}.new {pid_file}; exec sleep 300",
    )
    program = f"from python_probes import launch; launch.run_package({hangs!r}, ['x'], timeout=300)"
    started = subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT)
    wait_until(pid_file.exists)
    started.kill()
    started.wait()
    wait_until(lambda: not Path("/proc", pid_file.read_text().strip()).exists())


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("still not so after 10 s")
