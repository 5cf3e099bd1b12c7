"""The status: how far the workstreams are and what blocks them, from the real gate's reports."""

import json

import status_reports as fleet
from status_reports import LATER, of, only, report, states

from foundation.status import status_text
from foundation.status.status_report import finished, timeless


def test_a_healthy_fleet_is_complete_and_has_no_blockers():
    document = of(report(fleet.sparks()))
    assert states(document) == ["complete"] * 3
    assert document["workstreams"]["WS-01"] == {
        "status": "complete",
        "completion_date": "2026-10-20",
    }
    assert (document["blockers"], document["eta"]) == ([], None)
    assert (document["orchestrator"], document["phase"]) == ("Foundation", "M0")
    assert finished(document)


def test_the_completion_date_is_the_first_and_starts_anew_after_a_regression():
    first = of(report(fleet.sparks()))
    judged = report(fleet.sparks(), now=LATER)
    assert of(judged, first, LATER)["workstreams"]["WS-01"]["completion_date"] == "2026-10-20"
    broken = of(report({"a": fleet.old_driver(fleet.spark("a"))}), first)
    assert "completion_date" not in broken["workstreams"]["WS-01"]
    assert broken["workstreams"]["WS-03"]["completion_date"] == "2026-10-20"
    again = of(judged, broken, LATER)
    assert again["workstreams"]["WS-01"]["completion_date"] == "2026-10-22"


def test_without_a_report_nothing_has_started():
    document = of(None)
    assert states(document) == ["not_started"] * 3
    assert document["gate"] is None
    assert not finished(document)


def test_without_a_report_known_blockers_stay():
    before = of(report({"a": fleet.old_driver(fleet.spark("a"))}))
    assert of(None, before)["blockers"] == before["blockers"]


def test_no_hosts_is_a_blocker_and_not_a_success():
    document = of(report({}))
    assert states(document) == ["not_started"] * 3
    blocker = only(document)
    assert (blocker["type"], blocker["severity"]) == ("hardware_access", "critical")
    assert blocker["help_needed"][0].startswith("name hosts in the inventory")
    later = of(report({}, now=LATER), document, LATER)
    assert only(later)["first_seen"] == "2026-10-20T12:00:00Z"


def test_progress_is_criteria_passed_over_total():
    documents_of = {"a": fleet.slow(fleet.spark("a"))}
    judged = report(documents_of)
    counts = judged["workstreams"]["WS-03"]
    assert counts["passed"] == counts["total"] - 1
    entry = of(judged)["workstreams"]["WS-03"]
    assert entry["status"] == "in_progress"
    assert entry["progress"] == {
        "fraction": counts["passed"] * 1000 // counts["total"] / 1000,
        "passed": counts["passed"],
        "total": counts["total"],
    }


def test_progress_is_not_one_before_all_pass():
    judged = report({"a": fleet.slow(fleet.spark("a"))})
    judged["workstreams"]["WS-03"].update(passed=99999, total=100000)
    assert of(judged)["workstreams"]["WS-03"]["progress"]["fraction"] == 0.999


def test_a_workstream_without_documents_is_not_started():
    documents_of = fleet.spark("a")
    del documents_of["benchmark"]
    document = of(report({"a": documents_of}))
    assert states(document) == ["complete", "complete", "not_started"]
    blocker = only(document)
    assert (blocker["severity"], blocker["workstreams"]) == ("low", ["WS-03"])
    assert [e["message"] for e in blocker["evidence"]] == ["there is no benchmark document"]


def test_where_the_hardware_fails_the_open_workstreams_are_blocked_by_it():
    documents_of = fleet.old_driver(fleet.spark("a"))
    del documents_of["benchmark"], documents_of["reproducibility"]
    document = of(report({"a": documents_of}))
    assert states(document) == ["in_progress", "blocked", "blocked"]
    (failure,) = [b for b in document["blockers"] if b["criteria"] == ["driver_minimum"]]
    assert document["workstreams"]["WS-02"]["blocked_by"] == [failure["id"]]
    assert failure["severity"] == "critical"


def test_a_host_that_can_go_on_keeps_its_workstream_in_progress():
    held = fleet.old_driver(fleet.spark("a"))
    del held["benchmark"]
    document = of(report({"a": held, "b": fleet.slow(fleet.spark("b"))}))
    assert states(document)[2] == "in_progress"
    document = of(report({"a": held, "b": fleet.spark("b")}))
    assert states(document)[2] == "blocked"


def test_hosts_left_out_keep_their_blockers_and_complete_nothing():
    both = {"a": fleet.slow(fleet.spark("a")), "b": fleet.slow(fleet.spark("b"))}
    first = of(report(both))
    second = of(report({"b": both["b"]}, LATER, not_judged=["a"]), first, LATER)
    assert only(second)["hosts"] == only(first)["hosts"]
    assert sorted(only(second)["evidence"][0]["hosts"] + only(second)["evidence"][1]["hosts"]) == [
        "a",
        "b",
    ]
    healthy = of(report({"b": fleet.spark("b")}, not_judged=["a"]), first)
    assert states(healthy) == ["in_progress"] * 3
    assert list(only(healthy)["hosts"]) == ["a"]


def test_a_host_that_falls_silent_keeps_its_blockers():
    first = of(report({"a": fleet.slow(fleet.spark("a"))}))
    silent = of(report({"a": fleet.dead("a")}, LATER), first, LATER)
    assert [b["type"] for b in silent["blockers"]] == [
        "hardware_access",
        "performance_below_expectation",
    ]
    twice = of(report({"a": fleet.dead("a")}, LATER), silent, LATER)
    assert timeless(twice) == timeless(silent)


def test_a_host_that_is_gone_takes_its_blockers_along():
    first = of(report({"a": fleet.slow(fleet.spark("a")), "b": fleet.spark("b")}))
    assert of(report({"b": fleet.spark("b")}), first)["blockers"] == []


def test_the_text_says_what_to_do():
    text = status_text.render(of(report({"a": fleet.old_driver(fleet.spark("a"))})))
    assert "WS-01  in progress" in text
    assert "critical other: NVIDIA driver [driver_minimum] (a)" in text
    assert "do: Update as DGX OS wants it" in text
    assert all(len(line) <= 100 for line in text.splitlines())
    assert "the gate has not judged yet" in status_text.render(of(None))


def test_nothing_is_lost_in_json():
    document = of(report({"a": fleet.slow(fleet.spark("a"))}))
    assert json.loads(json.dumps(document)) == document
