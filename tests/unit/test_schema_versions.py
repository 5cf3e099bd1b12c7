"""Versions of documents: what an older or newer program wrote is read for what is known."""

import copy
import json
import random
import re

import documents as made
import pytest
import runs
import status_reports
from hypothesis import given
from hypothesis import strategies as st

from foundation.core.errors import DocumentError
from foundation.documents import live_answers, schema_registry, store
from foundation.evaluation import gate
from foundation.evaluation.evidence import Evidence
from foundation.history import run_history
from foundation.profiles.criteria import load_profiles
from foundation.reports import writer
from python_probes.core import document as probes

SCHEMAS = schema_registry._schemas()
VERSIONED = sorted(kind for kind, schema in SCHEMAS.items() if "x-version" in schema)
HOST_DOCUMENTS = {**made.spark(), "benchmark_baseline": runs.accepted()}
LATER = "1.999"
LIVE = schema_registry.version("live_state")
PLACES = {
    "hardware_baseline": ["", "identity", "data", "data.gpu.devices.0", "data.cpu"],
    "environment": ["", "data", "collector"],
    "reproducibility": ["", "data", "data.images.0"],
    "benchmark": [
        "", "identity", "data", "data.conditions", "data.figures.gemm%bf16",
        "data.figures.gemm%bf16.trace", "data.figures.gemm%bf16.trace.power_watts",
    ],
    "live_state": ["", "data", "identity"],
    "benchmark_baseline": ["", "data", "data.figures.gemm%bf16"],
}  # fmt: skip
UNKNOWN = {"x_new": {"deeper": [1]}, "another\x1b": "SN-1234"}


def nodes(document, places):
    for place in places:
        node = document
        for step in place.split(".") if place else ():
            node = node[int(step)] if step.isdigit() else node[step.replace("%", ".")]
        yield node


def of_later(kind, version=LATER):
    """A document as a program of a later minor version writes it, with new keys at each place."""
    document = copy.deepcopy(HOST_DOCUMENTS[kind])
    document["schema_version"] = version
    for node in nodes(document, PLACES[kind]):
        node.update(copy.deepcopy(UNKNOWN))
    return document


# One table on each side.


def test_every_kind_of_document_has_its_version_in_its_schema():
    assert {*schema_registry.kinds(), "benchmark_history_entry"} == set(VERSIONED)
    for kind in VERSIONED:
        assert re.fullmatch(r"\d+\.\d+", schema_registry.version(kind))
        reference = SCHEMAS[kind]["properties"]["schema_version"]["$ref"]
        assert reference == "document.json#/$defs/schema_version"


def test_what_hosts_write_is_of_the_version_that_the_schemas_say():
    said = {kind: schema_registry.version(kind) for kind in probes.SCHEMA_VERSIONS}
    assert said == probes.SCHEMA_VERSIONS
    assert set(said) == {*store.COLLECTED_KINDS, store.LIVE_STATE, "manifest"}


# Newer minor.


@pytest.mark.parametrize("kind", HOST_DOCUMENTS)
def test_of_a_newer_minor_only_what_is_known_is_left(kind):
    document = of_later(kind)
    whole = copy.deepcopy(document)
    assert store.validate(document) == {**HOST_DOCUMENTS[kind], "schema_version": LATER}
    assert document == whole
    for version in (schema_registry.version(kind), "1.0"):
        with pytest.raises(DocumentError, match="unknown key"):
            store.validate({**document, "schema_version": version})


@pytest.mark.parametrize("kind", HOST_DOCUMENTS)
def test_a_newer_minor_gets_around_no_check(kind):
    """What is damaged is refused as it is in a document of today's version."""
    chance = random.Random(kind)  # noqa: S311 - no secret
    today = HOST_DOCUMENTS[kind]
    refused = 0
    for place in chance.choices(list(places(today)), k=40):
        damaged, later = copy.deepcopy(today), of_later(kind)
        value = chance.choice((None, -1, 1e300, "", "x\n", [], {}, True, float("nan")))
        for one in (damaged, later):
            *path, last = place
            node = one
            for step in path:
                node = node[step]
            node[last] = value
        if place == ("schema_version",):
            continue
        expected = schema_registry.first_fault(kind, damaged)
        found = schema_registry.first_fault(kind, later)
        assert (expected is None) == (found is None), (place, value, expected, found)
        refused += expected is not None
    assert refused > 10


def places(node, path=()):
    if path:
        yield path
    children = node.items() if isinstance(node, dict) else ()
    for key, value in enumerate(node) if isinstance(node, list) else children:
        yield from places(value, (*path, key))


