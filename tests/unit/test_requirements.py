"""The requirement files of the probe runtime agree with each other."""

import re

import pytest
from box import REPOSITORY
from packaging.requirements import Requirement

FILES = REPOSITORY / "roles" / "probe_runtime" / "files"


def _lines(name):
    text = (FILES / name).read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _pins(name):
    return dict(re.match(r"([a-z0-9-]+)==(\S+)", line).groups() for line in _lines(name))


def test_every_locked_package_has_a_hash():
    for line in _lines("requirements-aarch64.txt"):
        assert re.fullmatch(r"[a-z0-9-]+==[^\s=]+(\s+--hash=sha256:[0-9a-f]{64})+\s*", line), line


@pytest.mark.parametrize("processor", ["aarch64", "x86_64"])
def test_the_pins_are_what_the_code_asks_for(processor):
    pins = _pins(f"requirements-{processor}.txt")

    for requirement in map(Requirement, _lines("requirements.in")):
        assert pins[requirement.name] in requirement.specifier


def test_both_processors_get_the_same_versions():
    locked = _pins("requirements-aarch64.txt")

    for name, version in _pins("requirements-x86_64.txt").items():
        assert locked[name] == version


def test_the_lock_holds_cuda_13_for_the_gb10():
    locked = _pins("requirements-aarch64.txt")

    assert locked["nvidia-cuda-runtime"].startswith("13.0.")
    assert {"nvidia-cudnn-cu13", "nvidia-nccl-cu13"} <= set(locked)


def test_no_file_names_an_index():
    for path in FILES.iterdir():
        assert "://" not in path.read_text()
        assert "index-url" not in path.read_text()


REPRO = REPOSITORY / "repro"


@pytest.mark.parametrize(
    "name",
    ["requirements-x86_64.txt", "requirements-x86_64-cpu.txt", "requirements-build.txt"],
)
def test_the_images_locks_have_hashes_and_the_versions_of_arm64(name):
    locked = _pins("requirements-aarch64.txt")
    text = (REPRO / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines
    for line in lines:
        matched = re.fullmatch(
            r"([a-z0-9-]+)==([^\s+]+)(?:\+cpu)?(\s+--hash=sha256:[0-9a-f]{64})+\s*", line
        )
        assert matched, line
        assert locked[matched[1]] == matched[2]


def test_nothing_is_both_locked_and_built_from_source():
    built = re.findall(r"^([a-z0-9-]+)==", (REPRO / "requirements-source.txt").read_text(), re.M)
    assert not set(built) & set(_pins("requirements-aarch64.txt"))
