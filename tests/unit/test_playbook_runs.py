"""Real runs through ansible-runner on this machine: what became of each host, and how runs end."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from processes import processes, wait_until

from foundation import HostAnswered, HostStarted, Line, PlayStarted, RunError, TaskStarted
from foundation.core.project import PROJECT
from foundation.documents.store import validate
from foundation.runs.playbook import Ending, play
from foundation.runs.record import Record
from foundation.runs.runner import foundation_result

HERE = (
    f"ansible_connection=local ansible_python_interpreter={sys.executable} "
    "ansible_shell_executable=/bin/sh"
)

OUTCOMES = """
- name: WS-01 First
  hosts: all
  gather_facts: false
  tasks:
    - name: Answer
      ansible.builtin.ping:
    - name: Fail on one
      ansible.builtin.fail:
        msg: "the disk is\\nfull"
      when: inventory_hostname == 'bad'
    - name: Fail in a loop
      ansible.builtin.assert:
        that: item < 2
        fail_msg: "item {{ item }} is too large"
        quiet: true
      loop: [1, 2]
      when: inventory_hostname == 'loop'
    - name: Rescue
      when: inventory_hostname == 'rescued'
      block:
        - name: Fail for a while
          ansible.builtin.fail:
            msg: not for long
      rescue:
        - name: Say so
          ansible.builtin.debug:
            msg: it goes on
    - name: Ignore
      ansible.builtin.fail:
        msg: of no importance
      ignore_errors: true
      when: inventory_hostname == 'ignored'
    - name: Hide
      ansible.builtin.fail:
        msg: the password is hunter2
      no_log: true
      when: inventory_hostname == 'secret'
- name: Nothing to do
  hosts: idle
  gather_facts: false
"""

STOPPED = """
- name: First
  hosts: all
  gather_facts: false
  tasks:
    - name: Answer
      ansible.builtin.ping:
    - name: Once for all
      ansible.builtin.fail:
        msg: it cannot be
      run_once: true
- name: Second
  hosts: all:later
  gather_facts: false
  tasks:
    - name: Never done
      ansible.builtin.ping:
"""

FORGIVEN = """
- name: Only
  hosts: all
  gather_facts: false
  tasks:
    - name: Break
      ansible.builtin.fail:
        msg: broken
      when: inventory_hostname != 'three'
    - name: Forget
      ansible.builtin.meta: clear_host_errors
    - name: Go on
      ansible.builtin.ping:
"""

SLEEP = """
- name: Only
  hosts: all
  gather_facts: false
  tasks:
    - name: Sleep
      ansible.builtin.command:
        argv: ["{python}", -c, "import time; time.sleep(300)", "{marker}"]
"""

STUBBORN = """
- name: Only
  hosts: all
  gather_facts: false
  tasks:
    - name: Sleep
      ansible.builtin.command:
        argv:
          - "{python}"
          - -c
          - |-
            import signal, time
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print("ready", file=open("{marker}-ready", "w"))
            time.sleep(300)
          - "{marker}"
"""


class Runs:
    """Playbooks and an inventory of the test's own."""

    def __init__(self, folder):
        self.folder = folder
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self.events = []

    def start(self, playbook, *names, arguments=(), lines=(), **options):
        """Run it to its end."""
        inventory = self.folder / "hosts.ini"
        inventory.write_text("\n".join([*(f"{name} {HERE}" for name in names), *lines]))
        path = self.folder / "playbook.yml"
        path.write_text(playbook)
        started = datetime.now(UTC)
        options.setdefault("progress", self.events.append)
        variables = options.pop("variables", {})
        ended = play(path, [f"--inventory={inventory}", *arguments], variables, **options)
        result = foundation_result(ended, started, check=False, baseline_dir=self.folder / "docs")
        validate(result.document(), "run_result")
        assert list(self.temporary.iterdir()) == [], "the private folder is still there"
        return result


@pytest.fixture
def runs(tmp_path, monkeypatch):
    runs = Runs(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(runs.temporary))
    yield runs
    for number in processes(str(tmp_path)):
        os.kill(number, signal.SIGKILL)


def outcomes(result):
    return {name: one.outcome for name, one in result.hosts.items()}


