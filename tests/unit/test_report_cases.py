"""The gate report as JUnit XML and as CTRF JSON: read back as their readers do."""

import json
from collections import Counter
from pathlib import Path

import any_reports as made
import pytest
import xmlschema
from hypothesis import HealthCheck, given, settings
from junitparser import Error, Failure, JUnitXml, Skipped

from foundation.documents.schema_registry import first_fault
from foundation.reports import cases, ctrf, junit

FIXTURES = Path(__file__).parents[1] / "fixtures"
XSD = xmlschema.XMLSchema(FIXTURES / "junit/jenkins-junit-10.xsd")
SHORT = settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)


def read(report):
    """The cases by (class name, name), after the schema of Jenkins has accepted the file."""
    text = junit.render(report)
    XSD.validate(text)
    root = JUnitXml.fromstring(text.encode())
    return root, {(case.classname, case.name): case for suite in root for case in suite}


def read_ctrf(report):
    return json.loads(ctrf.render(report))["results"]["tests"]


def red(report):
    """Whether a reader of each format sees a report that failed."""
    root, _ = read(report)
    summary = json.loads(ctrf.render(report))["results"]["summary"]
    seen = {root.failures + root.errors > 0, summary["failed"] > 0}
    assert len(seen) == 1
    return seen.pop()


@pytest.mark.parametrize(
    ("name", "result", "kind"),
    [
        ("is_pass", None, None),
        ("is_fail", Failure, "FAIL"),
        ("is_invalid", Failure, "INVALID"),
        ("is_missing", Error, "MISSING"),
        ("is_skipped", Skipped, "SKIPPED"),
        ("is_waived", Skipped, "WAIVED"),
        ("is_required", Error, "SKIPPED"),
    ],
)
def test_an_outcome_is_what_a_reader_of_junit_makes_of_it(name, result, kind):
    _, found = read(made.every_outcome())
    results = found["spark-01.lab.example.WS-01", name].result
    assert [type(one) for one in results] == ([] if result is None else [result])
    assert [one.type for one in results] == ([] if kind is None else [kind])


def test_a_failure_says_the_same_in_the_attribute_and_in_the_text():
    _, found = read(made.every_outcome())
    (failure,) = found["spark-01.lab.example.WS-01", "is_fail"].result
    assert failure.message.startswith("Every CPU is there: ")
    assert failure.text.splitlines() == [
        failure.message,
        "measured: 19",
        "required: == 20",
        "do: Look at lscpu, then ask the vendor",
    ]


def test_a_waiver_and_a_warning_are_shown():
    waived = "waived until 2026-12-31, OPS-7: known; measured 19"
    report = made.report(
        {
            "a": made.host(
                made.criterion("one", "waived", message=waived),
                made.criterion("two", "pass", warns=True, message="nearly too old"),
            )
        }
    )
    _, found = read(report)
    assert waived in found["a.WS-01", "one"].result[0].message
    assert "nearly too old" in found["a.WS-01", "two"].system_out
    by_name = {test["name"]: test for test in read_ctrf(report)}
    assert by_name["one"]["status"] == "skipped"
    assert by_name["one"]["rawStatus"] == "waived"
    assert waived in by_name["one"]["message"]


def test_the_totals_are_those_of_the_cases():
    report = made.every_outcome()
    report["hosts"]["b"] = made.host(made.criterion("is_fail"), made.criterion("is_pass", "pass"))
    root, found = read(report)
    assert (root.tests, root.failures, root.errors) == (9, 3, 2)
    first, second = root
    assert (first.tests, first.failures, first.errors, first.skipped) == (7, 2, 2, 2)
    assert (second.tests, second.failures, second.errors, second.skipped) == (2, 1, 0, 0)
    assert (first.hostname, first.timestamp) == ("spark-01.lab.example", made.GENERATED)
    assert len(found) == 9
    summary = json.loads(ctrf.render(report))["results"]["summary"]
    counts = {name: summary[name] for name in ("tests", "passed", "failed", "skipped", "suites")}
    assert counts == {"tests": 9, "passed": 2, "failed": 5, "skipped": 2, "suites": 2}
    assert summary["start"] == summary["stop"] == 1792497600000


@pytest.mark.parametrize(
    "report",
    [
        made.report({}),
        made.report({}, messages=[]),
        made.report({}, verdict="PASSED"),
        # Nobody says why, as where a profile has no criteria of a workstream.
        made.report({"a": made.host(made.criterion(outcome="pass"))}, verdict="FAILED"),
        made.report({"a": made.host()}, verdict="FAILED"),
    ],
)
def test_a_gate_that_did_not_pass_never_reads_as_green(report):
    assert red(report)
    _, found = read(report)
    assert found["phase gate", "verdict"].result[0].type == report["verdict"]


def test_a_gate_that_passed_reads_as_green():
    passing = [made.criterion(name, name) for name in ("pass", "skipped", "waived")]
    report = made.report({"a": made.host(*passing)})
    assert report["verdict"] == "PASSED"
    assert not red(report)


def test_the_identity_of_a_case_stays_when_all_else_changes():
    old, new = made.every_outcome(), made.every_outcome()
    for entry in new["hosts"]["spark-01.lab.example"]["criteria"]:
        entry.update(title="another", outcome="pass", message="another", measured="20")
    new["verdict"] = "PASSED"
    assert list(read(old)[1]) == list(read(new)[1])
    identities = [test["id"] for test in read_ctrf(old)]
    assert identities == [test["id"] for test in read_ctrf(new)]
    assert len(set(identities)) == len(identities)


def test_control_characters_are_gone_and_the_rest_is_there():
    report = made.report({"a": made.host(made.criterion(message="\x00\x1b[2Jred\ufffe <b>&]]>"))})
    _, found = read(report)
    assert found["a.WS-01", "cpu_cores"].result[0].message == ("Every CPU is there: [2Jred <b>&]]>")


@SHORT
@given(made.reports)
def test_any_report_gives_valid_files(report):
    assert first_fault("gate_report", report) is None
    root, found = read(report)
    wanted = [len(host["criteria"]) for host in report["hosts"].values()]
    extra = ("phase gate", "verdict") in found
    assert len(found) == root.tests == sum(wanted) + extra
    content = json.loads(ctrf.render(report))
    assert first_fault("ctrf", content) is None
    assert len({test["id"] for test in content["results"]["tests"]}) == len(found)
    statuses = Counter(test["status"] for test in content["results"]["tests"])
    assert statuses["failed"] == root.failures + root.errors
    assert red(report) or (report["verdict"] == "PASSED" and report["hosts"])


def test_the_words_of_a_message_change_nothing():
    said = "warning: required by this profile, yet not to be trusted: the host did not answer"
    entry = made.criterion(outcome="pass", message=said)
    ((case,),) = cases.cases(made.report({"a": made.host(entry)})).values()
    assert (case.status, case.warns) == (cases.Status.PASSED, False)
