"""Two validators, one word: the fast one must accept nothing that jsonschema refuses."""

import copy
import random

import documents as made
import pytest
from jsonschema.exceptions import best_match

from foundation.documents import schema_registry
from foundation.evaluation import gate
from foundation.profiles.criteria import load_profiles

DAMAGE = (
    None, True, False, 0, 1, -1, 1.0, 1.5, 2**70, float("nan"), float("inf"), "", "x", "x\n", "N/A",
    "2026-13-20T13:30:00Z", "0000-01-01T00:00:00Z", "2016-12-31T23:59:60Z",
    "2026-10-20T11:00:00Z\n",
    "2026-10-20T11:00:00z", "2026-10-20 11:00:00Z", "2026-02-30", "\ud800", "\u0000", "\u0661", [],
    {}, [None], {"a": 1}, ["a", "a"], "GPU-1", "hmac-sha256:" + "0" * 32 + "\n",
)  # fmt: skip


def places(node, path=()):
    if path:
        yield path
    children = node.items() if isinstance(node, dict) else ()
    for key, value in enumerate(node) if isinstance(node, list) else children:
        yield from places(value, (*path, key))


def documents():
    yield from made.spark().items()
    yield "benchmark", made.full_benchmark()
    report = gate.evaluate(load_profiles("auto"), {"a": made.plain("a")}, (), made.NOW)
    yield "gate_report", report


def accepts(kind, document):
    return best_match(schema_registry._validator(kind).iter_errors(document)) is None


@pytest.mark.parametrize(("kind", "document"), list(documents()))
def test_the_fast_validator_accepts_no_more(kind, document):
    assert schema_registry._surely_valid(kind, document)
    assert accepts(kind, document)
    chance = random.Random(kind)  # noqa: S311 - no secret
    everywhere = list(places(document))
    accepted = 0
    for _ in range(120):
        damaged = copy.deepcopy(document)
        path = chance.choice(everywhere)
        node = damaged
        for key in path[:-1]:
            node = node[key]
        if isinstance(node, dict) and chance.random() < 0.3:
            node.update({chance.choice(("extra", "", path[-1])): chance.choice(DAMAGE)})
        else:
            node[path[-1]] = chance.choice(DAMAGE)
        if schema_registry._surely_valid(kind, damaged):
            accepted += 1
            assert accepts(kind, damaged), path
    assert 0 < accepted < 120


def test_what_no_json_can_say_is_left_to_jsonschema():
    for value in (object(), {1: 2}, "\ud800"):
        assert not schema_registry._surely_valid("waivers", value)