def test_every_outcome_is_told_apart(runs):
    dead = "dead ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1"
    names = ("good", "bad", "loop", "rescued", "ignored", "secret", "left")
    result = runs.start(OUTCOMES, *names, arguments=["--limit=!left"], lines=[dead, f"idle {HERE}"])

    assert outcomes(result) == {
        "good": "ok", "bad": "failed", "loop": "failed", "rescued": "ok", "ignored": "ok",
        "secret": "failed", "dead": "unreachable", "idle": "ok",
    }  # fmt: skip
    assert (result.state, result.problems, result.verdict) == ("not_passed", (), None)
    assert result.exit_status != 0
    bad, loop = result.hosts["bad"], result.hosts["loop"]
    assert (bad.task, bad.message) == ("Fail on one", "the disk is full")
    assert (loop.task, loop.message) == ("Fail in a loop", "item 2 is too large")
    assert result.hosts["dead"].task == "Answer"
    assert "ssh" in result.hosts["dead"].message
    assert "hunter2" not in str(result.document()) + str(runs.events)

    (first, last) = [one for one in runs.events if isinstance(one, PlayStarted)]
    assert (first.play, first.workstream) == ("WS-01 First", "WS-01")
    assert set(first.hosts) == set(outcomes(result))
    assert (last.workstream, last.hosts) == (None, ("idle",))
    assert TaskStarted("Answer", "WS-01 First", "WS-01") in runs.events
    assert HostStarted("good", "Answer") in runs.events
    assert HostAnswered("good", "Answer", "ok") in runs.events
    assert HostAnswered("bad", "Fail on one", "failed", "the disk is full") in runs.events
    ignored = HostAnswered("ignored", "Ignore", "failed", "of no importance", ignored=True)
    assert ignored in runs.events
    assert Line("it goes on") in runs.events


def test_exit_status_0_with_a_failed_host_is_no_success(runs):
    result = runs.start(FORGIVEN, "one", "two", "three")

    assert result.exit_status == 0
    assert outcomes(result) == {"one": "failed", "two": "failed", "three": "ok"}
    assert result.state == "no_result"
    assert result.problems == (
        "ansible-playbook ended with exit status 0, though not ok: one, two",
    )


def test_hosts_left_out_after_the_failure_of_another_are_not_ok(runs):
    result = runs.start(STOPPED, "one", "two", lines=["[later]", f"three {HERE}"])

    assert outcomes(result) == {"one": "failed", "two": "not_reached", "three": "not_reached"}
    assert result.hosts["two"].message == "left out after 'Once for all' failed on one"
    assert result.hosts["two"].task == "Answer"
    assert result.state == "not_passed"


def test_a_host_without_any_task_is_not_ok(runs):
    result = runs.start(FORGIVEN, "one", arguments=["--tags=nonsense"])

    assert result.exit_status == 0
    assert result.hosts["one"].outcome == "not_reached"
    assert result.hosts["one"].message == "no task was run on it"
    assert result.state == "not_passed"


def test_a_run_that_dies_gives_no_result(runs):
    marker = str(runs.folder / "marker")

    def kill(event):
        if isinstance(event, HostStarted):
            for number in processes("playbook.yml"):
                if str(runs.folder).encode() in b" ".join(processes("playbook.yml")[number]):
                    os.kill(number, signal.SIGKILL)

    result = runs.start(SLEEP.format(python=sys.executable, marker=marker), "one", progress=kill)

    assert result.state == "no_result"
    assert result.exit_status is None
    assert result.hosts["one"].outcome == "not_reached"
    assert result.hosts["one"].message == "the run broke off"
    assert result.problems == (
        "ansible-playbook ended without an exit status before the end of the run",
    )


@pytest.mark.parametrize(
    ("playbook", "arguments", "words"),
    [
        ("- hosts: [", [], "YAML"),
        (FORGIVEN, ["--limit=nobody"], "--limit"),
    ],
)
def test_a_run_that_cannot_begin_says_why_in_one_line(runs, playbook, arguments, words):
    result = runs.start(playbook, "one", arguments=arguments)

    assert result.state == "no_result"
    assert words in result.problems[0]
    assert all("\n" not in line for line in result.problems)
    assert [one for one in result.hosts.values() if one.outcome == "ok"] == []


def test_cancelling_ends_what_runs_on_the_hosts(runs):
    marker = str(runs.folder / "marker")
    cancel = threading.Event()

    def cancel_in_time(event):
        if isinstance(event, HostStarted):
            wait_until(lambda: any(b"-c" in one for one in processes(marker).values()))
            (folder,) = runs.temporary.iterdir()
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            cancel.set()

    playbook = SLEEP.format(python=sys.executable, marker=marker)
    result = runs.start(playbook, "one", "two", progress=cancel_in_time, cancel=cancel)

    assert (result.state, result.cancelled, result.passed) == ("cancelled", True, False)
    assert outcomes(result) == {"one": "not_reached", "two": "not_reached"}
    assert result.hosts["one"].task == "Sleep"
    assert not processes(str(runs.folder))


