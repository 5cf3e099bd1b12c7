"""A Spark in a bad state: the run stops before it changes anything and says what to do."""

from __future__ import annotations

import json
import os
from pathlib import Path

import packages
import play
import pytest
from play import SETTINGS, as_root, assert_says, write

LOADED = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "modules/nvidia/version"
VERSION = "580.95.05"


@pytest.fixture
def loaded():
    """Say that another driver is loaded; afterwards the right one is again."""
    yield lambda version: LOADED.write_text(version + "\n")
    LOADED.write_text(VERSION + "\n")


def assert_stops(*parts, **variables):
    run = play.provision("--tags", "cuda", limit="spark", variables=variables or None)
    assert_says(run, "spark", *parts)
    assert run.changed == []


def test_another_driver_is_loaded_than_installed(loaded):
    loaded("580.126.09")
    assert_stops("580.126.09 loaded", f"{VERSION} installed", "dist-upgrade", "cuda_reboot=true")


def test_no_driver_is_loaded(loaded):
    LOADED.unlink()
    assert_stops("no NVIDIA kernel module", "modprobe nvidia")


def test_the_next_kernel_has_no_modules(host):
    as_root(host, "ln -sf vmlinuz-6.17.0-1021-nvidia /boot/vmlinuz")
    assert_stops("apt-get install linux-modules-nvidia-580-open-6.17.0-1021-nvidia")
    as_root(host, f"ln -sf vmlinuz-{packages.KERNEL} /boot/vmlinuz")


def test_the_vendors_driver_is_never_replaced(host):
    """Not when asked for it, and not by a newer one that the vendor's pin keeps away."""
    variables = {
        "cuda_install_driver": True,
        "cuda_driver_package": "nvidia-driver-580-open=580.178.04-1",
    }
    run = play.provision("--tags", "cuda", limit="spark", variables=variables)
    assert (run.status, run.changed) == (0, [])
    assert host.package("nvidia-driver-580-open").version.startswith(VERSION)
    as_root(host, "apt-get -qq dist-upgrade --yes")
    assert host.package("nvidia-driver-580-open").version.startswith(VERSION)


def test_without_nvcc_on_the_path_that_is_all_that_changes(host):
    as_root(host, "rm /etc/profile.d/cuda.sh")
    run = play.provision(limit="spark")
    assert (run.status, run.changed) == (0, ["cuda : Put nvcc on the PATH of login shells"])
    assert "release 13.0" in host.check_output("bash -lc 'nvcc --version'")


def test_what_a_factory_may_leave_out_is_all_that_changes(host):
    as_root(host, "rm /etc/ansible/facts.d/dgx_spark_telemetry.fact")
    settings = json.loads(host.file(SETTINGS).content_string)
    write(host, SETTINGS, json.dumps({**settings, "log-opts": {}}))
    run = play.provision(limit="spark")
    assert (run.status, run.changed) == (
        0,
        [
            "docker : Write the daemon's settings",
            "docker : Restart Docker",
            "dcgm : Record what tells of the GPUs",
        ],
    )
    assert json.loads(host.file(SETTINGS).content_string) == settings


def test_docker_from_a_snap_is_refused(host):
    as_root(
        host, "sh -c 'mkdir -p /var/lib/snapd/snaps; touch /var/lib/snapd/snaps/docker_2932.snap'"
    )
    run = play.provision("--tags", "docker", limit="spark")
    as_root(host, "rm -r /var/lib/snapd")
    assert_says(run, "spark", "found Docker as a snap", "snap remove")


def test_a_container_that_does_not_end_is_told(host):
    client = "/usr/local/sbin/docker"
    write(host, client, "#!/bin/sh\nexec sleep 60\n")
    as_root(host, f"chmod +x {client}")
    run = play.provision(
        *("--tags", "container_toolkit"),
        limit="spark",
        variables={"container_toolkit_verify_timeout": 1},
    )
    as_root(host, f"rm {client}")
    said = "did not end within 1 s (exit status 124)"
    assert_says(run, "spark", said, "sudo docker run --rm --gpus=all tiny nvidia-smi")


def test_the_description_of_the_gpus_follows_the_driver(host, loaded):
    description = "container_toolkit : Describe the GPUs to container engines"
    # Without a container: this Docker does not know CDI.
    cdi = {"container_toolkit_mode": "cdi", "container_toolkit_verify": False}
    for version in (VERSION, "580.126.09"):
        loaded(version)
        foretold = play.provision(
            "--tags", "container_toolkit", "--check", limit="spark", variables=cdi
        )
        run = play.provision("--tags", "container_toolkit", limit="spark", variables=cdi)
        assert (run.status, run.changed[-1], foretold.changed) == (0, description, run.changed)
        assert f"DRIVER={version}" in host.file("/etc/cdi/nvidia.yaml").content_string
    assert run.changed == [description]
