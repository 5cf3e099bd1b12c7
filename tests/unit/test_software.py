import json

import pytest

from python_probes.nvidia import driver
from python_probes.software import debian_packages, docker, tools

PROPRIETARY = (
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\n"
)
INFO = {
    "ServerVersion": "29.1.3",
    "Driver": "overlay2",
    "CgroupDriver": "systemd",
    "Runtimes": {"runc": {}, "nvidia": {}},
    "ClientInfo": {"Version": "29.1.2"},
}
TEXT = """\
Client: Docker Engine - Community
 Version:    28.0.1
 Context:    default

Server:
 Server Version: 28.0.4
 Storage Driver: overlay2
 Cgroup Driver: systemd
 Runtimes: io.containerd.runc.v2 nvidia runc
"""


@pytest.mark.parametrize(
    ("packages", "name", "version"),
    [
        (["nvidia-driver-580-open", "libnvidia-compute-580"], "nvidia-driver-580-open", "580.1"),
        (["nvidia-utils-580-server", "nvidia-driver-580-server-open"],
         "nvidia-driver-580-server-open", "580.1"),
        (["nvidia-open", "cuda-drivers"], "nvidia-open", "580.1"),
        (["nvidia-driver-cuda"], "nvidia-driver-cuda", "580.1"),
        (["libcuda1"], "libcuda1", "580.1"),
        (["nvidia-settings", "nvidia-container-toolkit", "nvidia-driver-local-repo"], None, None),
    ],
)  # fmt: skip
def test_which_package_tells_the_driver(box, packages, name, version):
    section = driver.collect(box.system, dict.fromkeys(packages, "3:580.1-0ubuntu1"), box.note)

    assert (section["installed_package"], section["installed_version"]) == (name, version)


def test_of_two_driver_packages_the_newer(box):
    packages = {"nvidia-driver-580-open": "580.95.05-1", "nvidia-driver-570-open": "580.126.09-1"}

    assert driver.installed_package(packages) == "nvidia-driver-570-open"


def test_the_proprietary_module(box):
    box.file("/proc/driver/nvidia/version", PROPRIETARY)

    section = driver.collect(box.system, {}, box.note)

    assert (section["loaded_version"], section["module_flavour"]) == ("535.183.01", "proprietary")


def test_a_version_file_that_says_nothing(box):
    box.file("/proc/driver/nvidia/version", "garbage")

    section = driver.collect(box.system, {}, box.note)

    assert (section["loaded_version"], section["module_flavour"]) == (None, None)
    assert "driver.loaded_version" in box.messages("missing")


def test_a_module_version_that_is_no_version_is_not_recorded(box):
    box.file("/sys/module/nvidia/version", b"\x93\xff 580")

    assert driver.collect(box.system, {}, box.note)["loaded_version"] is None


def test_upstream_versions():
    assert debian_packages.upstream("5:29.1.3-1~ubuntu") == "29.1.3"
    assert debian_packages.upstream("580.159.03-0ubuntu0.24.04.1") == "580.159.03"
    assert debian_packages.upstream("1:4.4.1") == "4.4.1"


def engine(box, packages=None):
    return docker.collect(box.system, packages or {"docker-ce": "29.1.3"}, box.note)


def test_docker_info_as_json(box):
    box.says("docker", json.dumps(INFO))

    section = engine(box)

    assert section == {
        "client_version": "29.1.2",
        "server_version": "29.1.3",
        "engine_source": "docker info",
        "package": "docker-ce 29.1.3",
        "snap": False,
        "runtimes": ["nvidia", "runc"],
        "nvidia_runtime_registered": True,
        "nvidia_runtime_source": "docker info",
        "storage_driver": "overlay2",
        "cgroup_driver": "systemd",
    }
    assert box.problems == []


def test_docker_info_as_text(box):
    box.says("docker", TEXT)

    section = engine(box)

    assert (section["client_version"], section["server_version"]) == ("28.0.1", "28.0.4")
    assert section["runtimes"] == ["io.containerd.runc.v2", "nvidia", "runc"]
    assert section["nvidia_runtime_registered"] is True


def test_a_docker_without_the_json_format(box):
    box.command("docker", f"[ $# = 1 ] || exit 125\n/bin/cat <<'END'\n{TEXT}END")

    assert engine(box)["server_version"] == "28.0.4"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Runtimes": {"runc": {}}}, (False, "docker info")),
        ({"Runtimes": {"runc": {}}, "DiscoveredDevices": [{"ID": "nvidia.com/gpu=0"}]},
         (True, "cdi")),
        ({"Runtimes": None, "DiscoveredDevices": ["odd"]}, (None, None)),
    ],
)  # fmt: skip
def test_how_the_runtime_is_registered(box, change, expected):
    # Where the daemon answers, no file stands in for what it does not say.
    box.file("/etc/docker/daemon.json", '{"runtimes": {"nvidia": {}}}')
    box.says("docker", json.dumps({**INFO, **change}))

    section = engine(box)

    assert (section["nvidia_runtime_registered"], section["nvidia_runtime_source"]) == expected
    assert ("runtimes" in box.messages("missing")) == (change["Runtimes"] is None)


