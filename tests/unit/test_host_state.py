"""What provisioning asks of a host."""

import pytest
from box import GB10

from python_probes.core.system import System
from python_probes.provisioning import host_state


def state(box, folders=("/",)):
    return host_state.read(box.system, box.note, list(folders))


def test_a_spark_is_described():
    found = host_state.read(System(GB10 / "root"), lambda code, message: None, ["/"])
    assert found["os"] == {"id": "ubuntu", "version": "24.04", "codename": "noble", "dgx": True}
    assert found["driver"]["loaded_version"].startswith("580.")
    assert found["free_bytes"]["/"] > 0
    assert found["dpkg_interrupted"] is False
    assert found["container"] is False


@pytest.mark.parametrize("link", ["/boot/vmlinuz", "/vmlinuz"])
def test_the_kernel_that_boots_next_is_what_the_link_names(box, link):
    box.file("/boot/vmlinuz-6.17.0-1014-nvidia")
    box.link(link, "/boot/vmlinuz-6.17.0-1014-nvidia")
    assert host_state.next_kernel(box.system) == "6.17.0-1014-nvidia"


def test_no_link_names_no_kernel(box):
    assert host_state.next_kernel(box.system) is None


@pytest.mark.parametrize(
    ("status", "interrupted", "half_installed"),
    [
        ("install ok installed", False, []),
        ("deinstall ok config-files", False, []),
        ("install ok half-configured", True, []),
        ("install reinstreq half-installed", True, ["fio"]),
        ("install ok unpacked", True, []),
        ("deinstall ok half-configured", True, []),
    ],
)
def test_what_dpkg_left_unfinished_shows(box, status, interrupted, half_installed):
    box.file("/var/lib/dpkg/status", f"Package: fio\nStatus: {status}\nVersion: 3.33-3\n")
    assert state(box)["dpkg_interrupted"] is interrupted
    assert state(box)["dpkg_half_installed"] == half_installed


def test_what_dpkg_left_unfinished_shows_in_a_long_file(box):
    status = "Package: fio\nStatus: install ok half-installed\n"
    box.file("/var/lib/dpkg/status", f"Package: a\nDescription: {'x ' * 2**22}\n\n{status}")
    assert state(box)["dpkg_interrupted"] is True
    assert state(box)["dpkg_half_installed"] == ["fio"]


def test_what_dpkg_was_writing_when_it_was_cut_off_shows(box):
    box.file("/var/lib/dpkg/status", "")
    box.file("/var/lib/dpkg/updates/0001", "")
    assert state(box)["dpkg_interrupted"] is True


def test_the_file_that_puts_cuda_on_the_path_is_found(box):
    box.file("/etc/environment", 'PATH="/usr/bin"')
    box.file("/etc/profile.d/a.sh", "# PATH=/usr/local/cuda/bin")
    assert state(box)["profile_with_cuda"] is None
    box.file("/etc/profile.d/cuda.sh", "export PATH=$PATH:/usr/local/cuda/bin")
    assert state(box)["profile_with_cuda"] == "/etc/profile.d/cuda.sh"


def test_a_folder_that_does_not_exist_has_no_free_space(box):
    assert state(box, ["/", "/nowhere"])["free_bytes"]["/nowhere"] is None


def test_containers_and_snaps_show(box):
    box.file("/run/systemd/container", "podman")
    box.file("/var/lib/snapd/snaps/docker_2932.snap")
    found = state(box)
    assert found["container"] is True
    assert found["snaps"] == ["docker_2932.snap"]
