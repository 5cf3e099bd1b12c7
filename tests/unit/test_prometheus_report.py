"""The text file for node_exporter, read by prometheus_client's own parser."""

import math

import any_reports as made
import pytest
from hypothesis import HealthCheck, given, settings
from prometheus_client.parser import text_string_to_metric_families

from foundation.reports import prometheus

SHORT = settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)


LABELS = ("host", "figure", "unit", "workstream", "id", "outcome", "verdict", "state")


def read(report):
    """By name of the metric, its samples as {labels in the order of LABELS: value}."""
    families = list(text_string_to_metric_families(prometheus.render(report)))
    assert all(family.type == "gauge" and family.documentation for family in families)
    assert len({family.name for family in families}) == len(families)
    found = {}
    for family in families:
        samples = [
            (tuple(one.labels[label] for label in LABELS if label in one.labels), one.value)
            for one in family.samples
        ]
        found[family.name.removeprefix("foundation_")] = dict(samples)
        # A series twice makes node_exporter refuse the file.
        assert len(dict(samples)) == len(samples)
    return found


def test_a_criterion_is_one_series_with_its_outcome():
    found = read(made.every_outcome())["criterion"]
    assert len(found) == 7
    assert found["spark-01.lab.example", "is_invalid", "invalid"] == 1
    assert set(found.values()) == {1}


def test_the_counts_are_there_with_their_zeros():
    found = read(made.every_outcome())
    name = "spark-01.lab.example"
    assert {key[1]: value for key, value in found["host_criteria"].items()} == {
        "pass": 1, "fail": 1, "invalid": 1, "missing": 1, "skipped": 2, "waived": 1,
    }  # fmt: skip
    assert found["host_verdict"] == {(name, "FAIL"): 1}
    assert found["hosts"] == {("PASS",): 0, ("FAIL",): 1, ("INVALID",): 0, ("MISSING",): 0}
    assert found["workstream_criteria"] == {("WS-01",): 7, ("WS-02",): 0, ("WS-03",): 0}
    assert found["workstream_criteria_passed"]["WS-01",] == 3
    assert found["waivers"] == {("used",): 0, ("expired",): 0, ("unused",): 0}
    assert found["hosts_not_judged"] == {(): 0}


def test_the_gate_itself():
    failed = read(made.report({}))
    assert failed["gate_passed"] == {(): 0}
    assert failed["gate_timestamp_seconds"] == {(): 1792497600}
    assert failed["criterion"] == {}
    passed = read(made.report({"a": made.host(made.criterion(outcome="pass"))}))
    assert passed["gate_passed"] == {(): 1}


@pytest.mark.parametrize(
    ("value", "unit", "told", "base"),
    [
        (247.3, "GB/s", 247.3e9, "bytes/s"),
        (92.1, "TFLOP/s", 92.1e12, "flop/s"),
        (160, "TOP/s", 160e12, "op/s"),
        (4850.0, "IOPS", 4850.0, "IOPS"),
        (1e308, "TOP/s", math.inf, "op/s"),
    ],
)
def test_figures_are_told_in_base_units(value, unit, told, base):
    figures = {"a.b": {"value": value, "unit": unit, "trusted": True}}
    found = read(made.report({"h": made.host(figures=figures)}))
    assert found["figure"] == {("h", "a.b", base): told}
    assert found["figures_untrusted"] == {("h",): 0}


def test_a_figure_that_cannot_be_trusted_is_counted_and_not_told():
    figures = {
        name: {"value": 1.0, "unit": "GB/s", "trusted": name == "good"}
        for name in ("good", "bad", "worse")
    }
    found = read(made.report({"h": made.host(figures=figures)}))
    assert found["figure"] == {("h", "good", "bytes/s"): 1e9}
    assert found["figures_untrusted"] == {("h",): 2}


def test_labels_cannot_forge_a_series():
    forged = 'x"} 1\nfoundation_gate_passed 1\n# \\'
    report = made.report({"h": made.host(made.criterion(forged))})
    found = read(report)
    assert found["gate_passed"] == {(): 0}
    ((_, identifier, _),) = found["criterion"]
    assert identifier == 'x"} 1 foundation_gate_passed 1 # \\'


@SHORT
@given(made.reports)
def test_any_report_gives_a_file_that_can_be_read(report):
    found = read(report)
    wanted = sum(
        len({(prometheus.plain(entry["id"]), entry["outcome"]) for entry in host["criteria"]})
        for host in report["hosts"].values()
    )
    assert len(found["criterion"]) == wanted
    assert found["gate_passed"][()] == (report["verdict"] == "PASSED")
    assert sum(found["hosts"].values()) == len(report["hosts"])
