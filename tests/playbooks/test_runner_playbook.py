"""`run_foundation` over the real foundation.yml, with the figures of tests/fake_benchmark.py."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from benchmark_hosts import Hosts
from processes import processes, wait_until

from foundation import Event, FigureDone, FigureUnderWay, HostAnswered, PlayStarted, run_foundation
from foundation.documents import store


def options(hosts: Hosts) -> dict[str, Any]:
    """WS-03 alone, with everything in the test's own folder."""
    variables = {"hardware_page": str(hosts.folder / "hardware.md"), "benchmark_plots": False}
    return {
        "tags": ["WS-03"],
        "baseline_dir": hosts.folder / "baselines",
        "extra_variables": variables,
    }


@pytest.mark.slow
def test_figures_are_events_and_documents_of_this_run_are_told_from_earlier_ones(
    hosts: Callable[..., Hosts],
) -> None:
    host = hosts("spark-01")
    host.hold("triad")
    events: list[Event] = []
    old = host.folder / "baselines" / "spark-01" / "environment.json"
    old.parent.mkdir(parents=True)
    old.write_text("{}")

    def follow(event: Event) -> None:
        events.append(event)
        if isinstance(event, FigureUnderWay) and event.figure == "cpu triad":
            host.let_go()

    result = run_foundation(host.inventory, **options(host), progress=follow)

    assert (result.state, result.problems) == ("passed", ())
    new = host.folder / "baselines" / "spark-01" / "benchmark.json"
    assert result.hosts["spark-01"].documents == {"benchmark": new}
    assert store.load(new, "spark-01")["data"]["figures"]
    assert result.hosts["spark-01"].stale_documents == {"environment": old}
    under_way = [one for one in events if isinstance(one, FigureUnderWay)]
    assert [one.number for one in under_way[:3]] == [1, 2, 3]
    assert (under_way[2].host, under_way[2].figure, under_way[2].total) == (
        "spark-01",
        "cpu triad",
        5,
    )
    assert FigureDone("spark-01", "2.5 GB/s") in events
    assert PlayStarted("WS-03 Benchmark suite", "WS-03", ("spark-01",)) in events
    assert HostAnswered("spark-01", "Measure", "ok") in events


@pytest.mark.slow
def test_cancelling_ends_the_benchmark_on_the_host(
    hosts: Callable[..., Hosts], ssh: dict[str, object]
) -> None:
    host = hosts("spark-01", **ssh)
    host.hold("write")
    cancel = threading.Event()
    began = host.folder / "spark-01" / "began-write"

    def follow(event: Event) -> None:
        if isinstance(event, FigureUnderWay) and event.figure == "storage write":
            wait_until(began.exists)
            cancel.set()

    result = run_foundation(host.inventory, **options(host), progress=follow, cancel=cancel)

    assert result.cancelled
    assert result.hosts["spark-01"].outcome == "not_reached"
    assert result.hosts["spark-01"].task == "Measure"
    wait_until(lambda: not processes(str(host.folder / "spark-01")))
    # It ended in order: what it had measured is kept for --resume.
    assert [path.name for path in (host.folder / "spark-01").glob("state.json*")] == ["state.json"]


def test_an_inventory_without_hosts_gives_no_result(tmp_path: Path) -> None:
    empty = tmp_path / "empty.yml"
    empty.write_text("all:\n  hosts: {}\n")

    result = run_foundation(empty, baseline_dir=tmp_path)

    assert result.state == "no_result"
    assert result.problems == ("no hosts: name some in the inventory, or correct --limit",)
    assert result.hosts["localhost"].task == "Require hosts in the inventory"
    assert "found no hosts" in result.hosts["localhost"].message
