"""playbooks/status.yml: the document, the webhook on a real server, and the secret in no output."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import status_reports as fleet
from webhook import HANG, SECRET, Webhook, webhook

from foundation.documents import store

Run = Callable[..., subprocess.CompletedProcess[str]]
TOLD = "the webhook did not take the notification"


@pytest.fixture
def receiver() -> Iterator[Webhook]:
    with webhook() as received:
        yield received


@pytest.fixture
def status(ansible_playbook: Run, tmp_path: Path) -> Run:
    """Run the playbook on the test's own files."""

    def run(*arguments: str, **variables: object) -> subprocess.CompletedProcess[str]:
        settings = {
            "status_report": tmp_path / "status.json",
            "status_posted": tmp_path / "posted.json",
            "status_webhook_allow_http": True,
            "status_webhook_delay": 0,
            **variables,
        }
        done = ansible_playbook("playbooks/status.yml", *arguments, **settings)
        assert "Traceback" not in done.stdout + done.stderr
        return done

    return run


def judged(tmp_path: Path, documents_of: dict[str, Any]) -> None:
    store.write(fleet.verdict(documents_of), tmp_path / "gate.json")


def secret_file(tmp_path: Path, url: str) -> Path:
    path = tmp_path / "webhook_url"
    path.write_text(url + "\n")
    path.chmod(0o600)
    return path


SLOW = {"a": fleet.slow(fleet.spark("a"))}


@pytest.mark.slow
def test_the_status_is_written_and_a_second_run_changes_nothing(
    status: Run, tmp_path: Path
) -> None:
    judged(tmp_path, SLOW)
    check = status("--check", "--diff")
    assert check.returncode == 0
    assert '+  "orchestrator": "Foundation"' in check.stdout
    assert "changed=1" in check.stdout
    assert not (tmp_path / "status.json").exists()
    first = status()
    assert "changed=1" in first.stdout
    document = store.load(tmp_path / "status.json")
    assert document["workstreams"]["WS-03"]["status"] == "in_progress"
    second = status("--diff")
    assert (second.returncode, "changed=0" in second.stdout) == (0, True)
    assert "+++ after" not in second.stdout
    assert not (tmp_path / "posted.json").exists()


def test_without_a_gate_report_nothing_has_started(status: Run, tmp_path: Path) -> None:
    assert status().returncode == 0
    document = store.load(tmp_path / "status.json")
    assert {entry["status"] for entry in document["workstreams"].values()} == {"not_started"}


def test_a_damaged_gate_report_is_one_line(status: Run, tmp_path: Path) -> None:
    (tmp_path / "gate.json").write_text('{"kind": "gate_')
    done = status()
    assert done.returncode == 2
    assert "damaged or truncated JSON" in done.stdout
    assert "run ansible-playbook gate.yml again" in done.stdout


def test_the_gate_is_run_first_where_that_is_asked_for(status: Run, tmp_path: Path) -> None:
    done = status(status_run_gate=True)
    assert done.returncode == 0, done.stdout
    assert "❌ Phase Gate: FAILED" in done.stdout
    document = store.load(tmp_path / "status.json")
    assert document["gate"]["verdict"] == "FAILED"
    assert document["gate"]["hosts"] == 1


def test_a_gate_that_cannot_judge_is_an_error_here_too(status: Run, tmp_path: Path) -> None:
    done = status(status_run_gate=True, acceptance_profile="nonsense")
    assert done.returncode != 0
    assert not (tmp_path / "status.json").exists()


@pytest.mark.slow
def test_a_new_blocker_is_posted_once_and_its_end_too(
    status: Run, tmp_path: Path, receiver: Webhook
) -> None:
    judged(tmp_path, SLOW)
    foretold = status("--check", status_webhook_url=receiver.url)
    assert (foretold.returncode, receiver.bodies) == (0, [])
    assert not (tmp_path / "posted.json").exists()
    for _ in range(2):
        assert status(status_webhook_url=receiver.url).returncode == 0
    (body,) = receiver.bodies
    store.validate(body)
    assert body["kind"] == "status_notification"
    assert body["new"][0]["criteria"] == ["storage_random_read"]
    assert receiver.paths == [f"/services/{SECRET}"]
    judged(tmp_path, {"a": fleet.spark("a")})
    assert status(status_webhook_url=receiver.url).returncode == 0
    _, body = receiver.bodies
    assert [entry["reason"] for entry in body["resolved"]] == ["solved"]


