"""The gate's worker processes: whatever becomes of them, each host is judged once, in order."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from foundation.evaluation import workers

PARENT = os.getpid()
CHUNKS = 12


def judged(judge):
    return list(workers._in_parallel(judge, CHUNKS, 2))


def slowest_first(chunk):
    time.sleep(0.01 * (CHUNKS - chunk))
    return [chunk]


def killed_in_the_middle(chunk):
    if chunk == 5 and os.getpid() != PARENT:
        os.kill(os.getpid(), signal.SIGKILL)
    return [chunk]


def out_of_space(chunk):
    if chunk == 5 and os.getpid() != PARENT:
        raise OSError(28, "No space left on device")
    return [chunk]


@pytest.mark.parametrize("judge", [slowest_first, killed_in_the_middle, out_of_space])
def test_every_chunk_is_judged_once_and_in_order(judge):
    assert judged(judge) == [[chunk] for chunk in range(CHUNKS)]


def test_without_room_for_a_file_the_parent_judges(monkeypatch):
    def refuse():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workers, "TemporaryFile", refuse)
    assert judged(lambda chunk: [chunk, os.getpid()]) == [[n, PARENT] for n in range(CHUNKS)]


def test_without_room_for_a_process_the_parent_judges(monkeypatch):
    started = []

    def fork(real=os.fork):
        if started:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        started.append(real())
        return started[0]

    monkeypatch.setattr(os, "fork", fork)
    assert judged(slowest_first) == [[chunk] for chunk in range(CHUNKS)]
    (worker,) = started
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_a_fault_of_the_judging_is_not_swallowed():
    def judge(chunk):
        raise RuntimeError(f"chunk {chunk}")

    with pytest.raises(RuntimeError, match="chunk 0"):
        judged(judge)


def test_workers_killed_with_much_to_say_are_not_waited_for(tmp_path):
    """A result larger than a pipe, of which a part was sent."""
    program = textwrap.dedent("""
        import os, sys, time
        from foundation.evaluation import workers
        parent = os.getpid()
        def judge(chunk):
            if os.getpid() != parent:
                time.sleep(1)
            return ["x" * 1_000_000, chunk]
        assert [found[1] for found in workers._in_parallel(judge, 4, 2)] == [0, 1, 2, 3]
    """)
    run = subprocess.Popen([sys.executable, "-c", program])
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    end = time.monotonic() + 30
    found = []
    while len(found) < 2 and time.monotonic() < end:
        found = [int(pid) for pid in children.read_text().split()]
        time.sleep(0.01)
    run.send_signal(signal.SIGSTOP)  # it reads nothing while the workers finish
    time.sleep(1.5)
    for worker in found:
        os.kill(worker, signal.SIGKILL)
    run.send_signal(signal.SIGCONT)
    assert run.wait(30) == 0
