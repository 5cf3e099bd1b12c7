import pytest

from python_probes.core.system import System
from python_probes.nvidia import xid_events

LOG = """\
NVRM: Xid (PCI:000f:01:00): 119, pid=4412, name=python3, Timeout after 6s of waiting for RPC
nvidia-nvswitch1: SXid (PCI:0000:06:00.0): 20034, Fatal
NVRM: Xid (PCI:000f:01:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.
NVRM: Xid (PCI:000f:01:00): 119, pid=4412, name=python3, Timeout after 6s of waiting for RPC
"""
COUNTED = [{"code": 79, "count": 1}, {"code": 119, "count": 2}]


class Replay:
    def __init__(self, folder):
        self.root = folder / "root"
        self.commands = folder / "bin"
        self.root.mkdir()
        self.commands.mkdir()
        self.problems = []

    def command(self, name, body):
        (self.commands / name).write_text(f"#!/bin/sh\n{body}\n")
        (self.commands / name).chmod(0o755)

    def log(self, name, text):
        path = self.root / "var/log" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def read(self):
        return xid_events.read(System(self.root), lambda *problem: self.problems.append(problem))


@pytest.fixture
def replay(tmp_path, monkeypatch):
    replay = Replay(tmp_path)
    monkeypatch.setenv("PATH", str(replay.commands))
    return replay


def echo(text):
    return f"echo '{text.replace(chr(39), '')}'"


def test_codes_are_counted_from_the_journal(replay):
    replay.command("journalctl", echo(LOG))

    assert replay.read() == COUNTED
    assert replay.problems == []


def test_the_journal_is_asked_for_this_boot_of_the_kernel(replay):
    replay.command("journalctl", f'[ "$*" = "-k -b -o cat --no-pager" ] || exit 1\n{echo(LOG)}')

    assert replay.read() == COUNTED


@pytest.mark.parametrize("body", [None, "exit 1", "echo '-- No entries --'", ""])
def test_dmesg_answers_where_the_journal_does_not(replay, body):
    if body is not None:
        replay.command("journalctl", body)
    replay.command("dmesg", echo(f"[   12.5] {LOG}"))

    assert replay.read() == COUNTED


def test_a_quiet_log_counts_nothing(replay):
    replay.command("journalctl", "echo 'Linux version 6.17.0'")

    assert replay.read() == []


def test_a_log_that_nobody_may_read_is_null_and_named(replay):
    replay.command("journalctl", "echo '-- No entries --'")
    replay.command("dmesg", "echo 'dmesg: read kernel buffer failed' >&2\nexit 1")

    assert replay.read() is None
    ((code, message),) = replay.problems
    assert code == "kernel_log_unreadable"
    assert "read kernel buffer failed" in message
    assert "systemd-journal" in message


@pytest.mark.parametrize("name", ["kern.log", "dmesg"])
def test_a_captured_log_wins_over_commands(replay, name):
    replay.log(name, LOG)
    replay.command("journalctl", echo("NVRM: Xid (PCI:0000:01:00): 13, a fault of another box"))

    assert replay.read() == COUNTED


def test_only_the_last_boot_of_a_captured_log_counts(replay):
    replay.log("kern.log", f"{LOG}kernel: Linux version 6.17.0-1031-nvidia (buildd)\nkernel: up\n")

    assert replay.read() == []
