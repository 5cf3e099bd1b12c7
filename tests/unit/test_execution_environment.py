"""execution-environment.yml agrees with pyproject.toml, and ansible-builder takes it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

PROJECT = Path(__file__).parents[2]
FILE = PROJECT / "execution-environment.yml"
OF_THEIR_OWN = {"ansible-core", "ansible-runner"}


@pytest.fixture
def definition() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text()))


def project_dependencies() -> dict[str, Requirement]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    return {one.name: one for one in map(Requirement, project["dependencies"])}


def test_python_packages_are_those_of_the_project(definition: dict[str, Any]) -> None:
    told = [Requirement(line) for line in definition["dependencies"]["python"]]
    wanted = [one for name, one in project_dependencies().items() if name not in OF_THEIR_OWN]
    assert sorted(map(str, told)) == sorted(map(str, wanted))


@pytest.mark.parametrize("name", sorted(OF_THEIR_OWN))
def test_ansible_is_pinned_within_the_projects_bounds(
    name: str, definition: dict[str, Any]
) -> None:
    pinned = Requirement(definition["dependencies"][name.replace("-", "_")]["package_pip"])
    assert pinned.name == name
    (pin,) = pinned.specifier
    assert pin.operator == "=="
    assert Version(pin.version) in project_dependencies()[name].specifier


def test_the_base_image_and_the_projects_place_are_named(definition: dict[str, Any]) -> None:
    assert definition["version"] == 3
    assert definition["images"]["base_image"]["name"].count("/") == 2
    assert "ENV PYTHONPATH=/runner/project" in definition["additional_build_steps"]["append_final"]
    # bindep: NAME [platform:FAMILY]
    assert all(line.endswith("]") for line in definition["dependencies"]["system"])


def test_ansible_builder_makes_a_context_of_it(tmp_path: Path) -> None:
    pytest.importorskip("ansible_builder", reason="make setup installs ansible-builder")
    command = [sys.executable, "-m", "ansible_builder", "create", "-f", FILE, "-c", tmp_path]
    subprocess.run(command, capture_output=True, check=True)
    (container,) = [path for path in tmp_path.iterdir() if path.is_file()]
    text = container.read_text()
    assert 'ARG EE_BASE_IMAGE="quay.io/' in text
    assert "ENV PYTHONPATH=/runner/project" in text
    assert (tmp_path / "_build/requirements.txt").read_text().splitlines()
