"""What a provisioned host is like, asked of the host as its operator."""

from __future__ import annotations

import json

import packages
import play
import pytest

# Foretold where the folder turns out to come with the package.
FORETOLD_ONLY = {"docker : Make the folder for settings"}
TINY = (
    "tar -C / -ch usr/bin/sh usr/bin/cat usr/lib/x86_64-linux-gnu/libc.so.6"
    " lib64/ld-linux-x86-64.so.2 | docker import - tiny"
)


def daemon_settings(host):
    return json.loads(host.file("/etc/docker/daemon.json").content_string)


def test_check_foretold_what_the_run_changed(host):
    name = host.backend.get_hostname()
    results = [r for r in play.scenario_results() if r["host"] == name and r["changed"]]
    runs = list(dict.fromkeys((r["run"], r["check"]) for r in results))
    foretold, changed = ({r["task"] for r in results if r["run"] == run} for run, _ in runs)
    assert [check for _, check in runs] == [True, False]
    assert changed <= foretold
    assert foretold - changed <= FORETOLD_ONLY
    assert "apt : Install the CUDA toolkit" in changed


@pytest.mark.parametrize(
    "name", ["fio", "git", "wget", "/usr/sbin/nvme", "lspci", "gcc", "pip3", "earlyoom"]
)
def test_the_base_is_there(host, name):
    assert host.exists(name)


def test_the_memory_guard_runs_with_our_limits(host):
    assert host.service("earlyoom").is_running
    assert "-m 5 -s 100" in host.check_output("ps -o args= -C earlyoom")


def test_time_is_synchronized_at_boot(host):
    assert host.service("systemd-timesyncd").is_enabled


def test_login_shells_find_nvcc(host):
    assert "release 13.0" in host.check_output("bash -lc 'nvcc --version'")


def test_the_operator_uses_docker_without_sudo(host):
    assert "operator" in host.group("docker").members
    assert "colleague" not in host.group("docker").members
    assert host.check_output("docker version --format '{{.Server.Os}}'") == "linux"


def test_one_engine_is_installed(host):
    engines = [name for name in ("docker-ce", "docker.io") if host.package(name).is_installed]
    assert engines == ["docker.io" if host.backend.get_hostname() == "bare" else "docker-ce"]


def test_docker_has_the_runtime_and_rotates_logs(host):
    assert "nvidia" in host.check_output("docker info --format '{{json .Runtimes}}'")
    settings = daemon_settings(host)
    assert settings["log-opts"] == {"max-file": "3", "max-size": "10m"}
    assert settings["default-cgroupns-mode"] == "private"


def test_containers_run_under_the_runtime(host):
    host.check_output(TINY)
    for option in ("--runtime=nvidia", "--gpus=all"):
        assert (
            host.check_output(f"docker run --rm {option} tiny /usr/bin/sh -c 'echo works'")
            == "works"
        )


def test_packages_have_the_real_names_and_versions(host):
    for package in (*packages.toolkit("1.18.0-1"), *packages.CUDA[:5]):
        assert host.package(package.name).version == package.version


def test_no_driver_came_along(host):
    assert not host.package("nvidia-driver-580-open").is_installed


def test_repositories_are_signed_by_a_key_of_their_own(host):
    for name in ("cuda", "container-toolkit"):
        source = host.file(f"/etc/apt/sources.list.d/dgx-spark-foundation-{name}.sources")
        key = f"/etc/apt/keyrings/dgx-spark-foundation-{name}.asc"
        assert f"Signed-By: {key} " in source.content_string
        assert host.file(key).mode == 0o644
        assert host.file(key).user == "root"


def test_nothing_is_writable_by_others(host):
    places = "/etc/apt /etc/docker /etc/profile.d /etc/default /etc/ansible /usr/local"
    assert host.check_output(f"find {places} -perm -o+w ! -type l 2>/dev/null || true") == ""


def test_the_fallback_of_dcgm_is_recorded(host):
    record = json.loads(host.file("/etc/ansible/facts.d/dgx_spark_telemetry.fact").content_string)
    assert record == {"source": "nvml", "reason": "DCGM finds no GPU"}
    assert host.service("nvidia-dcgm").is_running
