"""Who holds apt's locks: asked of locks that real processes hold."""

import subprocess
import sys

import pytest

from python_probes.provisioning import apt_locks

HOLD = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def hold(box, tmp_path):
    """Hold a lock below the box's root in a process that is a script of the given name."""
    processes = []

    def start(lock, name="dgx-dashboard-admin"):
        box.file(lock)
        script = tmp_path / name
        script.write_text(HOLD)
        process = subprocess.Popen(
            [sys.executable, str(script), str(box.root / lock.lstrip("/"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        processes.append(process)
        assert process.stdout.readline() == b"held\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_no_locks_have_no_holders(box):
    box.file("/var/lib/dpkg/lock")
    assert apt_locks.holders(box.system) == []


def test_the_holder_is_named_by_its_script(box, hold):
    process = hold("/var/lib/dpkg/lock-frontend")
    assert apt_locks.holders(box.system) == [
        {
            "lock": "/var/lib/dpkg/lock-frontend",
            "pid": process.pid,
            "command": "dgx-dashboard-admin",
        }
    ]


def test_waiting_ends_when_the_time_is_up(box, hold):
    hold("/var/lib/apt/lists/lock")
    held, waited = apt_locks.wait(box.system, 0)
    assert [holder["lock"] for holder in held] == ["/var/lib/apt/lists/lock"]
    assert waited >= 0


def test_waiting_ends_when_the_lock_is_free(box, hold):
    process = hold("/var/lib/dpkg/lock")

    def release(_seconds):
        process.kill()
        process.wait()

    held, _ = apt_locks.wait(box.system, 60, sleep=release)
    assert held == []


def test_a_program_of_its_own_is_named_by_itself():
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"\n"  # it runs, so the kernel knows its name
        assert apt_locks._command(process.pid) == "cat"
    finally:
        process.kill()
        process.communicate()
