"""gate.yml: never a pass without evidence, and every host is named."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import documents as made
import pytest
import yaml

Run = Callable[..., subprocess.CompletedProcess[str]]

UNREACHABLE = """\
all:
  hosts:
    spark-dead:
      ansible_host: 127.0.0.1
      ansible_port: 1
      ansible_ssh_common_args: -o ConnectTimeout=2 -o ConnectionAttempts=1
    here:
      ansible_connection: local
      ansible_python_interpreter: "{{ ansible_playbook_python }}"
"""


def report(tmp_path: Path) -> dict[str, Any]:
    return dict(json.loads((tmp_path / "gate.json").read_text()))


def test_a_host_that_was_never_measured_fails_the_gate(
    ansible_playbook: Run, tmp_path: Path
) -> None:
    finished = ansible_playbook("gate.yml")
    assert finished.returncode == 2
    assert "❌ Phase Gate: FAILED" in finished.stdout
    assert report(tmp_path)["hosts"]["localhost"]["verdict"] == "MISSING"
    assert "Traceback" not in finished.stdout + finished.stderr


def test_an_inventory_without_hosts_fails(
    ansible_playbook: Run, inventory: Callable[[str], str], tmp_path: Path
) -> None:
    empty = inventory("all:\n  hosts: {}\n")
    gate = ansible_playbook("gate.yml", "-i", empty)
    assert gate.returncode != 0
    assert "no hosts" in gate.stdout
    assert report(tmp_path)["verdict"] == "FAILED"
    foundation = ansible_playbook("foundation.yml", "-i", empty)
    assert foundation.returncode != 0
    assert "found no hosts" in foundation.stdout


def test_an_unreachable_host_is_missing_and_the_others_are_judged(
    ansible_playbook: Run, inventory: Callable[[str], str], tmp_path: Path
) -> None:
    finished = ansible_playbook("gate.yml", "-i", inventory(UNREACHABLE))
    assert finished.returncode != 0
    hosts = report(tmp_path)["hosts"]
    assert set(hosts) == {"spark-dead", "here"}
    assert hosts["spark-dead"]["verdict"] == "MISSING"
    assert "did not answer" in hosts["spark-dead"]["criteria"][0]["message"]
    assert "did not answer" not in hosts["here"]["criteria"][0]["message"]


@pytest.mark.parametrize(
    ("script", "reason"),
    [("sleep 300", "Timed out|timed out|time"), ("kill -SEGV $$", "died of SIGSEGV")],
)
def test_a_host_that_hangs_or_crashes_is_missing(
    ansible_playbook: Run, tmp_path: Path, baseline_dir: Path, script: str, reason: str
) -> None:
    python = tmp_path / "runtime-python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    finished = ansible_playbook("gate.yml", probe_runtime_interpreter=python, gate_host_timeout=8)
    assert finished.returncode == 2
    assert "Traceback" not in finished.stdout + finished.stderr
    state = json.loads((baseline_dir / "localhost/live_state.json").read_text())
    assert state["data"]["reachable"] is False
    assert any(word in state["data"]["reason"] for word in reason.split("|"))
    assert report(tmp_path)["hosts"]["localhost"]["verdict"] == "MISSING"


@pytest.mark.slow
def test_the_offline_verdict_is_the_same(
    ansible_playbook: Run, tmp_path: Path, baseline_dir: Path, foundation_command: Run
) -> None:
    ansible_playbook("foundation.yml", "--tags", "WS-01")
    ansible_playbook("gate.yml")
    online = report(tmp_path)
    offline_path = tmp_path / "offline.json"
    finished = foundation_command(
        "gate", "--documents", str(baseline_dir), "--json", str(offline_path)
    )
    offline = json.loads(offline_path.read_text())
    assert finished.returncode == 1
    assert {**offline, "generated_at": ""} == {**online, "generated_at": ""}


def test_check_mode_writes_no_report(ansible_playbook: Run, tmp_path: Path) -> None:
    finished = ansible_playbook("gate.yml", "--check")
    assert finished.returncode == 2
    assert not list(tmp_path.glob("gate.*"))
    assert not (tmp_path / "baselines").exists()


def test_a_report_that_cannot_be_written_is_a_failure_in_one_line(
    ansible_playbook: Run, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    finished = ansible_playbook("gate.yml", gate_report=tmp_path / "file/gate.json")
    assert finished.returncode == 2
    assert "cannot be written" in finished.stdout + finished.stderr
    assert "Traceback" not in finished.stdout + finished.stderr


@pytest.mark.parametrize("profile", ["nonsense", 3, "null"])
def test_a_profile_that_is_none_is_named(ansible_playbook: Run, profile: object) -> None:
    # As JSON, so that the number and null arrive as such.
    value = json.dumps({"acceptance_profile": None if profile == "null" else profile})
    finished = ansible_playbook("gate.yml", "-e", value)
    assert finished.returncode == 2
    assert "use auto, dgx_spark, generic, h100, h200 or the path of a .yml file" in finished.stdout


def test_a_python_that_ansible_cannot_use_is_no_traceback(
    ansible_playbook: Run, tmp_path: Path
) -> None:
    python = tmp_path / "python3.7"
    python.write_text("#!/bin/sh\necho 'Traceback (most recent call last):' >&2\nexit 1\n")
    python.chmod(0o755)
    gate = ansible_playbook("gate.yml", ansible_python_interpreter=python)
    assert gate.returncode == 2
    assert "Traceback" not in gate.stdout + gate.stderr
    assert report(tmp_path)["hosts"]["localhost"]["verdict"] == "MISSING"
    foundation = ansible_playbook("foundation.yml", ansible_python_interpreter=python)
    assert foundation.returncode == 2
    assert "Traceback" not in foundation.stdout + foundation.stderr
    assert "set ansible_python_interpreter to it" in " ".join(foundation.stdout.split())


def test_a_time_out_that_is_no_number_is_not_no_time_out(
    ansible_playbook: Run, tmp_path: Path
) -> None:
    finished = ansible_playbook("gate.yml", gate_host_timeout="abc")
    assert finished.returncode == 2
    assert "'abc' could not be converted to 'int'" in " ".join(finished.stdout.split())
    assert report(tmp_path)["hosts"]["localhost"]["verdict"] == "MISSING"


def local_hosts(*names: str) -> str:
    lines = "".join(f"    {name}: {{}}\n" for name in names)
    python = "{{ ansible_playbook_python }}"
    return (
        "all:\n  vars:\n    ansible_connection: local\n"
        f'    ansible_python_interpreter: "{python}"\n  hosts:\n{lines}'
    )


def runtime(folder: Path, script: str) -> Path:
    """A Python of the probe runtime that answers as a script says; $4 is the host's name."""
    path = folder / "lying-python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_hosts_that_lie_are_invalid_and_offline_too(
    ansible_playbook: Run,
    inventory: Callable[[str], str],
    tmp_path: Path,
    baseline_dir: Path,
    foundation_command: Run,
) -> None:
    """One answers with another's document, one with nonsense, and two are one machine."""
    answers = tmp_path / "answers"
    answers.mkdir()
    for name, document in (
        ("copycat", made.live_state("honest")),
        ("garbled", {**made.live_state("garbled"), "identity": 7}),
        ("twin-1", made.live_state("twin-1")),
        ("twin-2", {**made.live_state("twin-1"), "host": "twin-2"}),
        ("honest", made.live_state("honest")),
    ):
        document["collected_at"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        (answers / f"{name}.json").write_text(json.dumps(document))
    names = ("copycat", "garbled", "twin-1", "twin-2", "honest", "left-out")
    finished = ansible_playbook(
        "gate.yml",
        *("-i", inventory(local_hosts(*names)), "--limit", "all:!left-out"),
        probe_runtime_interpreter=runtime(tmp_path, f'cat {answers}/"$5".json'),
    )
    assert finished.returncode == 2
    assert "Traceback" not in finished.stdout + finished.stderr
    online = report(tmp_path)
    verdicts = {name: host["verdict"] for name, host in online["hosts"].items()}
    assert verdicts == {
        "copycat": "INVALID", "garbled": "INVALID", "honest": "MISSING",
        "twin-1": "INVALID", "twin-2": "INVALID",
    }  # fmt: skip
    assert "twin-2 too" in online["hosts"]["twin-1"]["criteria"][0]["message"]
    assert 'found "honest"' in online["hosts"]["copycat"]["criteria"][0]["message"]
    assert online["not_judged"] == ["left-out"]
    assert "not judged, since not expected: left-out" in finished.stdout
    offline_path = tmp_path / "offline.json"
    foundation_command("gate", "--documents", str(baseline_dir), "--json", str(offline_path))
    offline = json.loads(offline_path.read_text())
    assert offline["hosts"] == online["hosts"]


def test_batches_are_judged_once_and_all_together(
    ansible_playbook: Run, inventory: Callable[[str], str], tmp_path: Path
) -> None:
    text = local_hosts(*(f"h{n}" for n in range(5)))
    playbook = tmp_path / "batches.yml"
    project = Path(__file__).parents[2]
    plays = yaml.safe_load((project / "playbooks/gate.yml").read_text())
    playbook.write_text(yaml.safe_dump([{**play, "serial": 2} for play in plays]))
    for beside in ("tasks", "lookup_plugins"):
        (tmp_path / beside).symlink_to(project / "playbooks" / beside)
    finished = ansible_playbook(
        str(playbook),
        *("-i", inventory(text)),
        probe_runtime_interpreter=runtime(tmp_path, "exit 3"),
    )
    assert finished.returncode == 2
    assert finished.stdout.count("Phase Gate") == 1
    assert set(report(tmp_path)["hosts"]) == {f"h{n}" for n in range(5)}
    assert "not judged" not in finished.stdout


def test_groups_of_the_inventory_are_waived_offline_too(
    ansible_playbook: Run,
    inventory: Callable[[str], str],
    tmp_path: Path,
    baseline_dir: Path,
) -> None:
    text = local_hosts("a", "b") + "  children:\n    loan:\n      hosts:\n        a: {}\n"
    ansible_playbook("gate.yml", "-i", inventory(text))
    states = [json.loads((baseline_dir / f"{h}/live_state.json").read_text()) for h in "ab"]
    assert [state["data"].get("groups") for state in states] == [["loan"], None]
