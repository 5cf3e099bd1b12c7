"""An aarch64 host after provisioning. Nested containers do not start under emulation."""

from __future__ import annotations

import json

import packages
import play


def test_the_host_is_aarch64(host):
    assert host.check_output("uname -m") == "aarch64"
    assert host.check_output("dpkg --print-architecture") == "arm64"


def test_check_foretold_what_the_run_changed():
    results = [r for r in play.scenario_results() if r["host"] == "arm" and r["changed"]]
    runs = list(dict.fromkeys((r["run"], r["check"]) for r in results if " : " in r["task"]))
    foretold, changed = ({r["task"] for r in results if r["run"] == run} for run, _ in runs)
    assert [check for _, check in runs] == [True, False]
    assert changed <= foretold
    assert "apt : Install the CUDA toolkit" in changed


def test_the_packages_are_those_for_arm64(host):
    for package in (*packages.toolkit("1.18.0-1"), *packages.CUDA[:5]):
        assert host.package(package.name).version == package.version
    listed = host.check_output(
        "dpkg-query -W -f '${Package}:${Architecture} ' gcc fio nvidia-container-toolkit"
    )
    assert "fio:arm64" in listed
    assert "nvidia-container-toolkit:arm64" in listed


def test_the_source_names_the_architecture(host):
    text = host.file("/etc/apt/sources.list.d/dgx-spark-foundation-cuda.sources").content_string
    assert "Architectures: arm64" in text


def test_login_shells_find_nvcc(host):
    assert "release 13.0" in host.check_output("bash -lc 'nvcc --version'")


def test_docker_runs_with_the_runtime_and_the_settings_it_had(host):
    assert "nvidia" in host.check_output("docker info --format '{{json .Runtimes}}'")
    settings = json.loads(host.file("/etc/docker/daemon.json").content_string)
    assert settings["bridge"] == "none"
    assert settings["iptables"] is False
    assert settings["log-opts"]["max-size"] == "10m"