def test_a_server_that_fails_is_tried_again(status: Run, tmp_path: Path, receiver: Webhook) -> None:
    judged(tmp_path, SLOW)
    receiver.answers = [500, 500]
    assert status(status_webhook_url=receiver.url).returncode == 0
    assert len(receiver.bodies) == 3
    assert len({body["id"] for body in receiver.bodies}) == 1
    assert (tmp_path / "posted.json").exists()


def test_a_post_that_fails_is_said_and_made_again_by_the_next_run(
    status: Run, tmp_path: Path, receiver: Webhook
) -> None:
    judged(tmp_path, SLOW)
    receiver.answers = [503, 503]
    done = status(status_webhook_url=receiver.url, status_webhook_retries=1)
    assert done.returncode == 2
    assert f"{TOLD} (HTTP 503, tried 2 times)" in " ".join(done.stdout.split())
    assert store.load(tmp_path / "status.json")["blockers"]
    assert not (tmp_path / "posted.json").exists()
    assert status(status_webhook_url=receiver.url).returncode == 0
    assert len(receiver.bodies) == 3


def test_a_post_that_arrived_and_cannot_be_remembered_is_not_the_receivers_fault(
    status: Run, tmp_path: Path, receiver: Webhook
) -> None:
    judged(tmp_path, SLOW)
    nowhere = "/proc/nowhere/posted.json"  # where root cannot write either
    done = status(status_webhook_url=receiver.url, status_posted=nowhere)
    said = " ".join(done.stdout.split())
    assert (done.returncode, len(receiver.bodies)) == (2, 1)
    assert f"{nowhere}: cannot be written" in said
    assert TOLD not in said


@pytest.mark.parametrize(
    "case",
    [(302, "http", "HTTP 302"), (HANG, "http", "no answer"), (200, "https", "no answer")],
)
def test_what_is_no_acceptance_is_said_without_the_address(
    status: Run, tmp_path: Path, receiver: Webhook, case: tuple[int, str, str]
) -> None:
    """A redirection, a server that hangs, one that does not speak TLS."""
    answer, scheme, reason = case
    judged(tmp_path, SLOW)
    receiver.answers = [answer]
    done = status(
        "-vvv",
        status_webhook_url_file=secret_file(tmp_path, receiver.url.replace("http", scheme, 1)),
        status_webhook_retries=0,
        status_webhook_timeout=1,
    )
    assert done.returncode == 2
    assert f"{TOLD} ({reason}, tried 1 times)" in " ".join(done.stdout.split())
    assert SECRET not in done.stdout + done.stderr
    assert not (tmp_path / "posted.json").exists()


@pytest.mark.parametrize("address", [f"http://127.0.0.1:9/{SECRET}", f"https://host:{SECRET}/a b"])
def test_an_address_of_the_wrong_form_is_refused_and_not_shown(
    status: Run, tmp_path: Path, address: str
) -> None:
    judged(tmp_path, SLOW)
    done = status(
        "-vvvv",
        "--diff",
        status_webhook_url_file=secret_file(tmp_path, address),
        status_webhook_allow_http=False,
    )
    assert done.returncode == 2
    assert "is not of the form https://HOST" in done.stdout
    assert SECRET not in done.stdout + done.stderr
    assert store.load(tmp_path / "status.json")["blockers"]


def test_the_secret_is_in_no_output_and_no_file(
    status: Run, tmp_path: Path, receiver: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(tmp_path, SLOW)
    log = tmp_path / "ansible.log"
    monkeypatch.setenv("ANSIBLE_LOG_PATH", str(log))
    receiver.answers = [500]
    done = status("-vvvv", "--diff", status_webhook_url_file=secret_file(tmp_path, receiver.url))
    assert done.returncode == 0, done.stdout
    assert len(receiver.bodies) == 2
    assert "TASK [Post]" in done.stdout
    assert "FutureWarning" not in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "webhook_url":
            assert SECRET not in path.read_text(), path


def test_the_command_says_the_same_offline(
    status: Run, tmp_path: Path, foundation_command: Run
) -> None:
    judged(tmp_path, SLOW)
    status()
    done = foundation_command(
        *("status", "--report", str(tmp_path / "gate.json")),
        *("--out", str(tmp_path / "offline.json"), "--json"),
    )
    assert (done.returncode, done.stderr) == (1, "")
    online, offline = (
        json.loads(text) for text in ((tmp_path / "status.json").read_text(), done.stdout)
    )
    assert {**offline, "generated_at": ""} == {**online, "generated_at": ""}
