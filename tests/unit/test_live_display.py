"""What a person sees of a run: at 80 columns, with few hosts and many."""

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console

from foundation.runs.events import (
    FigureDone,
    FigureUnderWay,
    HostAnswered,
    HostStarted,
    Line,
    PlayStarted,
    TaskStarted,
    figure_event,
)
from foundation.runs.live_display import Board, lines, live_display
from python_probes.benchmark.levels import Planned
from python_probes.benchmark.progress import Progress


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def names(number):
    return tuple(f"spark-{index:03d}" for index in range(1, number + 1))


def board(clock, number):
    """A fleet in the middle of a benchmark: one failed, one unreachable, two measure."""
    board = Board("foundation run", clock)
    hosts = names(number)
    board.take(PlayStarted("WS-03 Benchmark suite", "WS-03", hosts))
    board.take(HostAnswered(hosts[4], "Prepare", "failed", "no room on\nthe disk " * 9))
    board.take(HostAnswered(hosts[5], "Prepare", "unreachable", "no route to host"))
    board.take(TaskStarted("Measure", "WS-03 Benchmark suite", "WS-03"))
    for name in hosts[:2]:
        board.take(HostStarted(name, "Measure"))
        board.take(FigureUnderWay(name, "gemm bf16", 12, 31, 70, 95))
    board.take(FigureDone(hosts[1], "92.1 TFLOP/s"))
    board.take(HostAnswered(hosts[2], "Measure", "ok"))
    clock.now = 3723
    return board


def drawn(board, width=80, height=24):
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=False)
    console.print(board)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("number", [24, 300])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 10), (200, 50), (20, 4)])
def test_it_fits_any_terminal(clock, number, width, height):
    rows = drawn(board(clock, number), width, height)
    assert len(rows) < height or height == 4
    assert all(cell_len(row) <= width for row in rows)


def test_at_80_columns_it_says_what_matters(clock):
    rows = drawn(board(clock, 300))
    assert rows[0].startswith("foundation run  WS-03 Benchmark suite: Measure ")
    assert rows[0].endswith(" 1:02:03")
    assert rows[1] == ("300 hosts: 1 failed, 1 unreachable, 2 at work, 295 waiting, 1 answered")
    assert rows[2].startswith("  spark-005  failed      Prepare: no room on the disk")
    assert rows[3].rstrip() == "  spark-006  unreachable Prepare: no route to host"
    assert rows[4].rstrip() == "  spark-001  at work     [12/31] gemm bf16, 1:35 left"
    assert rows[5].rstrip() == "  spark-002  at work     gemm bf16: 92.1 TFLOP/s"
    assert rows[-1].rstrip() == "  and 280 more: 279 waiting, 1 answered"


def test_many_failures_leave_room_for_those_at_work(clock):
    board = Board("foundation run", clock)
    board.take(PlayStarted("Play", None, names(60)))
    for name in names(60)[:40]:
        board.take(HostAnswered(name, "Task", "failed", "broken"))
    for name in names(60)[40:]:
        board.take(HostStarted(name, "Task"))
    rows = drawn(board)
    assert sum(" failed " in row for row in rows[2:-1]) == 10
    assert sum(" at work " in row for row in rows[2:-1]) == 10
    assert rows[-1].rstrip() == "  and 40 more: 30 failed, 10 at work"


def test_a_rescued_host_is_no_failure_any_more(clock):
    board = Board("foundation run", clock)
    board.take(PlayStarted("Play", None, ("one",)))
    board.take(HostAnswered("one", "Task", "failed", "broken"))
    board.take(HostStarted("one", "Say so"))
    assert drawn(board)[1] == "1 host: 1 at work"
    board.take(HostAnswered("one", "Ignore", "failed", "broken", ignored=True))
    assert drawn(board)[1] == "1 host: 1 answered"


def test_what_hosts_say_moves_no_cursor(clock):
    board = Board("foundation run", clock)
    board.take(PlayStarted("[red]Play[/red]", None, ("one",)))
    board.take(HostAnswered("one", "Task", "failed", "\x1b[2J[bold]\x07half"))
    board.take(Line("\x1b]0;title\x07 a line"))
    text = "\n".join(drawn(board))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[red]Play[/red]" in text
    assert "[bold]" in text


def test_a_run_that_is_being_ended_says_so(clock):
    board = Board("foundation run", clock, ending=lambda: True)
    board.take(PlayStarted("Play", None, ("one",)))
    assert drawn(board)[0].startswith("foundation run  ending the run on the hosts; again ends it")


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, ValueError])
def test_the_cursor_is_given_back(error):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    try:
        with live_display("foundation run", stream) as live:
            live(PlayStarted("Play", None, ("one",)))
            if error is not None:
                raise error
    except (KeyboardInterrupt, ValueError):
        pass
    shown = stream.getvalue()
    assert shown.count("\x1b[?25l") == 1
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_the_lines_of_a_log_name_what_counts():
    told = [
        line
        for event in (
            PlayStarted("WS-03 Benchmark suite", "WS-03", ("a", "b")),
            TaskStarted("Measure", "WS-03 Benchmark suite", "WS-03"),
            HostStarted("a", "Measure"),
            FigureUnderWay("a", "gemm bf16", 1, 31, 0, 61),
            FigureDone("a", "92 TFLOP/s"),
            HostAnswered("a", "Measure", "ok"),
            HostAnswered("b", "Measure", "failed", "broken"),
            HostAnswered("b", "Measure", "failed", "broken", ignored=True),
            Line("a warning"),
        )
        for line in lines(event)
    ]
    assert told == [
        "WS-03 Benchmark suite: 2 hosts",
        "  Measure",
        "  a [1/31] gemm bf16, about 1:01 left",
        "  a   92 TFLOP/s",
        "  b failed: Measure: broken",
        "  a warning",
    ]


def test_every_line_of_the_benchmark_is_read(monkeypatch):
    said = []
    plan = (Planned("gemm.fp8", 10), Planned("storage.read_16_jobs", 20))
    progress = Progress(said.append, plan, 0.0)
    progress.next()
    progress.measured({"value": 1467.2, "unit": "TFLOP/s"})
    progress.next()
    progress.skipped("9.0 GiB needed: [1/2] no: 3 s elapsed")

    first, value, second, skipped = (figure_event(f"spark-01: {one}", {"spark-01"}) for one in said)

    elapsed = float(re.search(r"(\d+) s elapsed", said[0])[1])
    assert first == FigureUnderWay("spark-01", "gemm fp8", 1, 2, elapsed, 30.0)
    assert value == FigureDone("spark-01", "1467 TFLOP/s")
    assert (second.figure, second.number) == ("storage read_16_jobs", 2)
    assert skipped == FigureDone("spark-01", "skipped: 9.0 GiB needed: [1/2] no: 3 s elapsed")


@pytest.mark.parametrize(
    "line",
    [
        "other: [1/2] gemm fp8: 1 s elapsed, about 30 s left",
        "spark-01 [1/2] gemm fp8: 1 s elapsed, about 30 s left",
        "spark-01: resumed: 3 figures are measured already",
        "spark-01:       ",
        "",
    ],
)
def test_other_lines_are_no_figures(line):
    assert figure_event(line, {"spark-01"}) is None
