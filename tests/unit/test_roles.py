"""Roles and what is said of them agree: README, argument specs, defaults."""

from __future__ import annotations

import pytest
import yaml
from role_pages import PROVISIONING, ROLES, page, provisioning

NAMES = sorted(role.name for role in ROLES.iterdir())


@pytest.mark.parametrize("role", NAMES)
def test_the_readme_is_made_from_the_argument_specs(role: str) -> None:
    assert (ROLES / role / "README.md").read_text() == page(ROLES / role), (
        "run: python tests/role_pages.py"
    )


def test_the_roles_that_provision_are_listed() -> None:
    assert PROVISIONING.read_text() == provisioning(), "run: python tests/role_pages.py"


@pytest.mark.parametrize("role", NAMES)
def test_defaults_are_those_of_the_argument_specs(role: str) -> None:
    path = ROLES / role / "defaults/main.yml"
    defaults = yaml.safe_load(path.read_text()) if path.exists() else {}
    described = {}
    specs = yaml.safe_load((ROLES / role / "meta/argument_specs.yml").read_text())["argument_specs"]
    for spec in specs.values():
        described |= {n: o["default"] for n, o in spec["options"].items() if "default" in o}
    assert defaults == described
