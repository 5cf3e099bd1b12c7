"""python_probes/launch.py: the package under another interpreter, also from a zip file."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from python_probes import launch
from python_probes.collect import live_state
from python_probes.core.system import System

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
        for source in (PROJECT / "python_probes").rglob("*.py"):
            payload.write(source, f"ansible/module_utils/{source.relative_to(PROJECT)}")
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


def test_the_last_words_name_no_identifier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/machine-id").write_text("3d1219c7c4c5404aaa1f6d2a48adfda4\n")
    (tmp_path / "etc/hostname").write_text("spark-7f3a\n")
    monkeypatch.setattr(launch, "System", lambda: System(tmp_path))
    said = "OSError: spark-7f3a 02:00:00:00:00:ab serial: A1B2C3D4 10.1.2.3 of 3d1219c7c4c5404a"
    script = f"echo '{said}aa1f6d2a48adfda4' >&2; exit 1"
    with pytest.raises(launch.LaunchError, match="exit status 1: OSError: hmac-") as raised:
        launch.run_package(interpreter(tmp_path / "python", script), ["hardware"], timeout=9)
    for clear in ("7f3a", "02:00", "A1B2C3D4", "10.1.2.3", "3d1219c7"):
        assert clear not in str(raised.value)


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


def test_the_document_made_here_is_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    document = launch.live_state(sys.executable, "here", "/", 20)
    other = launch.run_package(sys.executable, ["live_state", "--host", "here"], timeout=60)
    assert {**document, "collected_at": ""} == {**other, "collected_at": ""}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("host", "root", "message"),
    [("-", "/", "is not an inventory host name"), ("here", "/nowhere", "No such file")],
)
def test_wrong_use_is_one_line(host: str, root: str, message: str) -> None:
    with pytest.raises(launch.LaunchError, match=message):
        launch.live_state(sys.executable, host, root, 20)


def test_the_runtimes_pynvml_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "lib/python3.9/site-packages"
    folder.mkdir(parents=True)
    # The real one looks itself up too.
    (folder / "pynvml.py").write_text("import sys; sys.modules[__name__].OWNER = 'the runtime'")
    users = tmp_path / "user"
    users.mkdir()
    (users / "pynvml.py").write_text("OWNER = 'the user'")
    monkeypatch.syspath_prepend(users)
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)

    def owner(*_: object) -> dict[str, Any]:
        import pynvml  # noqa: PLC0415

        return {"owner": pynvml.OWNER}

    monkeypatch.setattr(live_state, "document", owner)
    runtime = str(tmp_path / "bin/python")

    assert launch.live_state(runtime, "here", "/", 9) == {"owner": "the runtime"}
    (folder / "pynvml.py").write_text("1 // 0")
    assert launch.live_state(runtime, "here", "/", 9) == {"owner": "the user"}
    assert [path.name for path in folder.iterdir()] == ["pynvml.py"]


def test_no_process_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_process() -> int:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(os, "fork", no_process)
    with pytest.raises(launch.LaunchError, match="Resource temporarily"):
        launch.live_state(sys.executable, "here", "/", 9)


def test_whoever_ignores_its_children_gets_the_document() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert launch.live_state(sys.executable, "here", "/", 9)["host"] == "here"
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_an_interpreter_without_a_readable_pynvml_runs_itself(tmp_path: Path) -> None:
    runtime = interpreter(tmp_path / "python", 'echo \'{"kind": "of its own"}\'')
    assert launch.live_state(runtime, "here", "/", 9) == {"kind": "of its own"}


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("still not so after 10 s")
