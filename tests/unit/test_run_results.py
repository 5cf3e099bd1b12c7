"""What a run came to, from witnesses that are late, silent, contradictory or of another run."""

import dataclasses
import inspect
import json
import os
import re
import subprocess
import sys
import threading
import time
import typing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import documents as made
import pytest

import foundation
from foundation.documents import store
from foundation.evaluation import gate
from foundation.profiles.criteria import load_profiles
from foundation.runs import events, runner
from foundation.runs.playbook import Ended
from foundation.runs.record import Fault, Record
from foundation.runs.runner import foundation_result, gate_result

STARTED = datetime.now(UTC) - timedelta(seconds=1)


@pytest.fixture
def record(tmp_path):
    """The record of a run that went well on one host."""
    (tmp_path / "plays.json").write_text(
        json.dumps([{"name": "Gate", "pattern": "all", "hosts": [made.HOST]}])
    )
    record = Record(tmp_path / "plays.json")
    record.stats = {"processed": {made.HOST: 1}, "ok": {made.HOST: 2}}
    return record


@pytest.fixture
def report(record, tmp_path):
    """The report that it wrote, which passed."""
    path = tmp_path / "gate.json"
    made_report = gate.evaluate(
        load_profiles("auto"), {made.HOST: made.spark()}, [], made.NOW, [made.HOST]
    )
    made_report["generated_at"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    gate.write_report(made_report, path)
    record.gate = {"verdict": "PASSED", "report": str(path)}
    record.judge = made.HOST
    return path


def judged(record, status=0, check=False):
    result = gate_result(Ended(status, None, record), STARTED, check)
    store.validate(result.document(), "run_result")
    return result


def test_a_verdict_is_the_reports(record, report):
    result = judged(record)
    assert (result.state, result.verdict, result.problems) == ("passed", "PASSED", ())
    assert (result.report, result.gate_report["kind"]) == (report, "gate_report")
    assert result.hosts[made.HOST].verdict == "PASS"


def change_report(report, **changes):
    report.write_text(json.dumps(json.loads(report.read_text()) | changes))


def _old(report):
    os.utime(report, (time.time() - 3600, time.time() - 3600))


def _stamp(report):
    change_report(report, generated_at="2026-01-01T00:00:00Z")


def _ahead(report):
    change_report(report, generated_at="2996-01-01T00:00:00Z")


def _other_verdict(report):
    change_report(report, verdict="FAILED")


def _other_hosts(report):
    hosts = json.loads(report.read_text())["hosts"]
    change_report(report, hosts={"other": hosts[made.HOST]})


def _damaged(report):
    report.write_text(report.read_text()[:200])


def _no_schema(report):
    change_report(report, workstreams={})


def _gone(report):
    report.unlink()


def _other_kind(report):
    report.write_text(json.dumps(made.environment()))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_old, "of an earlier run"),
        (_stamp, "generated_at 2026-01-01T00:00:00Z is not within this run"),
        (_ahead, "generated_at 2996-01-01T00:00:00Z is not within this run"),
        (_other_verdict, "it says FAILED, the run said PASSED"),
        (_other_hosts, 'of other hosts than this run\'s, which differ in ["other", "spark-01"]'),
        (_damaged, "truncated JSON"),
        (_no_schema, "$.workstreams"),
        (_gone, "cannot be read: No such file"),
        (_other_kind, "a foreign document"),
    ],
)
def test_a_report_that_is_not_this_runs_is_no_verdict(record, report, spoil, words):
    spoil(report)
    result = judged(record)
    assert (result.state, result.verdict, result.report) == ("no_result", None, None)
    (problem,) = result.problems
    assert words in problem
    assert problem.startswith(str(report))


def test_a_verdict_and_the_exit_status_must_agree(record, report):
    result = judged(record, status=2)
    assert (result.state, result.verdict) == ("no_result", None)
    assert "the verdict is PASSED, though ansible-playbook ended with 2" in result.problems


def test_without_the_gates_own_answer_an_old_report_is_not_read(record, report):
    record.gate = None
    result = judged(record)
    assert (result.state, result.verdict) == ("no_result", None)
    assert "the gate gave no verdict" in result.problems


def test_check_mode_takes_the_runs_word_and_has_no_report(record, report):
    report.unlink()
    result = judged(record, check=True)
    assert (result.state, result.verdict, result.report) == ("passed", "PASSED", None)


def test_an_interrupted_gate_has_no_verdict(record, report):
    result = gate_result(Ended(99, "cancelled", record), STARTED, check=False)
    assert (result.state, result.verdict) == ("cancelled", None)
    assert result.hosts[made.HOST].outcome == "not_reached"


def _run(record, tmp_path, status=0):
    return foundation_result(Ended(status, None, record), STARTED, False, tmp_path)


