"""documents/live_answers.py: what the hosts answered, and that a bad answer is no answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import documents as synthetic
import pytest

from foundation.documents import live_answers, store
from foundation.evaluation import gate

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HALF = {"probe": "a", "code": "b", "message": "\ud800"}


def kept(folder: Path, host: str) -> dict[str, object]:
    path = store.path(folder, host, "live_state")
    return dict(store.load(path, host)["data"])


def test_an_answer_is_kept_as_it_is(tmp_path: Path) -> None:
    answer = synthetic.live_state()
    host = answer["host"]
    live_answers.keep(tmp_path, [host], {host: {"documents": {"live_state": answer}}}, NOW)
    assert json.loads((tmp_path / host / "live_state.json").read_text()) == answer


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "it was not asked"),
        ({}, "it was not asked"),
        ({"unreachable": True, "msg": "ssh: connect\nto host: timed out"}, "ssh: connect to host"),
        ({"failed": True, "msg": "the process died of SIGSEGV"}, "died of SIGSEGV"),
        ({"documents": {}}, "it was not asked"),
    ],
)
def test_no_answer_is_unreachable_with_the_reason(
    tmp_path: Path, answer: dict[str, object] | None, reason: str
) -> None:
    live_answers.keep(tmp_path, ["spark-99"], {"spark-99": answer} if answer else {}, NOW)
    state = kept(tmp_path, "spark-99")
    assert state["reachable"] is False
    assert reason in str(state["reason"])


@pytest.mark.parametrize(
    ("documents_given", "reason"),
    [
        ({"live_state": {"kind": "live_state"}}, "foreign document"),
        ({"live_state": synthetic.live_state()}, 'found "spark-01", expected "spark-99"'),
        ({"live_state": {**synthetic.live_state("spark-99"), "data": []}}, "$.data"),
        ({"live_state": {**synthetic.live_state("spark-99"), "problems": [HALF]}}, "hex escape"),
        ({"live_state": [1]}, "no JSON object"),
        ("text", "no JSON object"),
        ([1, 2], "no JSON object"),
    ],
)
def test_an_answer_that_cannot_be_used_is_invalid(
    tmp_path: Path, documents_given: object, reason: str
) -> None:
    live_answers.keep(tmp_path, ["spark-99"], {"spark-99": {"documents": documents_given}}, NOW)
    state = kept(tmp_path, "spark-99")
    assert state["reachable"] is True
    assert reason in str(state["reason"])
    report = gate.judge_folder(tmp_path, now=NOW)
    assert report["hosts"]["spark-99"]["verdict"] == "INVALID"
    entry = report["hosts"]["spark-99"]["criteria"][0]
    assert reason in entry["message"]
    assert "which machine answers" in entry["action"]


def test_a_host_does_not_choose_its_own_groups(tmp_path: Path) -> None:
    answer = synthetic.live_state("spark-99")
    answer["data"]["groups"] = ["waived"]
    answers = {"spark-99": {"documents": {"live_state": answer}}}
    live_answers.keep(tmp_path, ["spark-99"], answers, NOW)
    assert "groups" not in kept(tmp_path, "spark-99")
    live_answers.keep(tmp_path, ["spark-99"], answers, NOW, {"spark-99": ["sparks", "rack_1"]})
    assert kept(tmp_path, "spark-99")["groups"] == ["rack_1", "sparks"]
