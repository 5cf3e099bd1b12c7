"""The run's file: one run at a time, and lines for whoever watches."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from box import REPOSITORY

from python_probes.benchmark import run_file
from python_probes.benchmark.run_file import BusyError, RunFile


def test_lines_are_there_while_it_is_held_and_nothing_afterwards(tmp_path):
    path = tmp_path / "deep" / "benchmark.json.run"
    held = RunFile(path)

    held.write_line("[1/2] gemm fp32: 0 s elapsed, about 9 s left")

    first, second = path.read_text().splitlines()
    assert first.split()[0] == str(os.getpid())
    assert second.startswith("[1/2]")
    assert path.stat().st_mode & 0o777 == 0o600
    held.release()
    assert list(path.parent.iterdir()) == []


def test_a_second_run_is_told_which_process_is_the_first(tmp_path):
    path = tmp_path / "run"
    held = RunFile(path)

    with pytest.raises(BusyError) as caught:
        RunFile(path)

    assert f"another run, process {os.getpid()}, measures" in str(caught.value)
    assert str(path) in str(caught.value)
    assert path.read_text().startswith(str(os.getpid()))
    held.release()
    RunFile(path).release()


def test_a_killed_run_holds_nothing_and_its_lines_are_gone(tmp_path):
    path = tmp_path / "run"
    program = (
        "import sys, pathlib; from python_probes.benchmark.run_file import RunFile;"
        "RunFile(pathlib.Path(sys.argv[1])).write_line('old'); print(flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    child.stdout.readline()
    with pytest.raises(BusyError, match=f"process {child.pid}"):
        RunFile(path)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    old = path.read_text().splitlines()[0]

    held = RunFile(path)

    assert "old" not in path.read_text()
    assert path.read_text().splitlines()[0] != old
    held.release()


def test_a_file_that_was_removed_while_waiting_is_made_anew(tmp_path, monkeypatch):
    path = tmp_path / "run"
    flock, times = run_file.fcntl.flock, []

    def late(descriptor, operation):
        flock(descriptor, operation)
        times.append(descriptor)
        if len(times) == 1:
            path.unlink()  # the run that held it ended just before

    monkeypatch.setattr(run_file.fcntl, "flock", late)

    held = RunFile(path)

    assert len(times) == 2
    assert path.exists()
    held.release()


def test_what_is_no_file_is_refused_and_nothing_is_left_open(tmp_path):
    path = tmp_path / "run"
    path.mkdir()
    before = len(list(Path("/proc/self/fd").iterdir()))

    with pytest.raises(OSError, match="Is a directory"):
        RunFile(path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "target").write_text("precious")
    (tmp_path / "run").symlink_to(tmp_path / "target")

    with pytest.raises(OSError, match="symbolic links"):
        RunFile(tmp_path / "run")
    assert (tmp_path / "target").read_text() == "precious"
