"""playbooks/hardware.yml and the modules under it, against this machine and a replayed Spark."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from foundation.documents import store

PROJECT = Path(__file__).parents[2]


def changed(finished: subprocess.CompletedProcess[str]) -> list[int]:
    return [int(number) for number in re.findall(r"changed=(\d+)", finished.stdout)]


@pytest.mark.slow
def test_hardware_and_environment_are_kept_and_the_second_run_changes_nothing(
    ansible_playbook: Callable[..., subprocess.CompletedProcess[str]],
    baseline_dir: Path,
    tmp_path: Path,
) -> None:
    finished = ansible_playbook("foundation.yml", "--tags", "WS-01")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    for kind in ("hardware_baseline", "environment"):
        path = store.path(baseline_dir, "localhost", kind)
        document = store.load(path, "localhost")
        assert document["kind"] == kind
    assert store.load(path)["data"]["torch"]["version"].startswith("2.")
    assert "localhost" in (tmp_path / "hardware.md").read_text()

    again = ansible_playbook("foundation.yml", "--tags", "WS-01")
    assert again.returncode == 0, again.stdout
    assert changed(again) == [0] * len(changed(again)) != []


@pytest.mark.slow
def test_check_mode_reads_and_writes_nothing(
    ansible_playbook: Callable[..., subprocess.CompletedProcess[str]],
    baseline_dir: Path,
    tmp_path: Path,
) -> None:
    finished = ansible_playbook("foundation.yml", "--check", "--diff")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert not baseline_dir.exists()
    assert not (tmp_path / "hardware.md").exists()


@pytest.mark.slow
def test_check_mode_predicts_a_runtime_that_is_not_there(
    ansible_playbook: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    finished = ansible_playbook(
        "foundation.yml", "--tags", "WS-01", "--check", probe_runtime_path=tmp_path / "runtime"
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert any(changed(finished))
    assert not (tmp_path / "runtime").exists()


def test_a_replayed_spark_comes_through_the_module(
    ansible_playbook: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
    baseline_dir: Path,
) -> None:
    gb10 = PROJECT / "tests/fixtures/gb10"
    playbook = tmp_path / "replay.yml"
    playbook.write_text(
        json.dumps(
            [
                {
                    "hosts": "localhost",
                    "gather_facts": False,
                    "tasks": [
                        {
                            "foundation_probe": {
                                "documents": ["hardware"],
                                "host": "localhost",
                                "root": str(gb10 / "root"),
                            },
                            "environment": {"PATH": f"{gb10 / 'bin'}:/usr/bin:/bin"},
                            "register": "probed",
                        },
                        {
                            "foundation_store": {
                                "documents": "{{ probed.documents }}",
                                "baseline_dir": str(baseline_dir),
                            }
                        },
                    ],
                }
            ]
        )
    )
    finished = ansible_playbook(str(playbook))
    assert finished.returncode == 0, finished.stdout + finished.stderr
    data = store.load(store.path(baseline_dir, "localhost", "hardware_baseline"))["data"]
    assert [device["name"] for device in data["gpu"]["devices"]] == ["NVIDIA GB10"]
    assert data["cpu"]["architecture"] == "aarch64"
