"""The status: how far the workstreams are and what blocks them, from the real gate's reports."""

import json
from datetime import timedelta

import documents as made
import pytest
import status_reports as fleet
from status_reports import NOW, report

from foundation import blockers, documents, status_text
from foundation.status import finished, status, timeless

LATER = NOW + timedelta(days=2)


def of(judged, previous=None, now=NOW, **options):
    """A status that is valid by schema."""
    made_status = status(judged, previous, now, **options)
    documents.validate(made_status)
    return made_status


def states(document):
    return [entry["status"] for entry in document["workstreams"].values()]


def only(document):
    (blocker,) = document["blockers"]
    return blocker


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


def test_a_report_of_an_earlier_release_gives_the_same_states():
    documents_of = fleet.spark("a")
    del documents_of["benchmark"]
    judged = report({"a": documents_of, "c": {}})
    newer = of(judged)
    del judged["not_judged"]
    for host in judged["hosts"].values():
        del host["documents"]
    older = of(judged)
    assert older["workstreams"] == newer["workstreams"]
    assert [b["type"] for b in older["blockers"]] == [b["type"] for b in newer["blockers"]]


def test_where_the_hardware_fails_the_open_workstreams_are_blocked_by_it():
    documents_of = fleet.old_driver(fleet.spark("a"))
    del documents_of["benchmark"], documents_of["reproducibility"]
    document = of(report({"a": documents_of}))
    assert states(document) == ["in_progress", "blocked", "blocked"]
    (failure,) = [b for b in document["blockers"] if b["criteria"] == ["driver_known_bad"]]
    assert document["workstreams"]["WS-02"]["blocked_by"] == [failure["id"]]
    assert failure["severity"] == "critical"


def test_a_host_that_can_go_on_keeps_its_workstream_in_progress():
    held = fleet.old_driver(fleet.spark("a"))
    del held["benchmark"]
    document = of(report({"a": held, "b": fleet.slow(fleet.spark("b"))}))
    assert states(document)[2] == "in_progress"
    document = of(report({"a": held, "b": fleet.spark("b")}))
    assert states(document)[2] == "blocked"


def test_hosts_that_do_not_answer_are_one_blocker():
    names = [f"spark-{i:03d}" for i in range(60)]
    document = of(report({name: fleet.dead(name) for name in names}))
    blocker = only(document)
    assert (blocker["type"], blocker["severity"]) == ("hardware_access", "critical")
    assert list(blocker["hosts"]) == names
    assert len({entry["id"] for entry in blocker["hosts"].values()}) == 60
    (evidence,) = blocker["evidence"]
    assert evidence["message"] == "the host did not answer: no route to host"
    assert states(document) == ["blocked"] * 3
    assert len(status_text.render(document)) < 1500


def test_a_host_that_was_never_measured_is_no_access():
    document = of(report({"a": {}, "b": fleet.spark("b")}))
    assert (only(document)["type"], only(document)["severity"]) == ("hardware_access", "high")
    assert list(only(document)["hosts"]) == ["a"]


def test_a_host_that_answers_but_was_not_measured_is_no_matter_of_access():
    document = of(report({"a": {"live_state": made.live_state("a")}}))
    assert {b["type"] for b in document["blockers"]} == {"other"}
    assert states(document) == ["not_started"] * 3


def test_the_same_failure_on_many_hosts_is_one_blocker():
    slow = {name: fleet.slow(fleet.spark(name)) for name in ("a", "b", "c")}
    slow["c"]["benchmark"]["data"]["figures"]["storage.random_read"] = made.disk_figure(
        800.0, "IOPS", p50=1000.0
    )
    blocker = only(of(report(slow)))
    assert blocker["type"] == "performance_below_expectation"
    assert [(e["hosts"], e["measured"]) for e in blocker["evidence"]] == [
        (["a", "b"], "900 IOPS"),
        (["c"], "800 IOPS"),
    ]
    assert blocker["evidence"][0]["required"] == ">= 2000 IOPS"
    assert "smart-log" in blocker["help_needed"][0]


@pytest.mark.parametrize(
    ("kind", "path", "value", "criterion", "type_"),
    [
        ("environment", "data.torch.cuda_version", "12.8", "torch_cuda", "arm_compatibility"),
        (
            "hardware_baseline",
            "data.cpu.architecture",
            "x86_64",
            "architecture",
            "arm_compatibility",
        ),
        ("hardware_baseline", "data.cpu.logical_cpus", 19, "cpu_cores", "other"),
        ("hardware_baseline", "data.memory.total_bytes", 2**30, "memory_total", "other"),
    ],
)
def test_the_type_follows_from_what_failed(kind, path, value, criterion, type_):
    documents_of = fleet.spark("a")
    made.change(documents_of[kind], path, value)
    found = of(report({"a": documents_of}))["blockers"]
    assert [b["type"] for b in found if b["criteria"] == [criterion]] == [type_]


def test_a_missing_answer_that_names_a_wheel_is_about_arm():
    documents_of = fleet.spark("a")
    made.change(documents_of["environment"], "data.torch", None)
    documents_of["environment"]["problems"] = [
        made.problem("torch", "no wheel of torch for aarch64", "not_installed")
    ]
    found = of(report({"a": documents_of}))["blockers"]
    (about_arm,) = [b for b in found if b["type"] == "arm_compatibility"]
    assert {
        "step": "probe",
        "probe": "torch",
        "code": "not_installed",
        "message": "no wheel of torch for aarch64",
    } in about_arm["attempted"]


