"""A minor version of a schema only adds: nothing that was stored may become invalid by it.

A new key is optional, and the minor of `x-version` is raised; whatever narrows a schema needs a
new major (docs/documents.md).
"""

import copy
import json
from pathlib import Path

import pytest
from schema_growth import Growth, grown

from foundation.documents import schema_registry

RELEASED = {
    path.stem: json.loads(path.read_text())
    for path in (Path(__file__).parents[1] / "fixtures/schemas").glob("*.json")
}
TODAY = schema_registry._schemas()
KINDS = [
    (release, kind)
    for release, schemas in RELEASED.items()
    for kind in schemas
    if kind not in ("document", "handoff")  # which others refer to
]


def numbers(schema):
    """Its version; those of a590d1e did not name theirs."""
    return tuple(int(part) for part in schema.get("x-version", "1.0").split("."))


@pytest.mark.parametrize(("release", "kind"), KINDS)
def test_a_minor_version_only_adds(release, kind):
    assert kind in TODAY, "what is stored of it can no longer be read"
    old, new = numbers(RELEASED[release][kind]), numbers(TODAY[kind])
    assert new >= old
    if new[0] > old[0]:
        return
    growth = Growth(RELEASED[release], TODAY, kind)
    assert growth.lost == [], "make it optional, or raise the major"
    if growth.gained:
        assert new > old, f"raise x-version for {growth.gained}"


# The comparison itself.


def fields(schema, *path):
    for step in path:
        schema = schema[step]
    return schema


FIGURE = ("document", "$defs", "figure")
NARROWER = [
    lambda s: fields(s, *FIGURE, "properties").pop("spread"),
    lambda s: fields(s, *FIGURE, "required").append("started_at"),
    lambda s: fields(s, *FIGURE, "properties", "value").update(maximum=10),
    lambda s: fields(s, *FIGURE, "properties", "samples").update(minItems=9),
    lambda s: fields(s, *FIGURE, "properties", "method").update(pattern="^torch"),
    lambda s: fields(s, *FIGURE, "properties", "component", "enum").pop(),
    lambda s: fields(s, *FIGURE, "properties", "spread").update(type="number"),
    lambda s: fields(s, *FIGURE, "properties", "trace", "anyOf").pop(),
    lambda s: fields(s, "document", "$defs", "trace", "required").append("since_then"),
    lambda s: fields(s, "document", "$defs", "problems", "items").update({"minProperties": 4}),
    lambda s: fields(s, "benchmark").update(additionalProperties=True),
    lambda s: fields(s, "benchmark", "properties", "host").update(maxLength=8),
    lambda s: fields(s, "benchmark", "properties", "data").update(dependentRequired={}),
]


@pytest.mark.parametrize("narrow", NARROWER)
def test_what_narrows_is_found(narrow):
    later = copy.deepcopy(TODAY)
    narrow(later)
    assert Growth(TODAY, later, "benchmark").lost


def test_what_is_added_is_found_and_narrows_nothing():
    growth = Growth(TODAY, grown(TODAY), "benchmark")
    assert growth.lost == []
    assert {"$.since_then", "$.data.since_then", "$.identity.since_then"} < set(growth.gained)
    assert any(place.endswith("[additionalProperties].since_then") for place in growth.gained)
    assert Growth(TODAY, TODAY, "benchmark").gained == []
