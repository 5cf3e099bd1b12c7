"""Blockers: causes grouped over the fleet, with what people need to act."""

import documents as made
import pytest
import status_reports as fleet
from status_reports import LATER, of, only, report, states

from foundation.status import blockers, status_text
from foundation.status.status_report import finished


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


def test_a_missing_answer_names_the_probe_that_was_asked():
    documents_of = fleet.spark("a")
    made.change(documents_of["environment"], "data.torch", None)
    documents_of["environment"]["problems"] = [
        made.problem("torch", "no wheel of torch for aarch64", "not_installed")
    ]
    found = of(report({"a": documents_of}))["blockers"]
    tried = [step for b in found for step in b["attempted"] if step["step"] == "probe"]
    assert tried == [
        {
            "step": "probe",
            "probe": "torch",
            "code": "not_installed",
            "message": "no wheel of torch for aarch64",
        }
    ]


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
            entry |= {"outcome": "waived", "blocks": False}
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
