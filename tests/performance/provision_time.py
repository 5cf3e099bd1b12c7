"""A second provisioning run over eight SSH hosts, against the same number of pings.

Run by `make perf` as root. One host is provisioned, kept as an image and started eight times.
Timings are printed, never asserted: machines are noisy.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).parents[2]
HOSTS = 8
RUNS = 3
IMAGE = "localhost/roles-provisioned:latest"
# Actions that run on the controller and ask no host.
LOCAL = {"assert", "debug", "fail", "set_fact", "include_role", "include_tasks", "meta"}
LOCAL |= {"validate_argument_spec"}
VARIABLES = {"docker_engine": "docker.io"}


def main() -> None:
    """Start the hosts, take the times, print the ratio."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        os.environ |= {
            "ANSIBLE_CALLBACKS_ENABLED": "record",
            "ANSIBLE_CALLBACK_PLUGINS": str(PROJECT / "molecule/hosts/callback_plugins"),
            "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "cp"),
            "MOLECULE_EPHEMERAL_DIRECTORY": scratch,
            "MOLECULE_FILE": str(folder / "platforms.json"),
            "RECORD_RESULTS": str(folder / "results.jsonl"),
        }
        sys.path.insert(0, str(PROJECT / "molecule/hosts"))
        try:
            measure(folder)
        finally:
            machines("destroy")


def measure(folder: Path) -> None:
    """Everything between the start and the removal of the hosts."""
    start(folder, "debian12-amd64", 1)
    run(folder, "playbooks/provision.yml")
    subprocess.run(
        ["podman", "--runtime", "runc", "commit", "--quiet", "roles-perf1", IMAGE],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    machines("destroy")
    start(folder, IMAGE, HOSTS)
    run(folder, "playbooks/provision.yml")  # the connections are open and Docker is up from here on
    (folder / "results.jsonl").unlink()
    seconds = [run(folder, "playbooks/provision.yml") for _ in range(RUNS)]
    results = [json.loads(li) for li in (folder / "results.jsonl").read_text().splitlines()]
    assert not any(result["changed"] for result in results), "the second run changed something"
    mine = [r for r in results if r["host"] == "perf1" and r["status"] == "ok"]
    tasks = len(mine) // RUNS
    remote = sum(r["action"].rpartition(".")[2] not in LOCAL for r in mine) // RUNS
    print(f"second run over {HOSTS} hosts: {statistics.median(seconds):.1f} s, {tasks} tasks, "
          f"{remote} of them on the hosts")  # fmt: skip
    for label, number in (("tasks", tasks), ("tasks on the hosts", remote)):
        pings = [ping(folder, number) for _ in range(RUNS)]
        ratio = statistics.median(seconds) / statistics.median(pings)
        print(f"{number} pings, one for each of the {label}: {statistics.median(pings):.1f} s, "
              f"ratio {ratio:.2f}")  # fmt: skip


def start(folder: Path, image: str, number: int) -> None:
    """Start hosts and write their inventory."""
    platforms = [
        {"name": f"perf{i}", "image": image, "address": f"10.213.77.{100 + i}", "docker": True}
        for i in range(1, number + 1)
    ]
    (folder / "platforms.json").write_text(json.dumps({"platforms": platforms}))
    hosts = {p["name"]: {"ansible_host": p["address"], **VARIABLES} for p in platforms}
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    link = folder / "group_vars"
    if not link.exists():
        link.symlink_to(PROJECT / "molecule/hosts/group_vars")
    machines("create")


def machines(action: str) -> None:
    """Create or destroy the hosts of the current list."""
    subprocess.run([sys.executable, PROJECT / "molecule/hosts/machines.py", action], check=True)


def run(folder: Path, playbook: str | Path) -> float:
    """Seconds of wall time that a playbook takes over the hosts."""
    command = [Path(sys.executable).with_name("ansible-playbook"), playbook]
    begin = time.perf_counter()
    finished = subprocess.run(
        [*command, "-i", folder / "hosts.json"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        raise SystemExit(finished.stdout[-3000:] + finished.stderr[-1000:])
    return time.perf_counter() - begin


def ping(folder: Path, number: int) -> float:
    """Seconds that so many pings take."""
    tasks = [{"name": f"Ping {i}", "ansible.builtin.ping": {}} for i in range(number)]
    play = [{"name": "Ping", "hosts": "all", "gather_facts": False, "tasks": tasks}]
    playbook = folder / "ping.json"
    playbook.write_text(json.dumps(play))
    return run(folder, playbook)


if __name__ == "__main__":
    main()
