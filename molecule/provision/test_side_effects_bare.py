"""What goes wrong with Docker's settings and on the way to a host: on the host `bare`."""

from __future__ import annotations

import json

import play
import pytest
import testinfra
from play import SETTINGS, as_root, assert_says, write

HOLD = (
    "import fcntl, time; f = open('/var/lib/dpkg/lock-frontend', 'w'); "
    "fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(600)"
)

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def bare(request):
    return testinfra.get_host("ansible://bare", ansible_inventory=play.INVENTORY)


def test_a_host_that_has_everything_needs_no_network(bare):
    as_root(bare, "ip route del default")
    as_root(bare, "ip route add blackhole 10.213.77.10")
    try:
        assert bare.run("ip route get 10.213.77.10").rc != 0
        run = play.provision(limit="bare")
    finally:
        as_root(bare, "ip route del blackhole 10.213.77.10")
        as_root(bare, "ip route add default via 10.213.77.1")
    assert (run.status, run.changed) == (0, [])


def test_the_holder_of_a_lock_is_named(bare):
    write(bare, "/opt/dgx-dashboard-admin", HOLD)
    as_root(bare, "systemd-run --unit=dashboard python3 /opt/dgx-dashboard-admin")
    run = play.provision(limit="bare", variables={"apt_lock_timeout": 3})
    assert_says(run, "bare", "dgx-dashboard-admin (process", "ps -f")
    assert run.changed == []
    as_root(bare, "systemctl stop dashboard")
    assert play.provision("--tags", "base", limit="bare").status == 0


def test_a_package_that_was_half_unpacked_is_installed_again(bare):
    """As dpkg leaves it when the host goes down while it unpacks."""
    mark = "/^Package: fio$/,/^$/s/^Status: .*/Status: install reinstreq half-installed/"
    as_root(bare, f"sed -i '{mark}' /var/lib/dpkg/status")
    as_root(bare, "rm /usr/bin/fio")
    assert play.provision("--tags", "base", limit="bare").status == 0
    assert bare.exists("fio")
    assert bare.package("fio").is_installed
    assert play.provision("--tags", "base", limit="bare").changed == []


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


def test_another_log_driver_gets_no_options_of_the_former(bare):
    """Docker would refuse them: the run fails where they are handed on."""
    for driver, options in (("json-file", {"max-file": "3", "max-size": "10m"}), ("journald", {})):
        asked = {"docker_daemon_settings": {"log-driver": driver}}
        assert play.provision("--tags", "docker", limit="bare", variables=asked).status == 0
        settings = json.loads(bare.file(SETTINGS).content_string)
        assert (settings["log-driver"], settings.get("log-opts", {})) == (driver, options)


@pytest.mark.parametrize("role", ["docker", "container_toolkit"])
@pytest.mark.parametrize("text", ["broken", '{"a": 1,}', '{"a": 1 "b": 2}'])
def test_settings_that_are_no_json_are_left_alone(bare, role, text):
    as_root(bare, f"cp {SETTINGS} /root/kept")
    write(bare, SETTINGS, text)
    run = play.provision("--tags", role, limit="bare")
    assert_says(run, "bare", SETTINGS, "python3 -m json.tool")
    assert bare.file(SETTINGS).content_string == text
    as_root(bare, f"mv /root/kept {SETTINGS}")


def test_a_second_engine_is_refused(bare):
    run = play.provision("--tags", "docker", limit="bare", variables={"docker_engine": "docker-ce"})
    assert_says(run, "bare", "docker.io", "docker_engine")


def test_an_operator_without_an_account_gets_none(bare):
    run = play.provision(
        "--tags", "docker", limit="bare", variables={"docker_operators": ["operator", "oprator"]}
    )
    assert_says(run, "bare", "no account of oprator", "docker_operators")
    assert run.changed == []
    assert not bare.user("oprator").exists


def test_a_docker_that_does_not_start_is_told(bare):
    unit = "/etc/systemd/system/docker.service.d/broken.conf"
    as_root(bare, "systemctl stop docker.socket docker.service")
    as_root(bare, f"mkdir -p {unit.rpartition('/')[0]}")
    write(bare, unit, "[Service]\nExecStart=\nExecStart=/bin/false\n")
    as_root(bare, "systemctl daemon-reload")
    run = play.provision("--tags", "docker", limit="bare")
    as_root(bare, f"rm {unit}")
    as_root(bare, "systemctl daemon-reload")
    as_root(bare, "systemctl reset-failed docker.service docker.socket")
    assert_says(run, "bare", "docker.service does not start", "journalctl -u docker.service")
    assert play.provision("--tags", "docker", limit="bare").changed == [
        "docker : Start Docker now and at boot"
    ]


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
