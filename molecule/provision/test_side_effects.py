"""What goes wrong: the run says what to do and breaks nothing, and the next one completes."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import tempfile
import time

import machines
import play
import pytest
import testinfra

BARE, CE = "ansible://bare", "ansible://ce"
SETTINGS = "/etc/docker/daemon.json"
PIN = "Package: nvidia-driver* libnvidia-compute*\nPin: release *\nPin-Priority: -1\n"
HOLD = (
    "import fcntl, time; f = open('/var/lib/dpkg/lock-frontend', 'w'); "
    "fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(120)"
)

pytestmark = pytest.mark.filterwarnings("ignore")


def as_root(host, command):
    with host.sudo():
        return host.check_output(command)


def write(host, path, text):
    """Write a file as root; the text may hold any quotes."""
    as_root(host, f"sh -c 'echo {base64.b64encode(text.encode()).decode()} | base64 -d >{path}'")


@pytest.fixture
def bare(request):
    return testinfra.get_host(BARE, ansible_inventory=play.INVENTORY)


@pytest.fixture
def ce(request):
    return testinfra.get_host(CE, ansible_inventory=play.INVENTORY)


def assert_says(run, host, *parts):
    """Failed with a message that names the host, what was found and expected, and what to type."""
    assert run.status != 0
    for part in (f"{host}: found", "expected", *parts):
        assert part in run.message, run.message


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


def test_a_damaged_key_is_replaced(ce):
    as_root(
        ce, "sh -c 'echo damaged >/etc/apt/keyrings/dgx-spark-foundation-container-toolkit.asc'"
    )
    run = play.provision("--tags", "cuda,container_toolkit", limit="ce")
    assert run.changed == [
        "apt : Trust the key of cuda",
        "apt : Trust the key of container-toolkit",
    ]


def test_a_repository_that_does_not_answer_is_taken_away_again(ce):
    nowhere = {"container_toolkit_repository_url": "http://10.213.77.10:9/toolkit"}
    run = play.provision("--tags", "container_toolkit", limit="ce", variables=nowhere)
    assert_says(run, "ce", "http://10.213.77.10:9/toolkit", "container_toolkit_repository_url")
    as_root(ce, "apt-get update -qq")
    run = play.provision("--tags", "container_toolkit", limit="ce")
    assert run.changed == ["apt : Write the source of container-toolkit"]


def test_a_host_that_has_everything_needs_no_network(bare):
    machines.podman("stop", "--time=1", "roles-mirror")
    run = play.provision(limit="bare")
    machines.start("mirror")
    machines.serve_again()
    assert (run.status, run.changed) == (0, [])


def test_the_holder_of_a_lock_is_named(bare):
    write(bare, "/opt/dgx-dashboard-admin", HOLD)
    as_root(bare, "systemd-run --unit=dashboard python3 /opt/dgx-dashboard-admin")
    run = play.provision(limit="bare", variables={"apt_lock_timeout": 3})
    assert_says(run, "bare", "dgx-dashboard-admin (process", "ps -f")
    assert run.changed == []
    as_root(bare, "systemctl stop dashboard")
    assert play.provision("--tags", "base", limit="bare").status == 0


def test_foreign_settings_of_docker_stay(bare):
    foreign = {"log-driver": "journald", "insecure-registries": ["registry.example.invalid:5000"]}
    write(bare, SETTINGS, json.dumps(foreign))
    assert play.provision("--tags", "docker,container_toolkit", limit="bare").status == 0
    settings = json.loads(bare.file(SETTINGS).content_string)
    assert foreign.items() <= settings.items()
    assert "log-opts" not in settings
    assert set(settings["runtimes"]) == {"nvidia"}
    assert "nvidia" in bare.check_output("docker info --format '{{json .Runtimes}}'")


def test_settings_that_docker_refuses_are_put_back(bare):
    before = bare.file(SETTINGS).content_string
    refused = {"docker_daemon_settings": {"no-such-setting": True}}
    run = play.provision("--tags", "docker", limit="bare", variables=refused)
    assert_says(run, "bare", "docker_daemon_settings")
    assert json.loads(bare.file(SETTINGS).content_string) == json.loads(before)
    assert bare.service("docker").is_running


def test_settings_that_are_no_json_are_left_alone(bare):
    as_root(bare, f"sh -c 'cp {SETTINGS} /root/kept; echo broken >{SETTINGS}'")
    run = play.provision("--tags", "docker", limit="bare")
    assert_says(run, "bare", SETTINGS, "python3 -m json.tool")
    assert bare.file(SETTINGS).content_string == "broken\n"
    as_root(bare, f"mv /root/kept {SETTINGS}")


def test_a_second_engine_is_refused(bare):
    run = play.provision("--tags", "docker", limit="bare", variables={"docker_engine": "docker-ce"})
    assert_says(run, "bare", "docker.io", "docker_engine")


def test_a_misspelt_variable_is_named_before_the_host_is_asked(bare):
    run = play.provision(limit="bare", variables={"cuda_instal_driver": True})
    assert_says(run, "bare", "cuda_instal_driver")
    assert not any("Reach" in result["task"] for result in run.results)


def test_a_user_without_sudo_is_told(bare):
    as_root(
        bare,
        "sh -c 'mkdir -p ~colleague/.ssh; cp ~operator/.ssh/authorized_keys ~colleague/.ssh;"
        " chown -R colleague: ~colleague/.ssh; chmod 700 ~colleague/.ssh'",
    )
    run = play.provision(limit="bare", variables={"ansible_user": "colleague"})
    assert_says(run, "bare", "cannot become root", "--ask-become-pass")


def test_a_host_that_does_not_answer_is_told():
    away = {"ansible_host": "10.213.77.99", "provision_connection_timeout": 4}
    run = play.provision(limit="bare", variables=away)
    assert_says(run, "bare", "10.213.77.99", "ssh operator@")


def test_removal_takes_away_what_came(ce):
    states = ("base", "cuda", "docker", "container_toolkit", "dcgm")
    run = play.provision(limit="ce", variables={f"{role}_state": "absent" for role in states})
    assert run.status == 0
    for name in ("earlyoom", "cuda-nvcc-13-0", "docker-ce", "nvidia-container-toolkit", "fio"):
        assert not ce.package(name).is_installed
    assert as_root(ce, "find /etc -name '*dgx-spark-foundation*' -o -name '*dgx_spark*'") == ""
    assert "runtimes" not in json.loads(ce.file(SETTINGS).content_string)
    run = play.provision(limit="ce", variables={f"{role}_state": "absent" for role in states})
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
    end = time.monotonic() + 120
    while machines.podman("exec", "roles-ce", "pgrep", "-x", "dpkg", check=False) == "":
        assert process.poll() is None, printed(output)
        assert time.monotonic() < end, printed(output)
        time.sleep(0.05)
    disturb(process)
    assert process.wait(timeout=240) != 0


def printed(file):
    """What the run said so far."""
    file.seek(0)
    return file.read()[-3000:]


def complete(name):
    """The next run succeeds, and the one after it changes nothing."""
    assert play.provision("--tags", "docker", limit=name).status == 0
    run = play.provision("--tags", "docker", limit=name)
    assert (run.status, run.changed) == (0, [])