def test_what_hears_no_signal_is_killed(runs, monkeypatch):
    monkeypatch.setattr("foundation.runs.playbook.GRACE_SECONDS", 0.5)
    marker = str(runs.folder / "marker")
    playbook = STUBBORN.format(python=sys.executable, marker=marker)
    ready = Path(f"{marker}-ready")

    result = runs.start(playbook, "one", cancel=ready.exists)

    assert result.state == "cancelled"
    assert result.hosts["one"].message == "the run was ended: cancelled"
    assert not processes(str(runs.folder))


def test_a_second_interrupt_is_not_waited_for(runs):
    marker = str(runs.folder / "marker")
    ready = Path(f"{marker}-ready")
    asked = []

    def interrupt_twice():
        if ready.exists():
            asked.append(1)
            if len(asked) == 1:
                # As a second Ctrl-C while what hears no signal is waited for.
                threading.Timer(1, signal.raise_signal, [signal.SIGINT]).start()
        return bool(asked)

    with pytest.raises(KeyboardInterrupt):
        runs.start(
            STUBBORN.format(python=sys.executable, marker=marker), "one", cancel=interrupt_twice
        )
    assert not processes(str(runs.folder))


def test_the_death_of_the_caller_ends_a_run(runs):
    """Without its terminal Ansible would wait for its workers for ever."""
    marker = str(runs.folder / "marker")
    playbook = runs.folder / "playbook.yml"
    playbook.write_text(SLEEP.format(python=sys.executable, marker=marker))
    caller = (
        "import sys; from pathlib import Path; from foundation.runs.playbook import play; "
        "play(Path(sys.argv[1]), ['--inventory=one,', '--extra-vars=' + sys.argv[2]], {})"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", caller, str(playbook), HERE],
        cwd=PROJECT,
        env={**os.environ, "TMPDIR": str(runs.temporary)},
    )
    wait_until(lambda: any(b"time.sleep(300)" in b"".join(a) for a in processes(marker).values()))
    started.kill()
    started.wait()

    wait_until(lambda: not processes(str(runs.folder)))


def test_a_time_out_ends_a_run(runs):
    result = runs.start(FORGIVEN, "one", timeout=0.01)

    assert (result.state, result.passed) == ("timed_out", False)
    assert result.problems == ("the run was ended before its time: timed_out",)
    assert not processes(str(runs.folder))


def test_what_the_callback_raises_ends_the_run_and_is_raised(runs):
    marker = str(runs.folder / "marker")

    def fail(event):
        if isinstance(event, HostStarted):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runs.start(SLEEP.format(python=sys.executable, marker=marker), "one", progress=fail)
    assert not processes(str(runs.folder))
    assert list(runs.temporary.iterdir()) == []


def test_secrets_are_on_no_command_line_and_host_keys_are_checked(runs, monkeypatch):
    """ansible-runner would turn the check of host keys off."""
    monkeypatch.delenv("ANSIBLE_HOST_KEY_CHECKING", raising=False)
    said = "{{ given.nested }} {{ lookup('env', 'ANSIBLE_HOST_KEY_CHECKING') or 'not set' }}"
    seen = []

    def look(event):
        if isinstance(event, HostStarted) and not seen:
            seen.append(str(processes("playbook.yml")))

    result = runs.start(
        FORGIVEN.replace("msg: broken", f'msg: "{said}"'),
        "one",
        variables={"given": {"nested": "hunter2"}},
        progress=look,
    )

    assert result.hosts["one"].message == "hunter2 not set"
    assert "playbook.yml" in seen[0]
    assert "hunter2" not in seen[0]


def test_no_room_for_the_private_folder_is_one_line(runs, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(runs.folder / "absent"))
    with pytest.raises(RunError, match="absent: no folder can be made: No such file or directory"):
        play(runs.folder / "playbook.yml", [], {})


def test_an_event_may_lack_anything(tmp_path):
    record = Record(tmp_path / "plays.json")
    for raw in (
        {},
        {"event": "EOF"},
        {"event": "runner_on_ok", "event_data": None},
        {"event": "runner_on_failed", "event_data": {"res": [], "host": "one"}},
        {"event": "playbook_on_stats"},
        {"event": "verbose", "stdout": None},
    ):
        list(record.feed(raw))
    assert record.failures["one"][0].message == "no message"
    (tmp_path / "plays.json").write_text("[")
    assert record.hosts() == ()


def test_nothing_is_killed_before_it_is_asked(tmp_path, monkeypatch):
    sent = []
    monkeypatch.setattr(os, "kill", lambda number, which: sent.append((number, which)))
    record = Record(tmp_path / "plays.json")
    ending = Ending(record, timeout=None)
    assert ending() is False
    ending.request("cancelled")
    assert ending() is True, "nothing was asked of a host yet"
    record.process = 12345
    assert ending() is False
    assert ending() is False
    assert sent == [(12345, signal.SIGINT)]
    ending.request("timed_out")
    assert ending.reason == "cancelled"