def test_what_was_attempted_comes_from_the_report():
    blocker = only(of(report({"a": fleet.slow(fleet.spark("a"))})))
    assert blocker["attempted"] == [
        {"step": "gate", "last": "2026-10-20T12:00:00Z"},
        {"step": "collect", "document": "benchmark", "last": made.COLLECTED},
    ]


def test_a_blocker_keeps_its_id_and_first_sighting_while_figures_change():
    first = of(report({"a": fleet.slow(fleet.spark("a"))}))
    documents_of = fleet.spark("a")
    documents_of["benchmark"]["data"]["figures"]["storage.random_read"] = made.disk_figure(
        850.0, "IOPS", p50=1000.0
    )
    second = of(report({"a": documents_of}, now=LATER), first, LATER)
    assert only(second)["hosts"] == only(first)["hosts"]
    assert only(second)["first_seen"] == "2026-10-20T12:00:00Z"
    fresh = of(report({"a": documents_of}, now=LATER), None, LATER)
    assert only(fresh)["first_seen"] == "2026-10-22T12:00:00Z"


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


def test_packages_without_a_wheel_are_blockers():
    checked = {
        "kind": "arm_check",
        "requirements": "requirements-aarch64.txt",
        "python": "3.12",
        "checked": 40,
        "blockers": [
            {
                "package": "triton",
                "version": "3.0",
                "reason": "no wheel",
                "blocker": "arm_compatibility",
                "workaround": "build it",
            }
        ],
    }
    first = of(report(fleet.sparks(1)), arm_check=checked)
    blocker = only(first)
    assert (blocker["type"], blocker["hosts"]) == ("arm_compatibility", {})
    assert blocker["evidence"][0]["measured"] == "triton==3.0"
    assert blocker["help_needed"] == ["build it"]
    assert not finished(first)
    unasked = of(report(fleet.sparks(1), LATER), first, LATER)
    assert only(unasked) == blocker
    assert (
        of(report(fleet.sparks(1)), first, arm_check={**checked, "blockers": []})["blockers"] == []
    )


def test_a_waived_failure_blocks_nothing():
    judged = report({"a": fleet.slow(fleet.spark("a"))})
    for entry in judged["hosts"]["a"]["criteria"]:
        if entry["outcome"] == "fail":
            entry["outcome"] = "waived"
    assert of(judged)["blockers"] == []


def test_an_order_of_blockers_that_lasts():
    judged = report(
        {"a": fleet.old_driver(fleet.spark("a")), "b": fleet.slow(fleet.spark("b")), "c": {}}
    )
    found = of(judged)["blockers"]
    assert [b["severity"] for b in found] == ["high", "high", "medium"]
    judged["hosts"] = dict(reversed(judged["hosts"].items()))
    assert [b["id"] for b in of(judged)["blockers"]] == [b["id"] for b in found]


def test_an_unreadable_document_is_one_blocker_and_not_one_for_each_criterion():
    documents_of = fleet.spark("a")
    made.change(documents_of["benchmark"], "collected_at", "2026-09-01T00:00:00Z")
    blocker = only(of(report({"a": documents_of})))
    assert len(blocker["criteria"]) > 10
    assert len(blocker["evidence"]) == 1
    assert "stale" in blocker["evidence"][0]["message"]
    assert blocker["severity"] == "medium"


def test_figures_that_were_not_measured_for_one_reason_are_one_blocker():
    documents_of = fleet.spark("a")
    benchmark = documents_of["benchmark"]["data"]
    for name in ("memory.copy", "memory.triad"):
        del benchmark["figures"][name]
        benchmark["skipped"].append({"figure": name, "reason": "torch sees no CUDA device"})
    found = of(report({"a": documents_of}))["blockers"]
    assert [(b["criteria"], b["severity"]) for b in found] == [
        (["memory_copy", "memory_triad"], "low")
    ]
    assert [e["message"] for e in found[0]["evidence"]] == [
        "memory.copy was not measured: torch sees no CUDA device",
        "memory.triad was not measured: torch sees no CUDA device",
    ]


def test_ids_are_hashes_of_host_and_criterion():
    assert blockers.identifier("a", "b") != blockers.identifier("ab", "")
    blocker = only(of(report({"a": fleet.slow(fleet.spark("a"))})))
    assert blocker["hosts"]["a"]["id"] == blockers.identifier("a", "storage_random_read")


def test_the_text_says_what_to_do():
    text = status_text.render(of(report({"a": fleet.old_driver(fleet.spark("a"))})))
    assert "WS-01  in progress" in text
    assert "critical other: NVIDIA driver has no known fault [driver_known_bad] (a)" in text
    assert "do: Update, sudo apt update" in text
    assert all(len(line) <= 100 for line in text.splitlines())
    assert "the gate has not judged yet" in status_text.render(of(None))


def test_nothing_is_lost_in_json():
    document = of(report({"a": fleet.slow(fleet.spark("a"))}))
    assert json.loads(json.dumps(document)) == document