def test_the_gate_reads_a_newer_minor_and_says_so():
    documents = {kind: of_later(kind) for kind in made.spark()}
    report = gate.evaluate(load_profiles("auto"), {made.HOST: documents}, (), made.NOW)
    before = gate.evaluate(load_profiles("auto"), {made.HOST: made.spark()}, (), made.NOW)
    assert report["hosts"] == before["hosts"]
    assert report["verdict"] == "PASSED"
    notes = [line for line in report["messages"] if line not in before["messages"]]
    assert len(notes) == len(documents)
    for kind, line in zip(documents, notes, strict=True):
        assert line.startswith(f"{made.HOST}: {kind}: its version {LATER} is newer than 1.")
        assert line.endswith("update this controller")
    readable = Evidence(made.HOST, documents).readable
    assert "x_new" not in json.dumps(readable)


def test_a_host_stores_nothing_that_is_not_known(tmp_path):
    answer = {"documents": {"live_state": {**of_later("live_state"), "host": made.HOST}}}
    live_answers.keep(tmp_path, [made.HOST], {made.HOST: answer}, made.NOW)
    stored = store.load(store.path(tmp_path, made.HOST, "live_state"), made.HOST)
    assert stored == {**made.live_state(), "schema_version": LATER}
    store.write(of_later("benchmark"), store.path(tmp_path, made.HOST, "benchmark"))
    assert "x_new" not in store.path(tmp_path, made.HOST, "benchmark").read_text()


def test_alternatives_that_are_told_apart_by_a_constant():
    posted = status_reports.of(status_reports.report(status_reports.sparks(1)))
    posted["schema_version"] = LATER
    workstream = next(iter(posted["workstreams"].values()))
    assert workstream["status"] == "complete"
    workstream["x_new"] = 1
    assert "x_new" not in str(store.validate(posted))
    workstream["completion_date"] = "yesterday"
    with pytest.raises(DocumentError, match="workstreams"):
        store.validate(posted)


def test_other_files_of_a_newer_minor(tmp_path):
    report = gate.evaluate(load_profiles("auto"), {made.HOST: made.spark()}, (), made.NOW)
    later = {**report, "schema_version": LATER, "x_new": 1}
    later["hosts"] = {made.HOST: {**report["hosts"][made.HOST], "x_new": {}}}
    path = tmp_path / "gate.json"
    path.write_text(json.dumps(later))
    loaded = writer.load(path)
    assert loaded["messages"][:-1] == report["messages"]
    assert loaded["messages"][-1].startswith(f"gate_report: its version {LATER} is newer")
    assert loaded["hosts"] == report["hosts"]
    assert "x_new" not in writer.load_if_present(path, "gate_report", "")

    entry = run_history.entry(made.HOST, runs.spark(), load_profiles("auto"))
    lines = [
        {key: value for key, value in entry.items() if key != "schema_version"},  # of 1.0
        {**entry, "collected_at": "2026-10-21T11:00:00Z", "schema_version": LATER, "x_new": 1},
        {**entry, "x_new": 1},
        {**entry, "schema_version": "2.0"},
    ]
    path = tmp_path / run_history.FILE_NAME
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    history = run_history.load(path)
    assert len(history.entries) == 2
    assert "x_new" not in str(history.entries)
    unknown, newer = history.faults
    assert unknown == 'line 3: $: unknown key "x_new"'
    assert newer.startswith('line 4: $.schema_version: found "2.0", expected 1.x')


# Another major, or no version.


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_the_major_decides(major, minor):
    version = f"{major}.{minor}"
    document = {**made.live_state(), "schema_version": version}
    newer = schema_registry.newer_note("live_state", document) is not None
    if major == 1:
        store.validate(document)
        assert newer == (minor > int(LIVE.partition(".")[2]))
        return
    assert not newer
    with pytest.raises(DocumentError) as caught:
        store.validate(document)
    message = str(caught.value)
    assert f'$.schema_version: found "{version}", expected 1.x (now {LIVE})' in message
    assert ("update this controller" in message) == (major > 1)
    assert "ansible-playbook" in message


@given(
    st.one_of(
        st.text(max_size=12).filter(lambda text: not re.fullmatch(r"[0-9]+\.[0-9]+", text, re.A)),
        st.from_regex(r"\A(0[0-9]|[0-9]{5,})\.[0-9]+\n?\Z"),
        st.sampled_from(["1.0\n", "1.01", "1.10000", "1", "1.0.0", "v1.0", " 1.0", "1.\u0661"]),
        st.one_of(st.integers(), st.floats(), st.booleans(), st.lists(st.text(), max_size=2)),
    )
)
def test_what_is_no_version_is_refused_in_one_line(version):
    document = {**made.live_state(), "schema_version": version, "x_new": 1}
    with pytest.raises(DocumentError) as caught:
        store.validate(document)
    message = str(caught.value)
    assert "$.schema_version: found" in message
    assert f"expected 1.x (now {LIVE})" in message
    assert message.isprintable()


