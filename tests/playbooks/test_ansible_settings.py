"""Ansible as people run it: a verdict over all hosts, or an exit status that is not 0."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
Inventory = Callable[[str], str]
LOCAL = '{ansible_connection: local, ansible_python_interpreter: "{{ ansible_playbook_python }}"}'
UNMADE = '{ansible_connection: nonsense, ansible_port: "{{ undefined }}", ansible_become: true}'


def hosts(**variables: str) -> str:
    lines = "".join(f'    "{name}": {value}\n' for name, value in variables.items())
    return f"all:\n  hosts:\n{lines}"


def reasons(tmp_path: Path) -> dict[str, str]:
    """By host, the first message of its verdict."""
    judged = json.loads((tmp_path / "gate.json").read_text())["hosts"]
    return {name: host["criteria"][0]["message"] for name, host in judged.items()}


@pytest.mark.parametrize("strategy", ["free", "host_pinned"])
def test_a_strategy_of_the_users(
    ansible_playbook: Run,
    inventory: Inventory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    strategy: str,
) -> None:
    monkeypatch.setenv("ANSIBLE_STRATEGY", strategy)
    python = tmp_path / "slow-python"
    python.write_text(f'#!/bin/sh\nsleep 2\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    slow = f"{{ansible_connection: local, ansible_python_interpreter: {python}}}"
    ansible_playbook("gate.yml", "-i", inventory(hosts(fast=LOCAL, slow=slow)))
    assert set(reasons(tmp_path)) == {"fast", "slow"}
    assert not [said for said in reasons(tmp_path).values() if "did not answer" in said]


@pytest.mark.parametrize("playbook", ["gate.yml", "foundation.yml", "playbooks/provision.yml"])
@pytest.mark.parametrize("name", ["2001:db8::7", "spark-böblingen"])
def test_a_name_that_no_document_can_have_is_refused_before_a_host_is_asked(
    ansible_playbook: Run, inventory: Inventory, playbook: str, name: str
) -> None:
    finished = ansible_playbook(
        playbook, "-i", inventory(hosts(**{"spark-01": LOCAL, name: LOCAL}))
    )
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert f'host name "{name}"' in finished.stderr
    assert "rename it in the inventory; no host was asked" in finished.stderr


@pytest.mark.parametrize(
    "unmade", [{"first"}, {"last"}, {"first", "last"}, {"first", "middle", "last"}]
)
def test_connections_that_cannot_be_made_take_no_verdict_with_them(
    ansible_playbook: Run, inventory: Inventory, tmp_path: Path, unmade: set[str]
) -> None:
    names = ("first", "middle", "last")
    text = hosts(**{name: UNMADE if name in unmade else LOCAL for name in names})
    finished = ansible_playbook("gate.yml", "-i", inventory(text))
    assert finished.returncode == 2
    assert finished.stdout.count("Phase Gate") == 1
    said = reasons(tmp_path)
    assert {name for name in names if "did not answer" in said[name]} == unmade


@pytest.mark.parametrize(
    ("options", "skipped"),
    [((), "always"), (("--skip-tags", "tagged"), ""), (("--start-at-task", "Nothing"), "")],
)
def test_a_gate_without_a_verdict_does_not_end_with_0(
    ansible_playbook: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    skipped: str,
) -> None:
    monkeypatch.setenv("ANSIBLE_SKIP_TAGS", skipped)
    finished = ansible_playbook("gate.yml", *options)
    assert finished.returncode == 1
    assert not (tmp_path / "gate.json").exists()
    assert "this run: found no verdict at its end" in finished.stderr


def test_a_verdict_hidden_by_no_log_is_one(
    ansible_playbook: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSIBLE_NO_LOG", "true")
    assert ansible_playbook("gate.yml", gate_must_pass=False).returncode == 0
    assert reasons(tmp_path)


@pytest.mark.parametrize("playbook", ["gate.yml", "foundation.yml"])
def test_answers_of_hosts_as_variables_are_refused(
    ansible_playbook: Run, monkeypatch: pytest.MonkeyPatch, playbook: str
) -> None:
    monkeypatch.setenv("ANSIBLE_INJECT_FACT_VARS", "true")
    finished = ansible_playbook(playbook)
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert "run `export ANSIBLE_INJECT_FACT_VARS=false`" in finished.stderr


def test_variables_from_a_vault(
    ansible_playbook: Run, inventory: Inventory, tmp_path: Path, baseline_dir: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("of the test")
    variables = tmp_path / "group_vars" / "all.yml"
    variables.parent.mkdir()
    variables.write_text("acceptance_profile: dgx_spark\nprobe_timeout: 15\n")
    vault = (f"--vault-password-file={password}",)
    subprocess.run(
        [Path(sys.executable).with_name("ansible-vault"), "encrypt", *vault, variables], check=True
    )
    ansible_playbook("gate.yml", "-i", inventory(hosts(here=LOCAL)), *vault)
    judged = json.loads((tmp_path / "gate.json").read_text())["hosts"]["here"]
    assert judged["profile"] == "dgx_spark"
    assert (baseline_dir / "here" / "live_state.json").exists()
