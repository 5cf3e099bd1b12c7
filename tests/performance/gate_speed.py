"""How fast the gate is, beside what else could be done: printed, and kept as JSON.

    python tests/performance/gate_speed.py [--json FILE] [--runs N] [PART ...]

Parts: offline, local, ssh, payload; all without any. Timings are printed, never asserted: the
machine is noisy. Requirements stand beside the figures. Run by `make perf`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ansible
import fleet
import ssh_hosts

from foundation.documents import store
from foundation.profiles.criteria import load_profiles

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
REPORT = PROJECT / "bench/performance/gate_speed.json"
LOCAL_HOSTS, MANY_LOCAL_HOSTS, SSH_HOSTS = 24, 64, 8
RATIO = 1.5
OFFLINE = {1_000: 3.0, 10_000: 30.0}
MEMORY_MB = 1000.0
_LOCAL = {
    "ansible_connection": "local",
    "ansible_python_interpreter": "{{ ansible_playbook_python }}",
}


class Bench:
    """Commands run in a folder of their own, and what they took."""

    def __init__(self, folder: Path, runs: int) -> None:
        self.folder = folder
        self.runs = runs
        self.measurements: list[dict[str, Any]] = []

    def add(
        self, name: str, unit: str, samples: list[float], required: float | None = None
    ) -> float:
        """Keep and print a measurement; return its value."""
        value = statistics.median(samples)
        self.measurements.append(
            {"name": name, "unit": unit, "value": value, "samples": samples, "required": required}
        )
        wanted = "" if required is None else f"  (at most {required:g})"
        print(f"{name:<58} {value:10.2f} {unit}{wanted}", flush=True)
        return value

    def run(self, *command: str | Path, ends: tuple[int, ...] = (0,)) -> tuple[float, float]:
        """Wall and CPU seconds of a command, its children's included."""
        environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.folder / "cp"),
            "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=60s "
            f"-F {self.folder / 'ssh_config'}",
            "PYTHONPATH": str(PROJECT),
        }
        before, start = _cpu_seconds(), time.perf_counter()
        done = subprocess.run(
            [str(part) for part in command],
            cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        wall, cpu = time.perf_counter() - start, _cpu_seconds() - before
        if done.returncode not in ends:
            sys.exit(f"{command}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return wall, cpu

    def alternate(self, commands: dict[str, Callable[[], tuple[float, float]]]) -> dict[str, float]:
        """Each command in turn, as often as asked; the median wall seconds by name."""
        samples: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(self.runs):
            for name, command in commands.items():
                samples[name].append(command())
        for name, taken in samples.items():
            self.add(f"{name}, CPU", "CPU s", [cpu for _, cpu in taken])
        return {
            name: self.add(name, "s", [wall for wall, _ in taken])
            for name, taken in samples.items()
        }


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def offline(bench: Bench) -> None:
    """`foundation gate` over stored hosts, with the report written, and its memory."""
    for count, required in OFFLINE.items():
        stored = bench.folder / f"stored-{count}"
        fleet.store(stored, count, datetime.now(UTC))
        report = bench.folder / "gate.json"
        walls, peaks = [], []
        for _ in range(bench.runs if count < max(OFFLINE) else 1):
            with _Memory() as memory:
                wall, _ = bench.run(
                    BIN / "foundation", "gate", "--documents", stored, "--json", report
                )
            walls.append(wall)
            peaks.append(memory.peak_mb)
        bench.add(f"offline, {count} stored hosts", "s", walls, required)
        bench.add(f"offline, {count} stored hosts, peak memory", "MB", peaks, MEMORY_MB)
        shutil.rmtree(stored)


class _Memory:
    """The most memory that this process's children had together, shared pages counted once."""

    def __init__(self) -> None:
        self.peak_mb = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            kilobytes = sum(_pss_kilobytes(pid) for pid in _descendants(os.getpid()))
            self.peak_mb = max(self.peak_mb, kilobytes / 1000)


def _descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:  # the thread has ended
            continue
        for child in children:
            yield child
            yield from _descendants(child)


def _pss_kilobytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # the process has ended
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def local(bench: Bench) -> None:
    """The gate beside a ping, both over names for this very machine."""
    for count in (LOCAL_HOSTS, MANY_LOCAL_HOSTS):
        inventory = _inventory(bench, {f"local-{n:02d}": {} for n in range(count)}, _LOCAL)
        required = RATIO if count == LOCAL_HOSTS else None
        _beside_ping(bench, f"{count} local hosts", inventory, required)
        if count == LOCAL_HOSTS:
            playbook = _assert_tasks(bench)
            wall, _ = bench.run(BIN / "ansible-playbook", "-i", inventory, playbook)
            bench.add(f"{count} local hosts: one assert task per criterion", "s", [wall])


def ssh(bench: Bench) -> None:
    """The same over SSH, and pytest-testinfra with ten of the checks."""
    with ssh_hosts.running(bench.folder, SSH_HOSTS) as ports:
        variables = {"ansible_python_interpreter": sys.executable}
        inventory = _inventory(bench, {name: {} for name in ports}, variables)
        _beside_ping(bench, f"{SSH_HOSTS} SSH hosts", inventory, RATIO)
        hosts = ",".join(f"ssh://{name}" for name in ports)
        checks = Path(__file__).with_name("testinfra_checks.py")
        wall, _ = bench.run(
            BIN / "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", bench.folder,
            "--confcutdir", Path(__file__).parent, "-c", os.devnull, checks,
            f"--hosts={hosts}", f"--ssh-config={bench.folder / 'ssh_config'}",
        )  # fmt: skip
        bench.add(f"{SSH_HOSTS} SSH hosts: pytest-testinfra, ten of the checks", "s", [wall])


def _beside_ping(bench: Bench, what: str, inventory: Path, required: float | None) -> None:
    gate = [
        BIN / "ansible-playbook", "-i", inventory, "gate.yml",
        "-e", f"baseline_dir={bench.folder / 'documents'}",
        "-e", f"gate_report={bench.folder / 'gate.json'}",
    ]  # fmt: skip
    ping = [BIN / "ansible", "-i", inventory, "all", "-m", "ansible.builtin.ping"]
    bench.run(*ping)  # connections are made, and files read, before anything is compared
    # Nothing is stored of these hosts, so the verdict is FAILED and the exit status 2.
    taken = bench.alternate(
        {
            f"{what}: ansible -m ping": lambda: bench.run(*ping),
            f"{what}: gate.yml": lambda: bench.run(*gate, ends=(2,)),
        }
    )
    seconds = list(taken.values())
    bench.add(f"{what}: gate.yml over ping", "times", [seconds[1] / seconds[0]], required)


def _inventory(bench: Bench, hosts: dict[str, Any], variables: dict[str, str]) -> Path:
    path = bench.folder / "inventory.json"
    path.write_text(json.dumps({"all": {"hosts": hosts, "vars": variables}}))
    return path


def _assert_tasks(bench: Bench) -> Path:
    """What the gate would be as a task for each criterion of the generic profile."""
    (profile,) = load_profiles("generic")
    tasks = [
        {"name": c.title, "ansible.builtin.assert": {"that": ["inventory_hostname is string"]}}
        for c in profile.criteria
    ]
    path = bench.folder / "asserts.json"
    path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    return path


def payload(bench: Bench) -> None:
    """The bytes that Ansible sends to a host for the one module of the gate, and for a ping."""
    script = Path(__file__).with_name("payload.py")
    for module in ("foundation_probe", "ansible.builtin.ping"):
        done = subprocess.run(
            [sys.executable, script, module],
            env={**os.environ, "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg")},
            cwd=PROJECT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        bench.add(f"payload of {module}", "bytes", [float(done.stdout)])


PARTS: dict[str, Callable[[Bench], None]] = {
    "offline": offline,
    "local": local,
    "ssh": ssh,
    "payload": payload,
}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=REPORT, metavar="FILE")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="of what is compared")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    options = parser.parse_args()
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"{', '.join(sorted(unknown))}: use {', '.join(PARTS)}")
    started = datetime.now(UTC)
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} CPUs, load average {load:.1f}; median of {options.runs} runs")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "ssh_config").touch()
        bench = Bench(Path(folder), options.runs)
        for part in options.parts or PARTS:
            PARTS[part](bench)
    report = {
        "schema_version": "1.0",
        "kind": "gate_performance",
        "generated_at": started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "machine": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "ansible_core": ansible.__version__,
            "load_average_1m": load,
        },
        "measurements": bench.measurements,
    }
    store.write(report, options.json)
    print(f"written: {options.json}")


if __name__ == "__main__":
    main()
