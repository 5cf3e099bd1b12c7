"""What YAML and schemas must repeat is what is registered in one place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from foundation.core.workstreams import WORKSTREAMS, Workstream
from foundation.documents.store import COLLECTED_KINDS
from foundation.reports.formats import FORMATS

PROJECT = Path(__file__).parents[2]
PLAYBOOKS = PROJECT / "playbooks"
SCHEMAS = PROJECT / "foundation/documents/schemas"


def plays(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((PLAYBOOKS / name).read_text())
    return loaded


def play(name: str, title: str) -> dict[str, Any]:
    return next(one for one in plays(name) if one["name"] == title)


@pytest.mark.parametrize("workstream", WORKSTREAMS.values(), ids=lambda one: one.name)
def test_a_workstreams_playbook_bears_its_name_and_tag(workstream: Workstream) -> None:
    (only,) = plays(workstream.playbook)
    assert only["tags"] == [workstream.name]
    assert only["name"].startswith(f"{workstream.name} ")


def test_the_workstreams_run_in_their_order() -> None:
    imported = [one["ansible.builtin.import_playbook"] for one in plays("foundation.yml")]
    assert imported == ["provision.yml", *(one.playbook for one in WORKSTREAMS.values())]


def test_every_collected_document_is_of_one_workstream() -> None:
    kinds = [kind for one in WORKSTREAMS.values() for kind in one.documents]
    assert sorted(kinds) == sorted(COLLECTED_KINDS)


def lists_of_workstreams(value: object) -> Iterator[list[str]]:
    """The enumerations and objects of a schema that name workstreams."""
    if isinstance(value, dict):
        for key in ("enum", "properties", "required"):
            names = list(value.get(key) or ())
            if any(str(name).startswith("WS-") for name in names):
                yield names
        for item in value.values():
            yield from lists_of_workstreams(item)
    elif isinstance(value, list):
        for item in value:
            yield from lists_of_workstreams(item)


def test_schemas_name_the_workstreams() -> None:
    found = [
        names
        for path in SCHEMAS.glob("*.json")
        for names in lists_of_workstreams(json.loads(path.read_text()))
    ]
    assert found
    assert all(names == list(WORKSTREAMS) for names in found)


def test_a_role_of_provisioning_is_picked_by_its_name() -> None:
    roles = play("provision.yml", "Provision")["roles"]
    assert all(one["tags"] == [one["role"]] for one in roles)


def test_every_role_has_a_play_or_role_that_takes_it() -> None:
    provisioning = {one["role"] for one in play("provision.yml", "Provision")["roles"]}
    others = {"apt", "host", "probe_runtime", "status_timer"}  # parts, and plays of their own
    assert {path.name for path in (PROJECT / "roles").iterdir()} == provisioning | others


@pytest.mark.parametrize("name", FORMATS)
def test_the_gates_module_names_the_file_of_every_format(name: str) -> None:
    text = " ".join((PROJECT / "library/foundation_gate.py").read_text().split())
    assert f"C(gate{FORMATS[name].suffix})" in text
