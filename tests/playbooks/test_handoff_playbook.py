"""playbooks/handoff.yml: refused until WS-01 is complete, dry with --check, whole otherwise."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import documents as made
import pytest
import runs

from foundation.evaluation import gate
from foundation.handoff import folder

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.slow
def test_the_playbook_hands_over_what_passed_and_refuses_the_rest(
    ansible_playbook: Run, baseline_dir: Path, tmp_path: Path
) -> None:
    runs.store(baseline_dir, made.spark())
    report = gate.judge_folder(baseline_dir, now=made.NOW)
    gate.write_report(report, tmp_path / "gate.json")
    target = tmp_path / "handoff"

    dry = ansible_playbook("playbooks/handoff.yml", "--check", "--diff", handoff_dir=target)
    assert dry.returncode == 0, dry.stdout
    assert f"+++ {target}/model/versions.json (new)" in dry.stdout
    assert not target.exists()

    done = ansible_playbook("playbooks/handoff.yml", handoff_dir=target, handoff_redact="false")
    assert done.returncode == 0, done.stdout
    assert "changed=0" in done.stdout
    assert [manifest["redacted"] for manifest in folder.verify(target)] == [False, False]

    bad = made.change(made.hardware_baseline(), "data.cpu.logical_cpus", 19)
    runs.store(baseline_dir, {"hardware_baseline": bad})
    gate.write_report(gate.judge_folder(baseline_dir, now=made.NOW), tmp_path / "gate.json")
    refused = ansible_playbook("playbooks/handoff.yml", handoff_dir=target)
    assert refused.returncode == 2
    said = " ".join(refused.stdout.split())
    assert "hand-off refused: WS-01 is INCOMPLETE" in said
    assert "spark-01: cpu_cores (fail)" in said
    assert "Traceback" not in refused.stdout + refused.stderr
    assert folder.verify(target)
