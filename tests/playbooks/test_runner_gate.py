"""`run_gate` and the commands over the real gate.yml, on this machine."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import documents as made
import pytest
from processes import processes, wait_until

from foundation import RunError, run_foundation, run_gate
from foundation.documents import store as stored

PROJECT = Path(__file__).parents[2]
HERE = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
DEAD = {"ansible_host": "127.0.0.1", "ansible_port": 1}
COMMAND = [sys.executable, "-m", "foundation"]


@pytest.fixture
def fleet(tmp_path: Path) -> Callable[..., Path]:
    """Write an inventory and return its path."""

    def write(**hosts: dict[str, Any]) -> Path:
        path = tmp_path / "fleet.json"
        path.write_text(json.dumps({"all": {"hosts": hosts}}))
        return path

    return write


def store(folder: Path, host: str, identity: dict[str, Any]) -> None:
    """A healthy Spark's documents, as if this machine were one."""
    for kind, document in made.spark(host).items():
        document["identity"] |= {**identity, "build": document["identity"]["build"]}
        document["collected_at"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        stored.write(document, stored.path(folder, host, kind))


def run(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.slow
def test_a_dead_host_is_unreachable_and_missing_and_then_the_other_passes(
    fleet: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run_gate(
        fleet(here=HERE, dead=DEAD).name, baseline_dir="docs", report="gate.json", forks=2
    )

    assert (result.state, result.verdict, result.problems) == ("not_passed", "FAILED", ())
    assert {name: (one.outcome, one.verdict) for name, one in result.hosts.items()} == {
        "here": ("ok", "MISSING"),
        "dead": ("unreachable", "MISSING"),
    }
    assert result.report == tmp_path / "gate.json"
    assert result.gate_report == stored.load(tmp_path / "gate.json")

    live = stored.load(tmp_path / "docs/here/live_state.json")
    store(tmp_path / "docs", "here", live["identity"])
    result = run_gate(
        "fleet.json", limit="here", profile="dgx_spark", baseline_dir="docs", report="gate.json"
    )
    assert result.gate_report is not None
    findings = result.gate_report["hosts"]["here"]["criteria"]
    bad = [one for one in findings if one["outcome"] not in ("pass", "skipped")]
    assert (result.state, result.verdict, bad) == ("passed", "PASSED", [])
    assert (result.exit_status, list(result.hosts)) == (0, ["here"])


@pytest.mark.slow
def test_the_live_command_prints_what_the_offline_one_does(
    fleet: Callable[..., Path], tmp_path: Path
) -> None:
    live = run(
        "gate", "-i", fleet(here=HERE), "--documents", "docs", "--json", "g.json", folder=tmp_path
    )
    offline = run("gate", "--documents", "docs", folder=tmp_path)

    assert (live.returncode, offline.returncode) == (1, 1)
    assert live.stdout == offline.stdout + f"\nReport: {tmp_path / 'g.json'}\n"
    assert "Gate: 1 host\n" in live.stderr
    assert "Phase Gate" not in live.stderr
    assert stored.load(tmp_path / "g.json")["verdict"] == "FAILED"


def test_json_is_all_that_standard_output_has(fleet: Callable[..., Path], tmp_path: Path) -> None:
    done = run(
        *("gate", "-i", fleet(here=HERE), "--documents", "docs", "--json", "-", "--check"),
        folder=tmp_path,
    )

    result = json.loads(done.stdout)
    stored.validate(result, "run_result")
    assert (done.returncode, done.stderr) == (1, "")
    assert (result["verdict"], result["report"], result["check"]) == ("FAILED", None, True)
    assert not (tmp_path / "docs").exists()


def test_check_of_the_foundation_measures_nothing(
    fleet: Callable[..., Path], tmp_path: Path
) -> None:
    done = run(
        *("run", "-i", fleet(here=HERE), "--documents", "docs", "--check", "--json"),
        *("--tags", "WS-03", "-e", f"probe_runtime_executable={sys.executable}"),
        folder=tmp_path,
    )

    result = json.loads(done.stdout)
    stored.validate(result, "run_result")
    assert (done.returncode, result["state"], done.stderr) == (0, "passed", "")
    assert result["hosts"]["here"]["outcome"] == "ok"
    assert not (tmp_path / "docs").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gate", "--limit", "one"], "--limit needs hosts to ask: name an inventory with -i"),
        (["gate", "--limit", ""], "--limit needs hosts to ask: name an inventory with -i"),
        (["gate", "--check", "-e", "a=b"], "--extra-vars, --check needs hosts to ask"),
        (["gate", "-i", "one,", "--expect", "one"], "--expect is for stored documents"),
        (["gate", "-i", "absent.yml"], 'inventory "absent.yml": no such file'),
        (["run", "-i", "one,", "--forks", "0"], "forks: 0: a number from 1 is needed"),
        (["run", "-i", "one,", "--limit", ""], "limit: empty"),
        (["run", "--timeout", "soon"], "--timeout"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = run(*arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert words in line


def test_arguments_are_no_options_of_ansible(tmp_path: Path) -> None:
    result = run_gate("localhost,", limit="--syntax-check", baseline_dir=tmp_path)
    assert (result.state, result.exit_status) == ("no_result", 1)
    assert "--limit" in result.problems[0]
    with pytest.raises(RunError, match="one string"):
        run_foundation("localhost,", extra_variables="a=b")
    with pytest.raises(RunError, match="zero byte"):
        run_foundation("localhost,", limit="a\0b")
    with pytest.raises(RunError, match="inventory: empty"):
        run_foundation([])


@pytest.mark.slow
def test_two_gates_at_once_each_have_their_own_verdict(tmp_path: Path) -> None:
    results = {}

    def judge(name: str, connection: dict[str, Any]) -> None:
        folder = tmp_path / name
        folder.mkdir()
        inventory = folder / "hosts.json"
        inventory.write_text(json.dumps({"all": {"hosts": {name: connection}}}))
        results[name] = run_gate(
            inventory, baseline_dir=folder / "docs", report=folder / "gate.json"
        )

    both = [threading.Thread(target=judge, args=one) for one in (("here", HERE), ("dead", DEAD))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()

    for name, outcome in (("here", "ok"), ("dead", "unreachable")):
        assert results[name].report == tmp_path / name / "gate.json"
        assert {host: one.outcome for host, one in results[name].hosts.items()} == {name: outcome}


def test_an_interrupt_on_a_terminal_gives_the_cursor_back_and_leaves_nothing(
    fleet: Callable[..., Path], tmp_path: Path
) -> None:
    python = tmp_path / "runtime-python"
    python.write_text(f"#!/bin/sh\ntouch {tmp_path}/began\nexec sleep 300\n")
    python.chmod(0o755)
    inventory = fleet(here={**HERE, "probe_runtime_interpreter": str(python)})
    controller, terminal = pty.openpty()
    command = subprocess.Popen(
        [*COMMAND, "gate", "-i", str(inventory), "--documents", "docs"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "TERM": "xterm", "COLUMNS": "80"},
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
    )
    os.close(terminal)
    wait_until((tmp_path / "began").exists, 60)

    command.send_signal(signal.SIGINT)

    output, _ = command.communicate(timeout=60)
    shown = b""
    while part := _read(controller):
        shown += part
    assert (command.returncode, output) == (130, "")
    assert shown.rindex(b"\x1b[?25h") > shown.rindex(b"\x1b[?25l")
    assert b"ended before its time" in shown
    wait_until(lambda: not processes(str(tmp_path)))
    assert not (tmp_path / "docs").exists()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 2**16)
    except OSError:  # the other end is closed
        return b""
