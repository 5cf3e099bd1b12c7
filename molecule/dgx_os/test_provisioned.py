"""A host that looks like DGX OS and has everything: the run looked and changed nothing."""

from __future__ import annotations

import play


def test_neither_check_nor_run_changed_anything(host):
    results = [r for r in play.scenario_results() if r["host"] == "spark"]
    provisioning = [
        r for r in results if " : " in r["task"] and not r["task"].startswith("Gathering")
    ]
    assert {r["check"] for r in provisioning} == {True, False}
    assert [r["task"] for r in provisioning if r["changed"]] == []
    assert [r for r in provisioning if r["status"] in ("failed", "unreachable")] == []


def test_the_gpu_was_seen_from_a_container(host):
    tasks = [r["task"] for r in play.scenario_results() if not r["check"] and r["status"] == "ok"]
    assert "container_toolkit : Require a GPU in the container" in tasks


def test_the_vendors_sources_and_pins_are_alone(host):
    sources = host.check_output("ls /etc/apt/sources.list.d").split()
    assert sources == [f"{n}.sources" for n in ("cuda-compute-repo", "dgx", "docker", "spark")]
    assert host.check_output("ls /etc/apt/preferences.d") == "cuda-compute-repo"


def test_the_driver_is_the_vendors(host):
    assert host.package("nvidia-driver-580-open").version == "580.95.05-0ubuntu0.24.04.1"
