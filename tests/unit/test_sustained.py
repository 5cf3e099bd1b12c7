"""Sustained GEMM over a torch whose clock is the test's: windows, series and failures."""

from types import SimpleNamespace

import pytest
from fake_torch import FakeTorch, quick

from python_probes.benchmark.families import sustained
from python_probes.benchmark.families.sustained import measure
from python_probes.benchmark.measuring.context import BenchmarkContext
from python_probes.benchmark.measuring.figure import SkipError


@pytest.fixture
def play(box, tmp_path, monkeypatch):
    """A function that measures on a torch for some seconds of the torch's own clock."""
    box.file("/proc/meminfo", "MemTotal: 33554432 kB\nMemAvailable: 30000000 kB")
    quick(monkeypatch, size=4)

    def run(torch, seconds):
        monkeypatch.setattr(sustained, "time", SimpleNamespace(monotonic=lambda: torch.clock))
        return measure(BenchmarkContext(torch, tmp_path, box.system), "bf16", seconds)

    return run


def test_windows_fill_the_time_and_are_the_samples_of_the_series(play):
    figure = play(FakeTorch(cuda=True, seconds=0.01), 10.0)

    assert len(figure["samples"]) == pytest.approx(40, abs=2)
    assert figure["value"] == pytest.approx(2 * 4**3 / 0.01 / 1e12)
    assert figure["duration_seconds"] == pytest.approx(10.0, abs=0.3)
    series = figure["series"]
    assert series["value"] == figure["samples"]
    assert series["seconds"][:2] == pytest.approx([0.25, 0.5])
    assert series["seconds"] == sorted(series["seconds"])
    for column in ("sm_clock_mhz", "power_watts", "temperature_celsius"):
        assert series[column] == [None] * len(figure["samples"])


def test_a_gpu_that_slows_down_keeps_its_windows_length(play, monkeypatch):
    torch = FakeTorch(cuda=True, seconds=0.01)
    work = torch.work

    def throttled(amount):
        work(amount * (2 if torch.clock > 5.0 else 1))

    monkeypatch.setattr(torch, "work", throttled)

    figure = play(torch, 10.0)

    assert figure["samples"][-1] == pytest.approx(figure["samples"][0] / 2)
    ends = figure["series"]["seconds"]
    assert ends[-1] - ends[-2] == pytest.approx(0.25, rel=0.1)
    assert len(ends) == pytest.approx(40, abs=4)


def test_a_long_run_has_no_more_samples_than_a_plot_can_show(play):
    figure = play(FakeTorch(cuda=True, seconds=0.5), 2000.0)

    assert 900 <= len(figure["samples"]) <= 1200


def test_a_load_that_goes_wrong_is_no_figure(play, monkeypatch):
    torch = FakeTorch(cuda=True, seconds=0.01)
    work = torch.work

    def failing(amount):
        if torch.clock > 1.0:
            torch.faults.add("zeros")
        work(amount)

    monkeypatch.setattr(torch, "work", failing)

    with pytest.raises(SkipError, match="the result is wrong"):
        play(torch, 3.0)


def test_too_little_time_is_no_figure(play):
    with pytest.raises(SkipError, match=r"2 windows of 0\.25 s were completed"):
        play(FakeTorch(cuda=True, seconds=0.01), 0.5)


def test_no_gpu_no_figure(play):
    with pytest.raises(SkipError, match="no CUDA device"):
        play(FakeTorch(), 5.0)
