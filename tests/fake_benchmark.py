"""The benchmark as a real process around figures of the test's own: the same supervisor and worker.

    python tests/fake_benchmark.py FOLDER benchmark ARGUMENTS    (the supervisor)
    python tests/fake_benchmark.py FOLDER -m ...cli benchmark ... (the same, as Ansible calls it)
    python tests/fake_benchmark.py FOLDER -m ...benchmark.worker ... (what it starts)

A figure of the family `cpu` waits while the file FOLDER/hold-NAME is there; one of the family
`storage` also holds a file on the disk and a process, as fio is; with FOLDER/leave-behind it
leaves one behind. FOLDER/slow-FAMILY.NAME makes a figure that is expected to take long.
"""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
NAMES = ("cpu.gemm_fp32", "cpu.copy", "cpu.triad", "storage.write", "storage.read")


def figure(context, name, budget_seconds):
    begin = time.monotonic()
    (FOLDER / f"began-{name}").touch()
    while (FOLDER / f"hold-{name}").exists():
        time.sleep(0.01)
    return {
        "value": 2.5,
        "samples": [2.5],
        "spread": None,
        "method": "a stand-in for the measurement",
        "parameters": {"measured_at": begin},
        "duration_seconds": 0.1,
        "trace": None,
        "window": [begin, time.monotonic()],
    }


def storage(context, name, budget_seconds):
    context.file.write(0, 2**20)
    if (FOLDER / "leave-behind").exists():
        subprocess.Popen(["sh", "-c", f"sleep 1000; : {FOLDER}"])
    command = [sys.executable, "-c", "import sys, time; time.sleep(1000)", str(context.directory)]
    child = subprocess.Popen(command, preexec_fn=die_with_parent)  # noqa: PLW1509 - as fio.py
    try:
        measured = figure(context, name, budget_seconds)
        measured["parameters"] |= context.file.describe()
        return measured
    finally:
        child.kill()
        child.wait()


if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY))
    from python_probes.benchmark import command, run, worker, worker_process
    from python_probes.benchmark.levels import Planned
    from python_probes.core.parent_death import die_with_parent

    FOLDER = Path(sys.argv[1])
    arguments = sys.argv[2:]
    if arguments[0] == "-m":
        program, arguments = arguments[1], arguments[2:]
    else:
        program = "cli"
    if program.endswith("benchmark.worker"):
        sys.modules["torch"] = None
        for family, measure in (("cpu", figure), ("storage", storage)):
            worker.FAMILIES[family] = replace(worker.FAMILIES[family], measure=measure)
        sys.argv[1:] = arguments
        sys.exit(worker.main())
    run.plan = lambda *_: tuple(
        Planned(name, 1000 if (FOLDER / f"slow-{name}").exists() else 20) for name in NAMES
    )
    python = FOLDER / "python"
    if not python.exists():
        python.write_text(f'#!/bin/sh\nexec {sys.executable} {__file__} {FOLDER} "$@"\n')
        python.chmod(0o755)
    worker_process.sys.executable = str(python)
    sys.exit(command.main(arguments[1:]))