def denied(box, version="29.1.3"):
    box.command(
        "docker",
        f'case $1 in --version) echo "Docker version {version}, build f52814d";;'
        ' *) echo "permission denied while trying to connect" >&2; exit 1;; esac',
    )


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("/etc/docker/daemon.json", '{"runtimes": {"nvidia": {}}}', (True, "daemon.json")),
        ("/etc/docker/daemon.json", '{"runtimes": nul', (None, None)),
        ("/etc/docker/daemon.json", "[]", (None, None)),
        ("/etc/cdi/nvidia.yaml", "kind: nvidia.com/gpu", (True, "cdi")),
        ("/etc/docker/daemon.json", "{}", (False, "daemon.json")),
        ("/etc/docker/key.json", "{}", (False, "daemon.json")),
        # Nothing of Docker's configuration was captured: that is no evidence of absence.
        ("/etc/cdi/other.yaml", "kind: vendor.com/net", (None, None)),
        ("/etc/cdi/nvidia.txt", "kind: nvidia.com/gpu", (None, None)),
    ],
)
def test_a_user_outside_the_group_is_told_by_files(box, file, text, expected):
    denied(box)
    box.file(file, text)

    section = engine(box)

    assert (section["nvidia_runtime_registered"], section["nvidia_runtime_source"]) == expected
    assert section["client_version"] == "29.1.3"
    assert section["server_version"] is None
    assert "group docker" in box.messages("no_permission")
    assert ("daemon.json" in box.messages("unreadable")) == (expected[0] is None)


def test_docker_info_that_was_cut_off_before_the_runtimes_denies_nothing(box):
    box.says("docker", "Client:\n Version: 29.1.3\n\nServer:\n Server Version: 29.1.3\n")

    section = engine(box)

    assert section["server_version"] == "29.1.3"
    assert section["nvidia_runtime_registered"] is None
    assert "docker.nvidia_runtime_registered" in box.messages("unreadable")


def test_a_docker_that_answers_only_docker_version(box):
    answer = "Client: Docker Engine - Community\n Version:           29.1.3\n"
    box.command("docker", f"[ $1 = version ] && echo '{answer}'; exit 1")

    assert engine(box)["client_version"] == "29.1.3"


DOWN = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is it running?"
CLIENT = {"ClientInfo": {"Version": "29.2.1"}}


@pytest.mark.parametrize(
    ("info", "stderr", "status"),
    [
        ("", DOWN, 1),
        (json.dumps({**CLIENT, "ServerErrors": [DOWN]}), "errors pretty printing info", 1),
        (json.dumps({**CLIENT, "ServerErrors": [DOWN]}), "", 0),
        ("Client:\n Version:    29.2.1\n\nServer:\nERROR: " + DOWN, "", 1),
    ],
)
def test_nothing_stands_in_for_a_daemon_that_is_down(box, info, stderr, status):
    box.file("/etc/docker/daemon.json", '{"runtimes": {"nvidia": {}}, "features": {"cdi": true}}')
    box.file("/etc/cdi/nvidia.yaml", "kind: nvidia.com/gpu")
    box.command(
        "docker",
        f"[ $1 = --version ] && echo 'Docker version 29.2.1, build a5c7197' && exit\n"
        f"/bin/cat <<'END'\n{info}\nEND\necho '{stderr}' >&2\nexit {status}",
    )

    section = engine(box)

    assert (section["client_version"], section["server_version"]) == ("29.2.1", None)
    assert (section["engine_source"], section["nvidia_runtime_registered"]) == (None, None)
    assert DOWN in box.messages("failed")


def test_a_daemon_that_hangs_is_known_by_nobody(box):
    box.file("/etc/docker/daemon.json", '{"runtimes": {"nvidia": {}}}')
    box.command(
        "docker", "[ $1 = --version ] && echo 'Docker version 29.2.1' || exec /bin/sleep 60"
    )
    box.system.command_timeout = 0.3

    section = engine(box)

    assert (section["engine_source"], section["nvidia_runtime_registered"]) == (None, None)
    assert "no answer in" in box.messages("timeout")


