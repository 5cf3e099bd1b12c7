"""The module foundation_benchmark and its progress, with the figures of tests/fake_benchmark.py."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmark_hosts import Hosts
from processes import processes, wait_until

from foundation.documents import store

PROJECT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


def start(hosts: Hosts, *arguments: str) -> subprocess.Popen[str]:
    """ansible-playbook on its way, its output in a file."""
    with (hosts.folder / "output").open("w") as output:
        return subprocess.Popen(
            [
                Path(sys.executable).with_name("ansible-playbook"),
                *("playbooks/benchmarks.yml", "-i", str(hosts.inventory)),
                *("-e", f"baseline_dir={hosts.folder / 'baselines'}"),
                *("-e", f"hardware_page={hosts.folder / 'hardware.md'}", *arguments),
            ],
            cwd=PROJECT,
            env={**os.environ, "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def said(hosts: Hosts) -> str:
    return (hosts.folder / "output").read_text()


@pytest.mark.slow
def test_progress_of_two_hosts_is_seen_while_they_measure(hosts: Callable[..., Hosts]) -> None:
    both = hosts("spark-01", "spark-02")
    both.hold("triad")

    run = start(both)
    for name in both.names:
        wait_until(lambda name=name: f"{name}: [3/5] cpu triad: " in said(both), 60)
    assert "spark-01: [1/5] cpu gemm_fp32: " in said(both)
    assert "spark-01:       2.5 GB/s" in said(both)
    assert "[4/5]" not in said(both)
    both.let_go()

    assert run.wait(60) == 0, said(both)
    for name in both.names:
        stored = store.load(store.path(both.folder / "baselines", name, "benchmark"), name)
        assert len(stored["data"]["figures"]) == 5
        assert said(both).count(f"{name}: [1/5]") == 1
        assert not list((both.folder / name).glob("state.json*"))
    assert "Traceback" not in said(both)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_benchmark_and_resume_goes_on(
    hosts: Callable[..., Hosts], number: signal.Signals
) -> None:
    host = hosts("spark-01")
    host.hold("write")
    run = start(host)
    wait_until((host.folder / "spark-01" / "began-write").exists, 60)

    os.killpg(run.pid, number)

    assert run.wait(30) != 0
    wait_until(lambda: not processes(str(host.folder / "spark-01")))
    assert [path.name for path in (host.folder / "spark-01").glob("state.json*")] == ["state.json"]
    host.let_go()
    again = start(host, "-e", "benchmark_resume=true")
    assert again.wait(60) == 0, said(host)
    stored = store.load(store.path(host.folder / "baselines", "spark-01", "benchmark"), "spark-01")
    assert len(stored["data"]["resumed"][0]["figures"]) == 3
    assert stored["data"]["skipped"] == []


def test_ctrl_c_ends_the_benchmark_at_the_other_end_of_ssh(
    hosts: Callable[..., Hosts], ssh: dict[str, object]
) -> None:
    host = hosts("spark-01", **ssh)
    host.hold("write")
    run = start(host)
    wait_until(lambda: "spark-01: [4/5] storage write: " in said(host), 60)

    os.killpg(run.pid, signal.SIGINT)

    assert run.wait(30) != 0
    wait_until(lambda: not processes(str(host.folder / "spark-01")))
    assert [path.name for path in (host.folder / "spark-01").glob("state.json*")] == ["state.json"]


@pytest.mark.slow
def test_a_second_run_fails_in_one_line_that_names_the_first(hosts: Callable[..., Hosts]) -> None:
    host = hosts("spark-01")
    host.hold("copy")
    first = start(host)
    wait_until((host.folder / "spark-01" / "began-copy").exists, 60)

    second = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-playbook"),
            *("playbooks/benchmarks.yml", "-i", str(host.inventory)),
        ],
        cwd=PROJECT,
        env={**os.environ, "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert second.returncode == 2
    assert "another run, process " in second.stdout + second.stderr
    assert "spark-01: [1/5]" not in second.stdout
    host.let_go()
    assert first.wait(60) == 0


def test_check_mode_measures_and_displays_nothing(hosts: Callable[..., Hosts]) -> None:
    host = hosts("spark-01")
    (host.folder / "spark-01" / "state.json.run").write_text("1 old\n[9/9] old line\n")

    run = start(host, "--check")

    assert run.wait(60) == 0, said(host)
    assert "[" not in said(host).replace("PLAY [", "").replace("TASK [", "").replace("[spark", "")
    assert not (host.folder / "spark-01" / "python").exists()


def test_lines_of_an_earlier_run_are_not_displayed(hosts: Callable[..., Hosts]) -> None:
    host = hosts("spark-01")
    (host.folder / "spark-01" / "state.json.run").write_text("1 old\n[9/9] old line\n")

    run = start(host)

    assert run.wait(60) == 0, said(host)
    assert "old line" not in said(host)
