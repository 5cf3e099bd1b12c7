"""What a webhook is told: each blocker once, and what became of it."""

import status_reports as fleet
from status_reports import NOW, report

from foundation.documents import store
from foundation.status.notification import notification, remember
from foundation.status.status_report import status


def told(judged, posted=None, previous=None):
    """The status and the body, both valid by schema."""
    current = status(judged, previous, NOW)
    body = notification(current, posted, judged["hosts"])
    if body is not None:
        store.validate(body)
    store.validate(remember(current))
    return current, body


SLOW = {"a": fleet.slow(fleet.spark("a"))}


def test_a_new_blocker_is_told_and_then_not_again():
    current, body = told(report(SLOW))
    assert body["new"] == current["blockers"]
    assert body["resolved"] == []
    assert body["text"].splitlines() == [
        "Foundation M0: 1 new blocker, 0 resolved",
        "medium performance_below_expectation: Storage, random read (a): "
        "900 IOPS was measured, >= 2000 IOPS is required",
    ]
    assert told(report(SLOW), remember(current))[1] is None


def test_nothing_is_told_of_a_healthy_fleet():
    assert told(report(fleet.sparks(1)))[1] is None


def test_a_post_that_failed_is_made_again_with_the_same_id():
    first, second = told(report(SLOW))[1], told(report(SLOW))[1]
    assert first["id"] == second["id"]
    other = told(report({**SLOW, "b": fleet.slow(fleet.spark("b"))}))[1]
    assert other["id"] != first["id"]


def test_only_the_hosts_that_are_new_are_told():
    current, _ = told(report(SLOW))
    _, body = told(report({**SLOW, "b": fleet.slow(fleet.spark("b"))}), remember(current), current)
    (blocker,) = body["new"]
    assert list(blocker["hosts"]) == ["b"]
    assert [entry["hosts"] for entry in blocker["evidence"]] == [["b"]]


def test_two_hundred_hosts_are_one_line():
    names = [f"spark-{i:03d}" for i in range(200)]
    _, body = told(report({name: {} for name in names}))
    assert len(body["new"]) == 1
    assert len(body["new"][0]["hosts"]) == 200
    assert "spark-004 and 195 more" in body["text"]
    assert len(body["text"].splitlines()) == 2


def test_what_a_title_or_a_host_says_starts_no_line_of_its_own():
    judged = report(SLOW)
    for entry in judged["hosts"]["a"]["criteria"]:
        entry["title"] += "\nFoundation M0: 0 new blockers"
        entry["message"] += "\x1b[2J\r\nsolved: all of it"
    _, body = told(judged)
    assert len(body["text"].splitlines()) == 2
    assert "\x1b" not in body["text"]


def test_a_solved_blocker_is_told():
    current, _ = told(report(SLOW))
    _, body = told(report({"a": fleet.spark("a")}), remember(current), current)
    assert (body["new"], body["text"].splitlines()[1:]) == (
        [],
        ["solved: Storage, random read (a)"],
    )
    (gone,) = body["resolved"]
    assert (gone["reason"], gone["hosts"]) == ("solved", ["a"])


def test_a_host_that_left_is_not_said_to_be_solved():
    current, _ = told(report(SLOW))
    _, body = told(report({"b": fleet.spark("b")}), remember(current), current)
    assert [gone["reason"] for gone in body["resolved"]] == ["no longer judged"]


def test_what_does_not_pass_for_another_reason_is_not_said_to_be_solved():
    current, _ = told(report(SLOW))
    stale = fleet.spark("a")
    stale["benchmark"]["collected_at"] = "2026-09-01T00:00:00Z"
    _, body = told(report({"a": stale}), remember(current), current)
    assert [gone["reason"] for gone in body["resolved"]] == ["reported otherwise"]
    assert len(body["new"]) == 1


def test_a_host_that_answers_again_is_said_to_though_it_does_not_pass():
    silent, _ = told(report({"a": fleet.dead("a")}))
    _, body = told(report(SLOW), remember(silent), silent)
    assert [one["reason"] for one in body["resolved"]] == ["solved"]
    assert "solved: The host answers (a)" in body["text"]


def test_a_host_that_restarts_is_not_told_twice():
    first, _ = told(report(SLOW))
    silent, body = told(report({"a": fleet.dead("a")}), remember(first), first)
    assert [b["type"] for b in body["new"]] == ["hardware_access"]
    assert body["resolved"] == []
    _, body = told(report(SLOW), remember(silent), silent)
    assert body["new"] == []
    assert [gone["title"] for gone in body["resolved"]] == ["The host answers"]


def test_a_blocker_of_no_host_is_told_and_solved():
    current, body = told(report({}))
    assert [blocker["hosts"] for blocker in body["new"]] == [{}]
    _, body = told(report(fleet.sparks(1)), remember(current), current)
    assert [(gone["reason"], gone["hosts"]) for gone in body["resolved"]] == [("solved", [])]
