"""What benchmarks.yml does with a run once it is measured: history, baseline, pictures."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import runs
import yaml

from foundation.history import run_history

Run = Callable[..., subprocess.CompletedProcess[str]]
PROJECT = Path(__file__).parents[2]
HOST = "localhost"


@pytest.fixture
def playbook(tmp_path: Path) -> str:
    """benchmarks.yml without the measurement: its document comes from a file."""
    (play,) = yaml.safe_load((PROJECT / "playbooks/benchmarks.yml").read_text())
    tasks = [task for task in play["tasks"] if "foundation_benchmark" not in task]
    assert len(tasks) == len(play["tasks"]) - 1
    measured = {
        "name": "Pretend to measure",
        "ansible.builtin.set_fact": {
            "measured": {"document": "{{ lookup('file', measured_file) | from_json }}"}
        },
    }
    path = tmp_path / "benchmarks.yml"
    play = {"hosts": "all", "gather_facts": False, "tasks": [measured, *tasks]}
    path.write_text(yaml.safe_dump([play]))
    return str(path)


def documents(now: datetime, factor: float = 1.0) -> dict[str, Any]:
    """A Spark's documents, all collected now."""
    collected = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    stored = runs.spark(HOST, collected=collected, factor=factor)
    return {kind: {**one, "collected_at": collected} for kind, one in stored.items()}


@pytest.mark.slow
def test_a_run_is_remembered_accepted_drawn_and_compared(
    ansible_playbook: Run, playbook: str, baseline_dir: Path, tmp_path: Path
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)

    def measure(
        stored: dict[str, Any], *arguments: str, **variables: object
    ) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "measured.json"
        path.write_text(json.dumps(stored.pop("benchmark")))
        runs.store(baseline_dir, stored)
        return ansible_playbook(
            playbook,
            *arguments,
            measured_file=path,
            plots_dir=tmp_path / "plots",
            **variables,
        )

    accepted = baseline_dir / HOST / "benchmark_baseline.json"
    first = now - timedelta(hours=2)
    checked = measure(documents(first), "--check", benchmark_accept_baseline=True)
    assert not run_history.path(baseline_dir, HOST).exists(), checked.stdout

    finished = measure(documents(first))
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert not accepted.exists()
    assert {path.stem for path in (tmp_path / "plots" / HOST).glob("*.png")} >= {
        "throughput", "bandwidth", "storage", "history"
    }  # fmt: skip

    finished = measure(documents(first), benchmark_accept_baseline=True, benchmark_plots=False)
    assert finished.returncode == 0, finished.stdout
    assert "figures are its baseline now" in finished.stdout
    before = accepted.read_bytes()

    slower = now - timedelta(hours=1)
    finished = measure(
        documents(slower, 0.8), benchmark_accept_baseline=True, benchmark_plots=False
    )
    assert finished.returncode == 0, finished.stdout
    assert "has a baseline, which is kept" in finished.stdout
    assert accepted.read_bytes() == before
    moments = [
        one["collected_at"]
        for one in run_history.load(run_history.path(baseline_dir, HOST)).entries
    ]
    assert moments == [time.strftime("%Y-%m-%dT%H:%M:%SZ") for time in (first, slower)]

    finished = measure(
        documents(slower, 0.8), benchmark_replace_baseline=True, benchmark_plots=False
    )
    assert finished.returncode == 0, finished.stdout
    assert accepted.read_bytes() != before


def test_a_run_without_a_valid_figure_fails_the_task(
    ansible_playbook: Run, playbook: str, baseline_dir: Path, tmp_path: Path
) -> None:
    stored = documents(datetime.now(UTC) - timedelta(hours=1))
    stored["benchmark"]["data"]["figures"] = {}
    path = tmp_path / "measured.json"
    path.write_text(json.dumps(stored.pop("benchmark")))
    runs.store(baseline_dir, stored)
    finished = ansible_playbook(playbook, measured_file=path, benchmark_accept_baseline=True)
    assert finished.returncode == 2
    assert "no baseline: no figure of" in finished.stdout
    assert "Traceback" not in finished.stdout + finished.stderr
