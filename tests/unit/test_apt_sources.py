"""One repository is one for apt, however its sources are written: apt itself is asked."""

import shutil

import pytest

from python_probes.core.system import CommandError
from python_probes.provisioning import apt_sources

APT = shutil.which("apt-get")
pytestmark = pytest.mark.skipif(APT is None, reason="this machine has no apt")
TOOLKIT = "https://nvidia.example/stable/deb"
OWN = "/etc/apt/sources.list.d/own.sources"
FLAT = f"Types: deb\nURIs: {TOOLKIT}/$(ARCH)\nSuites: /\nSigned-By: /keys/own.asc"
DISTRIBUTION = (
    "Types: deb\nURIs: https://docker.example/linux\nSuites: noble\nComponents: stable\n"
    "Architectures: arm64"
)


@pytest.fixture
def apt(box):
    """A root whose sources the real apt of this machine reads, as an arm64 host."""
    box.file("/apt.conf", 'APT::Architecture "arm64";\nAPT::Architectures { "arm64"; };')
    configuration = f"APT_CONFIG={box.root}/apt.conf"
    main = f"-o Dir::Etc::sourcelist={box.root}/etc/apt/sources.list"
    parts = f"-o Dir::Etc::sourceparts={box.root}/etc/apt/sources.list.d"
    # What is asked of one file comes later and wins.
    box.command("apt-get", f'{configuration} exec {APT} {main} {parts} "$@"')
    return box


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.list", f"deb {TOOLKIT}/arm64 /"),
        ("a.list", f"deb {TOOLKIT}/$(ARCH)/ /"),
        ("a.list", f"deb [signed-by=/other.gpg] {TOOLKIT} arm64/"),
        ("a.list", f"deb {TOOLKIT}//arm64 ./ # a comment"),
        ("a.list", "deb HTTP://user:word@NVIDIA.example:80/stable/deb/$(ARCH) /"),
        ("a.sources", f"Types: deb deb-src\nURIs: {TOOLKIT}/arm64\nSuites: /"),
        ("a.sources", f"types: deb\nuris:\n https://other.example/\n {TOOLKIT}/arm64\nsuites: /"),
        ("a.sources", f"# deb\n\nTypes: deb\n# URIs: no\nURIs: {TOOLKIT}/arm64/\nSuites: ./ sub/"),
        ("a.sources", f"{FLAT}\n  /keys/other.asc\nEnabled: yes"),
        (
            "a.sources",
            f"Types: deb\nURIs: {TOOLKIT}/arm64\nSuites: /\nSigned-By:\n"
            " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDME\n -----END PGP PUBLIC KEY BLOCK-----",
        ),
    ],
)
def test_one_repository_is_one(apt, name, text):
    file = f"/etc/apt/sources.list.d/{name}"
    apt.file(file, text)
    assert apt_sources.naming(apt.system, FLAT, OWN) == ([file], [])


def test_the_main_list_counts(apt):
    apt.file("/etc/apt/sources.list", f"deb {TOOLKIT}/arm64 /")
    assert apt_sources.naming(apt.system, FLAT, OWN).serving == ["/etc/apt/sources.list"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("own.sources", FLAT),
        ("a.list", f"# deb {TOOLKIT}/arm64 /"),
        ("a.list", f"deb {TOOLKIT}/amd64 /"),
        ("a.list", f"deb {TOOLKIT}/arm64 noble main"),
        ("a.list", "deb https://nvidia.example:8443/stable/deb/arm64 /"),
        ("a.list", f"deb [broken {TOOLKIT}/arm64 /"),
        ("a.sources", f"{FLAT}\nEnabled: no"),
        ("a.sources.save", FLAT),
        ("a b.sources", FLAT),
        (".a.sources", FLAT),
    ],
)
def test_what_apt_does_not_use_or_is_another_is_not_it(apt, name, text):
    apt.file(f"/etc/apt/sources.list.d/{name}", text)
    assert apt_sources.naming(apt.system, FLAT, OWN) == ([], [])


@pytest.mark.parametrize(
    ("text", "serves"),
    [
        ("deb https://docker.example/linux noble stable test", True),
        ("deb [arch=arm64,amd64] http://docker.example/linux/ noble stable", True),
        ("deb [arch=amd64] https://docker.example/linux noble stable", False),
        ("deb https://docker.example/linux noble test", False),
        ("deb-src https://docker.example/linux noble stable", False),
    ],
)
def test_a_source_of_another_part_of_the_repository_lacks_what_is_wanted(apt, text, serves):
    file = "/etc/apt/sources.list.d/a.list"
    apt.file(file, text)
    found = apt_sources.naming(apt.system, DISTRIBUTION, OWN)
    assert found == (([file], []) if serves else ([], [file]))


def test_another_suite_is_another_repository(apt):
    apt.file("/etc/apt/sources.list", "deb https://docker.example/linux jammy stable")
    assert apt_sources.naming(apt.system, DISTRIBUTION, OWN) == ([], [])


def test_files_that_contradict_each_other_are_named(apt):
    apt.file("/etc/apt/sources.list", "deb https://other.example noble main")
    apt.file("/etc/apt/sources.list.d/a.list", f"deb [signed-by=/a.asc] {TOOLKIT}/arm64 /")
    assert apt_sources.conflict(apt.system) == ""
    apt.file("/etc/apt/sources.list.d/own.sources", FLAT)
    said = apt_sources.conflict(apt.system)
    assert "Conflicting values" in said
    assert said.endswith(f"(in /etc/apt/sources.list.d/a.list and {OWN})")
    # And each of them is still known.
    assert apt_sources.naming(apt.system, FLAT, OWN).serving == ["/etc/apt/sources.list.d/a.list"]


def test_a_file_that_apt_cannot_read_is_named(apt):
    apt.file("/etc/apt/sources.list.d/a.list", "deb [broken")
    assert "a.list" in apt_sources.conflict(apt.system)


def test_a_wanted_source_that_apt_cannot_read_is_an_error(apt):
    with pytest.raises(CommandError, match="Malformed"):
        apt_sources.naming(apt.system, "Types: deb\nURIs: nonsense\nSuites: /", OWN)
