"""What goes wrong with packages and repositories, and while a run is at work.

On the host `ce`, while test_side_effects_bare.py is at work on the other.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import machines
import packages
import play
import pytest
import testinfra
from play import SETTINGS, as_root, assert_says, write

SOURCE = "/etc/apt/sources.list.d/dgx-spark-foundation-container-toolkit.sources"
VENDOR = "/etc/apt/sources.list.d/vendor.list"
VENDOR_KEY = "/etc/apt/keyrings/vendor.asc"
PIN = "Package: nvidia-driver* libnvidia-compute*\nPin: release *\nPin-Priority: -1\n"

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def ce(request):
    return testinfra.get_host("ansible://ce", ansible_inventory=play.INVENTORY)


def test_a_newer_package_waits_until_it_is_asked_for(ce):
    machines.podman(
        *("exec", "roles-mirror", "python3", "/srv/hosts/repository.py", "add"),
        *("/srv/repository", "1.18.1-1"),
    )
    as_root(ce, "apt-get update -qq")
    assert play.provision("--tags", "container_toolkit", limit="ce").changed == []
    assert ce.package("nvidia-container-toolkit").version == "1.18.0-1"
    names = ["nvidia-container-toolkit", "nvidia-container-toolkit-base"]
    names += ["libnvidia-container-tools", "libnvidia-container1"]
    asked = {"container_toolkit_packages": [f"{name}=1.18.1-1" for name in names]}
    run = play.provision("--tags", "container_toolkit", limit="ce", variables=asked)
    assert run.changed == ["apt : Install the NVIDIA Container Toolkit"]
    assert ce.package("nvidia-container-toolkit").version == "1.18.1-1"


def test_a_pin_is_never_overridden(ce):
    write(ce, "/etc/apt/preferences.d/vendor", PIN)
    run = play.provision("--tags", "cuda", limit="ce", variables={"cuda_install_driver": True})
    assert_says(run, "ce", "nvidia-driver-580-open", "apt-cache policy")
    assert not ce.package("nvidia-driver-580-open").is_installed
    as_root(ce, "rm /etc/apt/preferences.d/vendor")


def test_a_key_with_another_fingerprint_is_not_installed(ce):
    key = "/etc/apt/keyrings/dgx-spark-foundation-cuda.asc"
    as_root(ce, f"rm {key}")
    foreign = {"cuda_repository_key_url": "http://10.213.77.10/foreign.asc"}
    run = play.provision("--tags", "cuda", limit="ce", variables=foreign)
    assert_says(run, "ce", "foreign.asc", "fingerprint")
    assert not ce.file(key).exists


def test_a_key_beside_the_right_one_is_taken_out(ce):
    key = "/etc/apt/keyrings/dgx-spark-foundation-container-toolkit.asc"
    before = ce.file(key).content
    as_root(ce, f"sh -c 'wget -qO- http://10.213.77.10/foreign.asc >>{key}'")
    run = play.provision("--tags", "cuda,container_toolkit", limit="ce")
    assert run.changed == [
        "apt : Trust the key of cuda",  # which the test above took away
        "apt : Trust the key of container-toolkit",
    ]
    assert ce.file(key).content == before


def test_another_source_of_a_repository_is_the_only_one(ce):
    write(ce, VENDOR, f"deb [signed-by={VENDOR_KEY}] http://10.213.77.10/toolkit/ /\n")
    as_root(ce, f"sh -c 'wget -qO- http://10.213.77.10/toolkit/gpgkey >{VENDOR_KEY}'")
    with ce.sudo():
        assert "Conflicting values" in ce.run("apt-get update -qq").stderr
    run = play.provision("--tags", "container_toolkit", limit="ce")
    assert run.changed == ["apt : Take away our own source of container-toolkit"]
    as_root(ce, "apt-get update -qq")
    assert play.provision("--tags", "container_toolkit", limit="ce").changed == []
    as_root(ce, f"rm {VENDOR}")
    run = play.provision("--tags", "container_toolkit", limit="ce")
    assert run.changed == ["apt : Write the source of container-toolkit"]


def test_a_source_of_another_part_of_a_repository_is_named(ce):
    repository = "http://10.213.77.10/docker/linux/debian"
    write(ce, VENDOR, f"deb [arch=arm64 signed-by={VENDOR_KEY}] {repository} bookworm stable\n")
    run = play.provision("--tags", "docker", limit="ce")
    assert_says(run, "ce", VENDOR, f"deb [arch=amd64] {repository} bookworm stable")
    assert run.changed == []
    as_root(ce, f"rm {VENDOR}")


def test_sources_that_contradict_each_other_are_named(ce):
    sources = [VENDOR, VENDOR.replace("vendor", "other")]
    for source in sources:
        write(ce, source, f"deb [signed-by={source}.asc] http://10.213.77.10/other /\n")
    as_root(ce, "apt-get remove --quiet --yes fio -o Dir::Etc::sourceparts=/dev/null")
    run = play.provision("--tags", "base", limit="ce")
    assert_says(run, "ce", "Conflicting values", *sources)
    as_root(ce, f"rm {' '.join(sources)}")
    assert play.provision("--tags", "base", limit="ce").changed == [
        "apt : Install the base packages"
    ]


@pytest.mark.parametrize("had_one", [True, False])
def test_a_repository_that_does_not_answer_leaves_the_source_as_it_was(ce, had_one):
    before = ce.file(SOURCE).content_string
    if not had_one:
        as_root(ce, f"rm {SOURCE}")
    nowhere = {"container_toolkit_repository_url": "http://10.213.77.10:9/toolkit"}
    run = play.provision("--tags", "container_toolkit", limit="ce", variables=nowhere)
    assert_says(run, "ce", "http://10.213.77.10:9/toolkit", "container_toolkit_repository_url")
    assert as_root(ce, f"find /etc/apt -name '{Path(SOURCE).name}*'") == (SOURCE if had_one else "")
    as_root(ce, "apt-get update -qq")
    if had_one:
        assert ce.file(SOURCE).content_string == before
    else:
        run = play.provision("--tags", "container_toolkit", limit="ce")
        assert run.changed == ["apt : Write the source of container-toolkit"]


def test_removal_takes_away_what_came(ce):
    cdi = {"container_toolkit_mode": "cdi"}
    assert play.provision("--tags", "container_toolkit", limit="ce", variables=cdi).status == 0
    assert json.loads(ce.file(SETTINGS).content_string)["features"] == {"cdi": True}
    states = ("base", "cuda", "docker", "container_toolkit", "dcgm")
    absent = cdi | {f"{role}_state": "absent" for role in states}
    run = play.provision(limit="ce", variables=absent)
    assert run.status == 0
    parts = [package.name for package in packages.toolkit("1.18.1-1")]
    for name in ("earlyoom", "cuda-nvcc-13-0", "docker-ce", "fio", *parts):
        assert not ce.package(name).is_installed
    listing = ce.check_output("dpkg-query --show --showformat='${Package} ${db:Status-Status};'")
    ours = r"\b(?:docker-ce|\S*nvidia-\S+|datacenter-\S+|\S+-13-0\S*) installed"
    assert re.findall(ours, listing) == []
    assert as_root(ce, "find /etc -name '*dgx-spark-foundation*' -o -name '*dgx_spark*'") == ""
    assert not {"runtimes", "features"} & set(json.loads(ce.file(SETTINGS).content_string))
    run = play.provision(limit="ce", variables=absent)
    assert run.changed == []


def test_the_container_toolkit_alone_asks_for_docker_first(ce):
    run = play.provision("--tags", "container_toolkit", limit="ce")
    assert_says(run, "ce", "found no Docker Engine", "--tags docker,container_toolkit")
    assert run.changed == []


def test_a_reboot_in_the_middle_is_completed_by_the_next_run(ce):
    interrupted(ce, lambda _: machines.podman("restart", "--time=0", "roles-ce"))
    machines.wait("ce")
    complete("ce")


def test_a_run_cut_off_is_completed_by_the_next(ce):
    absent = {"docker_state": "absent"}
    assert play.provision("--tags", "docker", limit="ce", variables=absent).status == 0
    interrupted(ce, lambda process: os.killpg(process.pid, signal.SIGKILL))
    complete("ce")


def interrupted(host, disturb):
    """Start a run and disturb it while dpkg is at work."""
    output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - read when an assertion fails
    process = subprocess.Popen(
        play.command("--tags", "docker", "--limit", "ce"),
        cwd=play.PROJECT,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    end = time.monotonic() + 600
    while machines.podman("exec", "roles-ce", "pgrep", "-x", "dpkg", check=False) == "":
        assert process.poll() is None, printed(output)
        assert time.monotonic() < end, printed(output)
        time.sleep(0.05)
    disturb(process)
    assert process.wait(timeout=900) != 0


def printed(file):
    """What the run said so far."""
    file.seek(0)
    return file.read()[-3000:]


def complete(name):
    """The next run succeeds, and the one after it changes nothing."""
    assert play.provision("--tags", "docker", limit=name).status == 0
    run = play.provision("--tags", "docker", limit=name)
    assert (run.status, run.changed) == (0, [])
