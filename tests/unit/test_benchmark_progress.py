"""The lines that a person sees while the benchmark runs."""

import pytest

from python_probes.benchmark import progress
from python_probes.benchmark.levels import Planned
from python_probes.benchmark.progress import Progress

PLAN = (Planned("gemm.fp8", 10), Planned("memory.copy", 5), Planned("storage.read_16_jobs", 20))


@pytest.fixture
def clock(monkeypatch):
    """The monotonic clock, set by hand."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_elapsed_and_left_are_those_of_the_whole_run(clock):
    lines = []
    progress = Progress(lines.append, PLAN, 96.0)

    assert progress.expected_left() == 35
    progress.next()
    progress.measured({"value": 1467.2, "unit": "TFLOP/s"})
    clock.now += 8
    progress.next()
    progress.skipped("9.0 GiB needed")
    progress.next()

    assert lines == [
        "[1/3] gemm fp8: 4 s elapsed, about 35 s left",
        "      1467 TFLOP/s",
        "[2/3] memory copy: 12 s elapsed, about 25 s left",
        "      skipped: 9.0 GiB needed",
        "[3/3] storage read_16_jobs: 12 s elapsed, about 20 s left",
    ]


def test_a_long_figure_shows_that_it_is_alive(clock):
    lines = []
    progress = Progress(lines.append, (Planned("sustained.bf16", 600, 596),), 100.0)

    progress.next()
    for _ in range(62):
        clock.now += 1
        progress.tick()

    assert lines[1:] == [
        "[1/1] sustained bf16: 30 s elapsed, about 570 s left",
        "[1/1] sustained bf16: 60 s elapsed, about 540 s left",
    ]


def test_what_takes_no_time_is_left_out_and_never_below_zero(clock):
    lines = []
    progress = Progress(lines.append, PLAN, 100.0)
    progress.leave_out({"memory.copy"})

    progress.next()
    clock.now += 300
    progress.tick()

    assert lines[0].endswith("about 30 s left")
    assert lines[1].endswith("300 s elapsed, about 20 s left")
