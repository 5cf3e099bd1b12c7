"""Roles and what is said of them agree: README, argument specs, defaults."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from role_pages import ROLES, page

NAMES = sorted(role.name for role in ROLES.iterdir())


def text_files(role: str) -> list[Path]:
    return list((ROLES / role).rglob("*.yml"))


@pytest.mark.parametrize("role", NAMES)
def test_the_readme_is_made_from_the_argument_specs(role: str) -> None:
    assert (ROLES / role / "README.md").read_text() == page(ROLES / role), (
        "run: python tests/role_pages.py"
    )


@pytest.mark.parametrize("role", NAMES)
def test_defaults_are_those_of_the_argument_specs(role: str) -> None:
    path = ROLES / role / "defaults/main.yml"
    defaults = yaml.safe_load(path.read_text()) if path.exists() else {}
    described = {}
    specs = yaml.safe_load((ROLES / role / "meta/argument_specs.yml").read_text())["argument_specs"]
    for spec in specs.values():
        described |= {n: o["default"] for n, o in spec["options"].items() if "default" in o}
    assert defaults == described


@pytest.mark.parametrize("role", NAMES)
def test_no_role_uses_a_shell_or_hides_a_failure(role: str) -> None:
    for path in text_files(role):
        text = path.read_text()
        assert "ignore_errors" not in text, path
        assert not re.search(r"^\s*(ansible\.builtin\.)?(shell|raw):", text, re.MULTILINE), path
        assert "curl | " not in text, path
        # For single tasks only: a play or a block of root's would do more as root than it needs.
        for block in re.findall(r"^( *)block:\n(?:\1 .*\n|\n)*\1become:", text, re.MULTILINE):
            pytest.fail(f"{path}: {block}")


@pytest.mark.parametrize("role", NAMES)
def test_every_failure_says_host_finding_expectation_and_next_step(role: str) -> None:
    for path in text_files(role):
        for message in re.findall(
            r"^( +)(?:fail_msg|msg): >-\n((?:\1 .*\n)+)", path.read_text(), re.MULTILINE
        ):
            text = " ".join(message[1].split())
            if text.startswith("{{ inventory_hostname }}: driver"):
                continue
            assert text.startswith("{{ inventory_hostname }}: found"), f"{path}: {text}"
            assert "expected" in text, f"{path}: {text}"
