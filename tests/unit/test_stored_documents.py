"""Documents that revision a590d1e stored get the verdict that it gave, outcome by outcome.

tests/fixtures/stored_a590d1e/README.md says what is in them. Messages are not compared: their
words may change.
"""

import json
from datetime import datetime
from pathlib import Path

import pytest

from foundation.evaluation.gate import judge_folder

STORED = Path(__file__).parents[1] / "fixtures/stored_a590d1e"
CASES = json.loads((STORED / "expected.json").read_text())
ROW = ("outcome", "measured", "required")
RULES = {
    "number", "unit", "inconsistent", "wrong_device", "memory_size", "wrong_build", "power_wedge",
    "throttled", "busy", "untraced", "too_short", "spread", "identical", "specification", "clock",
    "page_cache", "latency", "implausible",
}  # fmt: skip


def judged(case):
    profiles = {
        host: str(STORED / name) if name.endswith(".yml") else name
        for host, name in case.get("profiles", {}).items()
    }
    return judge_folder(
        STORED / case["documents"],
        profiles or "auto",
        STORED / case["waivers"] if "waivers" in case else None,
        case.get("hosts"),
        now=datetime.fromisoformat(case["now"]),
    )


def before(expected):
    """What is compared of a verdict of then, by place: (host or other subject, what)."""
    told = {("report", "verdict"): expected["verdict"]}
    told |= {(name, "status"): one["status"] for name, one in expected["workstreams"].items()}
    told |= {("waiver", place): state for place, state in expected["waivers"].items()}
    for kind in ("differences", "outliers"):
        told |= {(kind, name): hosts for name, hosts in expected[kind].items()}
    for name, host in expected["hosts"].items():
        told |= {(name, key): host[key] for key in ("verdict", "profile")}
        told[(name, "untrusted figures")] = sorted(host["untrusted"])
        told |= {(name, identifier): row for identifier, row in host["criteria"].items()}
    return told


def after(report):
    """The same of a report of today."""
    told = {("report", "verdict"): report["verdict"]}
    told |= {(name, "status"): one["status"] for name, one in report["workstreams"].items()}
    told |= {("waiver", f"{w['host']}, {w['criterion']}"): w["state"] for w in report["waivers"]}
    for kind, key in (("differences", "id"), ("outliers", "figure")):
        told |= {(kind, one[key]): sorted(one["hosts"]) for one in report["fleet"][kind]}
    for name, host in report["hosts"].items():
        told |= {(name, key): host[key] for key in ("verdict", "profile")}
        figures = host["figures"].items()
        told[(name, "untrusted figures")] = sorted(n for n, one in figures if not one["trusted"])
        told |= {(name, one["id"]): [one[key] for key in ROW] for one in host["criteria"]}
    return told


each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"].replace(" ", "-"))


@each_case
def test_the_verdict_is_that_of_then(case):
    require_verdict_of_then(case)


@each_case
def test_a_minor_version_later_it_still_is(case, later_schemas):
    require_verdict_of_then(case)


def require_verdict_of_then(case):
    then, report = before(case["expected"]), judged(case)
    now = after(report)
    # A criterion that came since may be there too, as long as no verdict changes by it.
    changed = [
        f"{subject}: {what}: before {value}, after {now.get((subject, what), 'absent')}"
        for (subject, what), value in then.items()
        if now.get((subject, what), "absent") != value
    ]
    if changed:
        pytest.fail("\n".join([f"{len(changed)} changed:", *changed]), pytrace=False)
    assert list(report["hosts"]) == list(case["expected"]["hosts"])


def test_the_cases_have_everything_that_a_gate_says():
    reports = [case["expected"] for case in CASES]
    hosts = [host for report in reports for host in report["hosts"].values()]
    outcomes = {row[0] for host in hosts for row in host["criteria"].values()}
    assert outcomes == {"pass", "fail", "invalid", "missing", "skipped", "waived"}
    assert {host["verdict"] for host in hosts} == {"PASS", "FAIL", "INVALID", "MISSING"}
    passed = {host["profile"] for host in hosts if host["verdict"] == "PASS"}
    assert passed >= {"dgx_spark", "generic", "h100", "h200"}
    assert {report["verdict"] for report in reports} == {"PASSED", "FAILED"}
    workstreams = [one["status"] for report in reports for one in report["workstreams"].values()]
    assert set(workstreams) == {"COMPLETE", "INCOMPLETE"}
    states = {state for report in reports for state in report["waivers"].values()}
    assert states == {"used", "expired", "unused"}
    assert any(report["differences"] and report["outliers"] for report in reports)
    assert any(host["warned"] for host in hosts)


def test_every_validity_rule_alone_makes_a_figure_invalid():
    figures = [
        rules
        for case in CASES
        for host in case["expected"]["hosts"].values()
        for rules in host["untrusted"].values()
    ]
    assert {rules[0] for rules in figures if len(rules) == 1} == RULES


def test_a_skip_of_what_is_required_blocks():
    blocked = [
        host
        for case in CASES
        for host in case["expected"]["hosts"].values()
        if host["verdict"] == "MISSING"
        and {row[0] for row in host["criteria"].values()} == {"pass", "skipped"}
    ]
    assert blocked


def test_regressions_have_every_outcome_of_their_own():
    outcomes = {
        row[0]
        for case in CASES
        for host in case["expected"]["hosts"].values()
        for identifier, row in host["criteria"].items()
        if identifier.startswith("regression_")
    }
    assert outcomes == {"pass", "fail", "invalid", "missing", "skipped"}