def test_a_document_without_its_version_is_of_none():
    document = made.live_state()
    for change in ({}, {"schema_version": None}):
        rest = {key: value for key, value in document.items() if key != "schema_version"}
        with pytest.raises(DocumentError, match="schema_version"):
            store.validate({**rest, **change})


# Older minor: the schemas one minor later.

PROFILE = """\
name: grown
title: With a field of the next version
extends: dgx_spark
criteria:
  - id: since_then
    workstream: WS-01
    title: What came since then
    document: hardware_baseline
    path: data.since_then
    type: number
    require: ">= 5"
    action: Do something
    source: Made up for this test
"""


@pytest.mark.parametrize(
    ("value", "outcome", "says"),
    [(None, "missing", "of version 1.0 (now"), (7, "pass", ""), (4, "fail", "4")],
)
def test_what_an_older_minor_lacks_is_missing_where_it_is_needed(
    later_schemas, tmp_path, value, outcome, says
):
    (tmp_path / "grown.yml").write_text(PROFILE)
    documents = made.spark()
    if value is not None:
        version = schema_registry.version("hardware_baseline")
        documents["hardware_baseline"]["schema_version"] = version
        documents["hardware_baseline"]["data"]["since_then"] = value
    profiles = load_profiles(str(tmp_path / "grown.yml"))
    report = gate.evaluate(profiles, {made.HOST: documents}, (), made.NOW)
    entries = {entry["id"]: entry for entry in report["hosts"][made.HOST]["criteria"]}
    assert entries["since_then"]["outcome"] == outcome
    assert says in entries["since_then"]["message"]
    assert {e["outcome"] for name, e in entries.items() if name != "since_then"} <= {
        "pass", "skipped"
    }  # fmt: skip
    assert report["schema_version"] == schema_registry.version("gate_report")
    store.validate(report, "gate_report")


def test_what_is_known_of_a_newer_minor_is_checked(later_schemas):
    document = made.change(made.live_state(), "data.since_then", 1)
    store.validate({**document, "schema_version": schema_registry.version("live_state")})
    later = {**document, "schema_version": LATER, "x_new": 1}
    assert store.validate(later) == {**document, "schema_version": LATER}
    made.change(later, "data.since_then", -1)
    with pytest.raises(DocumentError, match=r"\$\.data\.since_then: found -1"):
        store.validate(later)


@pytest.mark.parametrize("alternatives", ["anyOf", "oneOf"])
def test_alternatives_that_fail_at_different_depths(later_schemas, alternatives):
    """What the first does not name holds what the second does not name."""
    inner = {"type": "object", "additionalProperties": False, "properties": {"c": {}}}
    branches = [
        {"type": "object", "additionalProperties": False, "properties": {"a": {}}},
        {"type": "object", "additionalProperties": False, "properties": {"a": {}, "b": inner}},
    ]
    data = later_schemas["live_state"]["properties"]["data"]["properties"]
    data["since_then"] = {alternatives: branches}
    value = {"a": 1, "b": {"c": 2, "x_new": 3}}
    document = made.change(made.live_state(), "data.since_then", value)
    document["schema_version"] = LATER
    rest = schema_registry.known("live_state", document)
    assert "x_new" not in str(rest)
    assert rest["data"]["since_then"]["a"] == 1


# Patterns mean the same to both validators.


def patterns(node):
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        for value in node.values():
            yield from patterns(value)
    elif isinstance(node, list):
        for value in node:
            yield from patterns(value)


def test_patterns_are_of_the_whole_text():
    found = {pattern for schema in SCHEMAS.values() for pattern in patterns(schema)}
    assert found
    for pattern in found:
        assert re.fullmatch(r"\^(\([^()$]*\)|[^()$|])*\$", pattern), pattern


@pytest.mark.parametrize(
    ("kind", "place", "value"),
    [
        ("benchmark", "host", "spark-01\n"),
        ("benchmark", "collected_at", "2026-10-20T11:00:00Z\n"),
        ("benchmark", "collected_at", "202\u0666-10-20T11:00:00Z"),
        ("benchmark", "identity.serial_hash", "hmac-sha256:" + "0" * 32 + "\n"),
        (
            "benchmark",
            "data.figures",
            {"gemm.bf16\n": made.figure(92.0, "TFLOP/s")},
        ),
    ],
)
def test_neither_validator_lets_a_last_newline_or_other_digits_pass(kind, place, value):
    document = made.change(made.benchmark(), place, value)
    assert not schema_registry._surely_valid(kind, document)
    assert schema_registry.first_fault(kind, document) is not None
