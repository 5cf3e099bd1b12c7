"""python_probes/launch.py: the package under another interpreter, also from a zip file."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from python_probes import cli, launch

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


def in_a_fork(timeout: float = 60, **environment: str) -> dict[str, Any]:
    return launch.run_forked(
        sys.executable, ["live_state", "--host", "here"], timeout=timeout, environment=environment
    )


def test_a_fork_gives_the_same_document(capfd: pytest.CaptureFixture[str]) -> None:
    folder, path = Path.cwd(), list(sys.path)
    document = in_a_fork()
    other = launch.run_package(sys.executable, ["live_state", "--host", "here"], timeout=60)
    assert {**document, "collected_at": ""} == {**other, "collected_at": ""}
    assert capfd.readouterr() == ("", "")
    assert (Path.cwd(), sys.path) == (folder, path)


def test_a_fork_says_what_the_other_interpreter_would() -> None:
    with pytest.raises(launch.LaunchError, match=r"exit status 2: .* is not an inventory host name"):
        launch.run_forked(sys.executable, ["live_state", "--host", "-"], timeout=60)


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "the process died of SIGKILL"),
        (lambda: 1 // 0, "exit status 1: ZeroDivisionError"),
        (lambda: 3, "exit status 3: no message"),
        (lambda: print('{"kind": ') or 0, "printed no JSON document"),
        (lambda: os.write(1, b"[1]") and 0, "printed list, not a JSON object"),
        (lambda: os.write(1, b"x" * 2**20) and 5, "exit status 5"),
        (lambda: time.sleep(300), "no document within 1 s; stopped"),
        (lambda: os.closerange(0, 64) or time.sleep(300), "no document within 1 s; stopped"),
        (lambda: sys.stdout.close() or 0, "printed no JSON document"),
    ],
)
def test_every_bad_end_of_a_fork_is_one_line(
    monkeypatch: pytest.MonkeyPatch, end: Callable[[], int], message: str
) -> None:
    monkeypatch.setattr(cli, "main", lambda _: end())
    with pytest.raises(launch.LaunchError, match=message) as raised:
        in_a_fork(timeout=1)
    assert "\n" not in str(raised.value)


def test_a_fork_takes_the_runtimes_pynvml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "lib/python3.9/site-packages"
    folder.mkdir(parents=True)
    # The real one looks itself up too.
    (folder / "pynvml.py").write_text("import sys; sys.modules[__name__].OWNER = 'the runtime'")
    (folder / "json.py").write_text("1 // 0")  # nothing else of that folder
    users = tmp_path / "user"
    users.mkdir()
    (users / "pynvml.py").write_text("OWNER = 'the user'")
    monkeypatch.syspath_prepend(users)

    def answer(_: Sequence[str]) -> int:
        import json  # noqa: PLC0415

        import pynvml  # noqa: PLC0415

        print(json.dumps({"owner": pynvml.OWNER, "revision": os.environ["REVISION"]}))
        return 0

    monkeypatch.setattr(cli, "main", answer)

    def asked() -> dict[str, Any]:
        runtime = str(tmp_path / "bin/python")
        return launch.run_forked(runtime, ["x"], timeout=9, environment={"REVISION": "1"})

    assert asked() == {"owner": "the runtime", "revision": "1"}
    assert sorted(path.name for path in folder.iterdir()) == ["json.py", "pynvml.py"]
    (folder / "pynvml.py").write_text("1 // 0")
    assert asked()["owner"] == "the user"


def test_no_process_and_no_room_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_process() -> int:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(os, "fork", no_process)
    with pytest.raises(launch.LaunchError, match=r"cannot be started \(Resource temporarily"):
        in_a_fork()


def test_whoever_ignores_its_children_gets_the_document() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert in_a_fork()["host"] == "here"
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_an_interpreter_without_a_readable_pynvml_runs_itself(tmp_path: Path) -> None:
    runtime = interpreter(tmp_path / "python", 'echo \'{"kind": "of its own"}\'')
    assert launch.run_forked(runtime, ["live_state"], timeout=9) == {"kind": "of its own"}


def test_a_fork_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    program = (
        "from python_probes import cli, launch; import os, pathlib, sys, time;"
        f"cli.main = lambda _: pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid())) "
        "and time.sleep(300);"
        "launch.run_forked(sys.executable, ['x'], timeout=300)"
    )
    started = subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT)
    wait_until(lambda: pid_file.exists() and bool(pid_file.read_text()))
    started.kill()
    started.wait()
    wait_until(lambda: not Path("/proc", pid_file.read_text()).exists())


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("still not so after 10 s")