@pytest.mark.parametrize(
    ("stats", "outcome", "message"),
    [
        ({"processed": {made.HOST: 1}}, "ok", ""),
        ({"processed": {}}, "not_reached", "no task was run on it"),
        (None, "not_reached", "the run broke off"),
        (
            {"processed": {made.HOST: 1}, "failures": {made.HOST: 1}},
            "failed",
            "Ansible counts a failure that none of its events reports",
        ),
        (
            {"processed": {made.HOST: 1}, "dark": {made.HOST: 1}},
            "failed",
            "Ansible counts a failure that none of its events reports",
        ),
        ({"processed": None, "failures": [made.HOST]}, "not_reached", "no task was run on it"),
    ],
)
def test_statistics_are_one_witness_among_several(record, tmp_path, stats, outcome, message):
    record.stats = stats
    result = _run(record, tmp_path)
    assert result.hosts[made.HOST].outcome == outcome
    assert result.hosts[made.HOST].message == message
    assert result.passed == (outcome == "ok")


def test_a_failure_that_statistics_do_not_count_is_one(record, tmp_path):
    record.failures[made.HOST] = [Fault("Measure", "it broke")]
    result = _run(record, tmp_path)
    assert result.hosts[made.HOST].outcome == "failed"
    assert result.state == "no_result"
    assert "though not ok: spark-01" in result.problems[0]


def test_an_exit_status_that_nothing_explains_is_a_problem(record, tmp_path):
    result = _run(record, tmp_path, status=1)
    assert result.state == "no_result"
    assert result.problems == ("ansible-playbook ended with exit status 1, and nothing says why",)


@pytest.mark.parametrize("spoil", [_old, _damaged, _gone, _other_kind])
def test_a_document_that_was_said_to_be_written_must_be(record, tmp_path, spoil):
    path = store.path(tmp_path, made.HOST, "benchmark")
    store.write(made.benchmark(), path)
    store.write(made.environment(), store.path(tmp_path, made.HOST, "environment"))
    record.stored[made.HOST] = [path]
    spoil(path)

    result = _run(record, tmp_path)

    assert result.hosts[made.HOST].documents == {}
    assert "environment" in result.hosts[made.HOST].stale_documents
    assert result.state == "no_result"
    assert str(path) in result.problems[0]


def test_documents_are_where_the_inventory_says(record, tmp_path):
    path = store.path(tmp_path / "elsewhere", made.HOST, "environment")
    store.write(made.environment(), path)
    record.stored[made.HOST] = [path]
    result = foundation_result(Ended(0, None, record), STARTED, False)
    assert result.documents_dir == tmp_path / "elsewhere"
    assert result.hosts[made.HOST].documents == {"environment": path}


def test_importing_the_package_is_light():
    program = (
        "import sys, foundation\n"
        "heavy = {'ansible_runner', 'ansible', 'rich', 'jsonschema', 'yaml', 'pexpect'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert callable(foundation.run_gate) and foundation.RunResult\n"
        "assert all(getattr(foundation, name) for name in foundation.__all__)\n"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", program], check=True, cwd=root)


PAGE = (Path(__file__).parents[2] / "docs" / "python-api.md").read_text()


@pytest.mark.parametrize("example", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_the_examples_of_the_page_fit_the_functions(record, report, monkeypatch, capsys, example):
    """They were run for real; here each call must fit, and every event be understood."""
    given = []

    def stand_in(name):
        signature = inspect.signature(getattr(runner, name))

        def call(*arguments, **options):
            bound = signature.bind(*arguments, **options)
            given.append(bound.arguments["inventory"])
            for event in (bound.arguments.get("progress") and EVENTS) or ():
                bound.arguments["progress"](event)
            return judged(record)

        return call

    for name in ("run_foundation", "run_gate"):
        monkeypatch.setattr(runner, name, stand_in(name))
    monkeypatch.setattr(threading, "Timer", lambda *_: threading.Thread())
    exec(compile(example, "python-api.md", "exec"), {})  # noqa: S102 - our own page
    assert given == ["inventory/sparks.yml"]
    assert capsys.readouterr().out


EVENTS = (
    foundation.PlayStarted("WS-03 Benchmark suite", "WS-03", ("a",)),
    foundation.FigureUnderWay("a", "gemm bf16", 1, 2, 0.0, 3.0),
    foundation.FigureDone("a", "92 TFLOP/s"),
    foundation.HostAnswered("a", "Measure", "failed", "broken"),
)


def test_the_page_names_every_event_and_its_fields():
    kinds = typing.get_args(events.Event)
    assert len(kinds) > 5
    for event in kinds:
        (row,) = re.findall(rf"^\| `{event.__name__}` \|(.*)\|$", PAGE, re.MULTILINE)
        for field in dataclasses.fields(event):
            assert f"`{field.name}`" in row, (event, field.name)
    for field in dataclasses.fields(foundation.RunResult):
        if field.name not in ("command", "check"):
            assert f"`{field.name}`" in PAGE, field.name
