"""`foundation status`: exit status, one line for an error, and what is on the disk afterwards."""

import json

import pytest
import status_reports as fleet

from foundation.cli import main
from foundation.distribution import arm_check
from foundation.documents import store


@pytest.fixture
def run(tmp_path, capsys):
    """Run it on the test's own files; what it printed."""

    def command(*arguments):
        files = ("--report", tmp_path / "gate.json", "--out", tmp_path / "status.json")
        status = main.main(["status", *map(str, files), *map(str, arguments)])
        return status, *capsys.readouterr()

    return command


def judged(tmp_path, documents_of):
    store.write(fleet.verdict(documents_of), tmp_path / "gate.json")


def test_a_complete_fleet_exits_with_0(run, tmp_path):
    judged(tmp_path, fleet.sparks(1))
    status, printed, errors = run()
    assert (status, errors) == (0, "")
    assert "WS-03  complete     since 2026-10-20" in printed
    store.load(tmp_path / "status.json")


def test_a_blocker_exits_with_1_and_json_is_the_document(run, tmp_path):
    judged(tmp_path, {"a": fleet.slow(fleet.spark("a"))})
    status, printed, _ = run("--json")
    assert status == 1
    assert json.loads(printed) == store.load(tmp_path / "status.json")


def test_nothing_judged_yet_exits_with_1(run):
    status, printed, _ = run()
    assert status == 1
    assert "not started" in printed


def test_findings_of_the_arm_check_are_blockers(run, tmp_path):
    judged(tmp_path, fleet.sparks(1))
    pins = [arm_check.Pin("triton", "3.0", frozenset())]
    found = arm_check.report(
        tmp_path / "lock.txt", "3.12", pins, [arm_check.Blocker("triton", "3.0", "no wheel")]
    )
    (tmp_path / "arm.json").write_text(json.dumps(found))
    status, printed, _ = run("--arm-check", tmp_path / "arm.json")
    assert status == 1
    assert "high arm_compatibility: triton==3.0 installs on arm64" in printed


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("gate.json", '{"kind": "gate_', "damaged or truncated JSON"),
        ("gate.json", '{"kind": "status"}', "not a gate report"),
        ("gate.json", "[]", "not a JSON object"),
        ("status.json", "{}", "move it away; first sightings then start anew"),
        ("arm.json", "{}", "make it with foundation arm-check --json"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(run, tmp_path, name, content, told):
    judged(tmp_path, fleet.sparks(1))
    (tmp_path / "arm.json").write_text(
        json.dumps(arm_check.report(tmp_path / "lock.txt", "3.12", [], []))
    )
    (tmp_path / name).write_text(content)
    status, printed, errors = run("--arm-check", tmp_path / "arm.json")
    assert (status, printed, len(errors.splitlines())) == (2, "", 1)
    assert told in errors
    if name != "status.json":
        assert not (tmp_path / "status.json").exists()


def test_files_that_are_missing_or_no_files_are_one_line(run, tmp_path):
    (tmp_path / "gate.json").mkdir()
    status, _, errors = run()
    assert (status, len(errors.splitlines())) == (2, 1)
    assert "Is a directory; run ansible-playbook gate.yml again" in errors
    status, _, errors = run("--report", tmp_path / "none", "--arm-check", tmp_path / "none")
    assert status == 2
    assert "this file does not exist" in errors
