"""The timer on a controller with a real systemd: installed, run, and quiet about its secret."""

from __future__ import annotations

import json

import play
import pytest

NAME = "dgx-spark-foundation-status"
SECRET = "T0P53CR37-6d1f"  # noqa: S105 - made up: what must be found nowhere
STATUS = "/srv/foundation/reports/status.json"
PLACES = (
    "/etc /srv/foundation/bench /srv/foundation/reports /home /tmp /var/log /run/systemd/system"
)
RECEIVED = "/srv/webhook/received.jsonl"


@pytest.fixture(scope="module")
def ran(host):
    """The service was started twice."""
    for _ in range(2):
        with host.sudo():
            done = host.run("systemctl start %s.service", NAME)
            journal = host.check_output("journalctl --unit=%s --no-pager", NAME)
        assert done.rc == 0, journal
    return journal


def test_check_foretold_what_the_run_changed():
    results = [result for result in play.scenario_results() if result["changed"]]
    results = [result for result in results if result["task"].startswith("status_timer :")]
    runs = list(dict.fromkeys((result["run"], result["check"]) for result in results))
    foretold, changed = ({r["task"] for r in results if r["run"] == run} for run, _ in runs)
    assert [check for _, check in runs] == [True, False]
    assert changed == foretold


def test_the_timer_runs_every_four_hours(host):
    assert host.service(f"{NAME}.timer").is_enabled
    assert host.service(f"{NAME}.timer").is_running
    shown = host.check_output("systemctl show %s.timer", NAME)
    assert "OnCalendar=*-*-* 00/4:00:00" in shown
    assert "Persistent=yes" in shown


def test_a_run_judges_writes_the_status_and_tells_the_webhook_once(host, ran):
    with host.sudo():
        status = json.loads(host.file(STATUS).content_string)
        received = host.file(RECEIVED).content_string.splitlines()
    assert status["gate"]["verdict"] == "FAILED"
    assert [blocker["type"] for blocker in status["blockers"]] == ["other"] * 3
    evidence = [blocker["evidence"][0]["message"] for blocker in status["blockers"]]
    assert all(message.startswith("there is no ") for message in evidence)
    assert host.file(STATUS).user == "operator"
    (line,) = received
    path, _, body = line.partition(" ")
    assert path == f"/services/{SECRET}"
    # The second run met the same blockers, at a later time.
    told = [blocker["id"] for blocker in json.loads(body)["new"]]
    assert told == [blocker["id"] for blocker in status["blockers"]]
    assert "Phase Gate: FAILED" in ran


def test_the_secret_is_in_one_file_that_only_root_reads(host, ran):
    with host.sudo():
        file = host.file("/etc/dgx-spark-foundation/status-webhook-url")
        assert (file.mode, file.user) == (0o600, "root")
        # sudo logs the command itself, which must not be what is found.
        found = host.run(f"grep -rlE %s {PLACES}", SECRET.replace("-", "[-]"))
    assert found.stdout.split() == ["/etc/dgx-spark-foundation/status-webhook-url"]
    assert SECRET not in ran
    assert SECRET not in host.check_output("systemctl show %s.service", NAME)


def test_the_service_can_write_nowhere_else(host):
    probe = "--property=ProtectSystem --property=ReadWritePaths --property=NoNewPrivileges"
    shown = host.check_output(f"systemctl show {NAME}.service {probe}")
    assert "ProtectSystem=strict" in shown
    assert "NoNewPrivileges=yes" in shown
    assert "/srv/foundation/reports" in shown
