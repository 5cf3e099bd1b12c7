"""foundation/live_state.py: what the hosts answered, and that a bad answer is no answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import documents as synthetic
import pytest

from foundation import documents, live_state

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def kept(folder: Path, host: str) -> dict[str, object]:
    path = documents.path(folder, host, "live_state")
    return dict(documents.load(path, host)["data"])


def test_an_answer_is_kept_as_it_is(tmp_path: Path) -> None:
    answer = synthetic.live_state()
    host = answer["host"]
    live_state.keep(tmp_path, [host], {host: {"documents": {"live_state": answer}}}, NOW)
    assert json.loads((tmp_path / host / "live_state.json").read_text()) == answer


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "it was not asked"),
        ({}, "it was not asked"),
        ({"unreachable": True, "msg": "ssh: connect\nto host: timed out"}, "ssh: connect to host"),
        ({"failed": True, "msg": "the process died of SIGSEGV"}, "died of SIGSEGV"),
        ({"documents": {}}, "it was not asked"),
        ({"documents": {"live_state": {"kind": "live_state"}}}, "foreign document"),
        ({"documents": {"live_state": synthetic.live_state()}}, "foreign document"),
    ],
)
def test_everything_else_is_unreachable_with_the_reason(
    tmp_path: Path, answer: dict[str, object] | None, reason: str
) -> None:
    live_state.keep(tmp_path, ["spark-99"], {"spark-99": answer} if answer else {}, NOW)
    state = kept(tmp_path, "spark-99")
    assert state["reachable"] is False
    assert reason in str(state["reason"])