def test_a_refusal_among_the_server_errors(box):
    refused = "permission denied while trying to connect to the docker API"
    box.says("docker", json.dumps({**CLIENT, "ServerErrors": [refused]}), 1)
    box.file("/etc/docker/daemon.json", '{"runtimes": {"nvidia": {}}}')

    section = engine(box)

    assert (section["engine_source"], section["client_version"]) == ("docker client", "29.2.1")
    assert section["nvidia_runtime_source"] == "daemon.json"


OLD = {**INFO, "ServerVersion": "27.5.1", "Runtimes": {"runc": {}}}


@pytest.mark.parametrize(
    ("change", "daemon", "folder", "expected"),
    [
        ({"CDISpecDirs": ["/etc/cdi", "/var/run/cdi"]}, "{}", "/var/run/cdi", True),
        ({"CDISpecDirs": ["/opt/cdi"]}, "{}", "/opt/cdi", True),
        ({}, '{"features": {"cdi": true}}', "/etc/cdi", True),
        ({}, "{}", "/etc/cdi", False),
        ({"CDISpecDirs": []}, '{"features": {"cdi": false}}', "/etc/cdi", False),
        ({"CDISpecDirs": ["/etc/cdi"]}, "{}", "/nowhere", False),
    ],
)
def test_a_specification_counts_where_the_daemon_heeds_it(box, change, daemon, folder, expected):
    box.file("/etc/docker/daemon.json", daemon)
    box.file(f"{folder}/nvidia.yaml", "kind: nvidia.com/gpu")
    box.says("docker", json.dumps({**OLD, **change}))

    section = engine(box)

    assert section["nvidia_runtime_registered"] is expected
    assert section["nvidia_runtime_source"] == ("cdi" if expected else "docker info")


def test_the_folders_of_cdi_in_docker_info_as_text(box):
    folders = " CDI spec directories:\n  /etc/cdi\n  /var/run/cdi\n Swarm: inactive\n"
    box.file("/var/run/cdi/nvidia.yaml", "kind: nvidia.com/gpu")
    box.says("docker", TEXT.replace(" nvidia", "") + folders)

    assert engine(box)["nvidia_runtime_source"] == "cdi"


@pytest.mark.parametrize(
    ("version", "daemon", "expected"),
    [
        ("27.5.1", "{}", False),
        ("28.3.0", "{}", True),
        ("29.1.3", '{"features": {"cdi": false}}', False),
    ],
)
def test_a_refused_user_and_a_specification(box, version, daemon, expected):
    denied(box, version)
    box.file("/etc/docker/daemon.json", daemon)
    box.file("/etc/cdi/nvidia.yaml", "kind: nvidia.com/gpu")

    assert engine(box)["nvidia_runtime_registered"] is expected


def test_podman_in_dockers_place(box):
    box.says("docker", "podman version 5.0.0")

    assert engine(box)["client_version"] is None
    assert "not Docker's" in box.messages("unreadable")


def test_docker_from_a_snap(box):
    box.file("/snap/docker/current/meta/snap.yaml", "name: docker\nversion: 28.4.0")
    box.says("docker", json.dumps(INFO))

    section = docker.collect(box.system, {}, box.note)

    assert (section["snap"], section["package"]) == (True, "docker (snap) 28.4.0")


def test_no_docker(box):
    section = docker.collect(box.system, {}, box.note)

    assert section["nvidia_runtime_registered"] is None
    assert "install Docker Engine" in box.messages("missing")


def test_docker_info_that_is_json_and_no_object():
    assert docker.parse_info("[]") == ({}, None)


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [("active", 0, True), ("inactive", 3, False), ("failed", 3, False), ("", 1, None)],
)
def test_the_dcgm_service(box, state, status, expected):
    box.says("dcgmi", "\ndcgmi  version: 4.4.1\n")
    box.says("systemctl", state, status)

    section = tools.dcgm(box.system, {"datacenter-gpu-manager-4-cuda13": "1:4.4.1-1"}, box.note)

    assert section == {
        "version": "4.4.1",
        "package": "datacenter-gpu-manager-4-cuda13 1:4.4.1-1",
        "service_active": expected,
    }
    assert bool(box.messages("unreadable")) == (expected is None)


def test_tools_that_answer_something_else(box):
    box.says("fio", "fio: error while loading shared libraries", 127)
    box.says("nvidia-ctk", "hello")

    assert tools.fio(box.system, box.note) == {"version": None}
    assert tools.container_toolkit(box.system, {}, box.note)["version"] is None
    assert "shared libraries" in box.messages("failed")
    assert "nvidia-ctk --version printed no version" in box.messages("unreadable")


def test_fio(box):
    box.says("fio", "fio-3.36\n")

    assert tools.fio(box.system, box.note) == {"version": "3.36"}
