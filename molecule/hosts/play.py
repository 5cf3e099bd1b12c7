"""Runs of the provisioning playbook as a user starts them, and what they did."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
# The folder: $MOLECULE_INVENTORY_FILE is one file of it, without the links.
INVENTORY = os.path.join(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], "inventory")  # noqa: PTH118
SETTINGS = "/etc/docker/daemon.json"
Result = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """Exit status, everything printed, and one entry for each task result."""

    status: int
    output: str
    results: list[Result]

    @property
    def changed(self) -> list[str]:
        """The tasks that changed something."""
        return [result["task"] for result in self.results if result["changed"]]

    @property
    def message(self) -> str:
        """The last failure's message on one line."""
        failed = [r["message"] for r in self.results if r["status"] in ("failed", "unreachable")]
        return " ".join(failed[-1].split()) if failed else ""


def command(*arguments: str, variables: dict[str, Any] | None = None) -> list[str]:
    """The command line of a run."""
    extra = ["--extra-vars", json.dumps(variables)] if variables else []
    playbook = [str(Path(sys.executable).with_name("ansible-playbook")), "playbooks/provision.yml"]
    return [*playbook, "--inventory", INVENTORY, *extra, *arguments]


def provision(*arguments: str, limit: str, variables: dict[str, Any] | None = None) -> Run:
    """Run the playbook on some hosts."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as record:
        finished = subprocess.run(
            command(*arguments, "--limit", limit, variables=variables),
            cwd=PROJECT,
            env={**os.environ, "RECORD_RESULTS": record.name, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=1800,
        )
        lines = Path(record.name).read_text().splitlines()
    return Run(
        finished.returncode,
        finished.stdout + finished.stderr,
        [json.loads(line) for line in lines],
    )


def scenario_results() -> list[Result]:
    """What the scenario's own steps did, `check` and `converge` first."""
    path = Path(os.environ["RECORD_RESULTS"])
    return [json.loads(line) for line in path.read_text().splitlines()]


def as_root(host: Any, command: str) -> str:
    """What a command prints that has to succeed."""
    with host.sudo():
        return str(host.check_output(command))


def write(host: Any, path: str, text: str) -> None:
    """Write a file as root; the text may hold any quotes."""
    as_root(host, f"sh -c 'echo {base64.b64encode(text.encode()).decode()} | base64 -d >{path}'")


def assert_says(run: Run, host: str, *parts: str) -> None:
    """Failed with a message that names the host, what was found and expected, and what to type."""
    assert run.status != 0
    for part in (f"{host}: found", "expected", *parts):
        assert part in run.message, run.message
