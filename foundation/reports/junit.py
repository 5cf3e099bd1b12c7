"""The gate report as JUnit XML, as Jenkins, GitLab and the actions for GitHub read it.

There is no standard. What counts (all three were looked up, docs/reports.md has the list): they
tell a case by `classname` and `name`; a `failure` and an `error` are red, `skipped` is not, and
nothing else in a case changes its colour; Jenkins shows the attribute `message`, GitLab the text.
So both hold the reason. The schema is that of the xUnit plugin of Jenkins, which refuses what it
does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from junitparser.junitparser import FinalResult

from .cases import Case, Status, cases, plain

_RESULTS: Mapping[Status, type[FinalResult]] = {
    Status.FAILED: Failure,
    Status.ERROR: Error,
    Status.SKIPPED: Skipped,
}


def render(report: Mapping[str, Any]) -> str:
    """JUnit XML of a gate report: a suite per host, a case per criterion.

    `type` of a failure, error or skip is the gate's outcome in capitals. Times are 0, since
    judging takes none; a suite's `timestamp` is when the gate judged, in UTC.
    """
    root: Any = JUnitXml("foundation gate")  # junitparser is typed in part only
    for name, found in cases(report).items():
        suite = TestSuite(name)
        if name in report["hosts"]:
            suite.hostname = name
            suite.add_property("profile", plain(report["hosts"][name]["profile"]))
            suite.add_property("verdict", report["hosts"][name]["verdict"])
        suite.timestamp = report["generated_at"]
        suite.add_testcases([_case(case) for case in found])
        # Not add_testsuite, which compares with every suite there is.
        root.append(suite)
    # Not update_statistics, which counts what is skipped too: the schema lets no root say so.
    suites = list(root)
    root.tests = sum(suite.tests for suite in suites)
    root.failures = sum(suite.failures for suite in suites)
    root.errors = sum(suite.errors for suite in suites)
    root.time = 0
    tree = ElementTree.fromstring(root.tostring())  # noqa: S314 - written a line ago
    ElementTree.indent(tree)
    text: bytes = ElementTree.tostring(tree, encoding="utf-8", xml_declaration=True)
    return text.decode() + "\n"


def _case(case: Case) -> TestCase:
    entry = TestCase(case.name, case.class_name, 0)
    if case.status in _RESULTS:
        result = _RESULTS[case.status](case.summary, case.outcome.upper())
        result.text = case.details
        entry.result = result
    elif case.warns:
        entry.system_out = case.details
    return entry
