"""The published scripts, run for real from another folder, in a checkout with and without .venv."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import documents as made
import pytest
import runs

PROJECT = Path(__file__).parents[2]
GATE, ORCHESTRATOR = "check_foundation_gate.sh", "spawn_foundation_orchestrator.sh"
EMPTY = "all:\n  hosts: {}\n"


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose .venv is the environment that the tests run in."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for entry in PROJECT.iterdir():
        if entry.name not in ("scripts", ".venv", "bench", "reports"):
            (folder / entry.name).symlink_to(entry)
    shutil.copytree(PROJECT / "scripts", folder / "scripts")
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def run(checkout, script, *arguments, cwd="/"):
    return subprocess.run(
        [checkout / "scripts" / script, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_gate_script_judges_what_is_stored(checkout):
    collected = datetime.now(UTC) - timedelta(hours=1)
    stored = made.spark()
    for document in stored.values():
        document["collected_at"] = f"{collected:%Y-%m-%dT%H:%M:%SZ}"
    runs.store(checkout / "bench/baselines", stored)
    passed = run(checkout, GATE)
    assert (passed.returncode, passed.stderr) == (0, "")
    assert passed.stdout.splitlines()[:4] == [
        "✅ WS-01: Hardware Baselines - COMPLETE",
        "✅ WS-02: Reproducibility Framework - COMPLETE",
        "✅ WS-03: Benchmark Suite - COMPLETE",
        "✅ Phase Gate: PASSED - Model/Interface can proceed",
    ]
    failed = run(checkout, GATE, "--expect", "spark-01,spark-02", "--json", "out.json")
    assert failed.returncode == 1
    assert "❌ Phase Gate: FAILED" in failed.stdout.splitlines()[3]
    assert (checkout / "out.json").exists()
    wrong = run(checkout, GATE, "--profile", "nonsense")
    assert wrong.returncode == 2
    assert len(wrong.stderr.splitlines()) == 1


def test_the_orchestrator_runs_the_workstreams_in_order_and_then_the_gate(checkout):
    listed = run(checkout, ORCHESTRATOR, "--list-tasks")
    assert listed.returncode == 0, listed.stderr
    plays = [
        listed.stdout.index(name)
        for name in ("WS-01 Hardware", "WS-02 Repro", "WS-03 Bench", "(all): Gate")
    ]
    assert plays == sorted(plays)


def test_the_gate_is_run_though_nothing_could_be_measured(checkout, tmp_path):
    inventory = tmp_path / "empty.yml"
    inventory.write_text(EMPTY)
    report = tmp_path / "gate.json"
    done = run(
        checkout, ORCHESTRATOR, "-i", inventory, "--tags", "WS-01", "-e", f"gate_report={report}"
    )
    assert done.returncode == 2
    assert "found no hosts" in done.stdout
    assert done.stdout.index("found no hosts") < done.stdout.index("❌ Phase Gate: FAILED")
    assert report.exists()


@pytest.mark.parametrize("script", [GATE, ORCHESTRATOR])
def test_help_and_what_to_do_without_an_environment(checkout, tmp_path, script):
    (checkout / ".venv").unlink()
    for option in ("--help", "-h"):
        told = run(checkout, script, option)
        assert (told.returncode, told.stderr) == (0, "")
        assert told.stdout.startswith(f"Usage: scripts/{script} [OPTION...]")
    # Also by a link from elsewhere, as in ~/bin.
    (tmp_path / "linked").symlink_to(checkout / "scripts" / script)
    for path in (checkout / "scripts" / script, tmp_path / "linked"):
        done = subprocess.run([path], cwd="/", capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stderr == f"{script}: {checkout}/.venv is missing: run make setup there first\n"
