import re

import pytest

from python_probes.core.system import System
from python_probes.nvidia import xid_events

LOG = """\
NVRM: Xid (PCI:000f:01:00): 119, pid=4412, name=python3, Timeout after 6s of waiting for RPC
nvidia-nvswitch1: SXid (PCI:0000:06:00.0): 20034, Fatal
NVRM: Xid (PCI:000f:01:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.
NVRM: Xid (PCI:000f:01:00): 119, pid=4412, name=python3, Timeout after 6s of waiting for RPC
"""
COUNTED = [
    {"code": 79, "count": 1, "programs": []},
    {"code": 119, "count": 2, "programs": ["python3"]},
]


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


FLOOD = "NVRM: _kgspIsHeartbeatTimedOut: Heartbeat timed out, diff 6070 timeout 5200"


def flood(after, begin="Booting Linux on physical CPU 0x0000000000"):
    """12 MiB of a driver in distress, then `after`."""
    return f"""echo '{begin}'
/usr/bin/yes '{FLOOD}' | /usr/bin/head -c 12582912
echo
echo '{after}'"""


@pytest.mark.parametrize("name", ["journalctl", "dmesg"])
def test_a_flood_hides_no_xid(replay, name):
    replay.command(name, flood("NVRM: Xid (PCI:000f:01:00): 79, pid=7, name=a b, off the bus."))

    assert replay.read() == [{"code": 79, "count": 1, "programs": ["a_b"]}]
    assert replay.problems == []


def test_a_flood_in_a_file_hides_no_xid(replay):
    lines = f"{FLOOD}\n" * 120_000
    replay.log("kern.log", f"Linux version 6.17\n{lines}NVRM: Xid (PCI:000f:01:00): 79, off\n")

    assert replay.read() == [{"code": 79, "count": 1, "programs": []}]


@pytest.mark.parametrize(
    "text",
    [
        "[93042.1] NVRM: a line from the middle",
        "[    0.000000] Booting Linux\n[1.1] ** 512 printk messages dropped **",
        "[    0.000000] Booting Linux\n[1.1] NVRM: 17 output lines suppressed due to ratelimiting",
    ],
)
def test_nothing_found_in_a_log_that_lacks_a_part_is_not_known(replay, text):
    replay.command("dmesg", echo(text))

    assert replay.read() is None
    assert [code for code, _ in replay.problems] == ["truncated"]


def test_what_a_log_that_lacks_a_part_holds_is_told(replay):
    replay.command("dmesg", echo(f"[  912.5] {LOG}"))

    assert replay.read() == COUNTED
    assert "may be more" in replay.problems[0][1]


def test_a_log_that_takes_too_long_says_so(replay):
    replay.command("journalctl", "while :; do :; done")

    assert (
        xid_events.read(System(replay.root, 0.2), lambda *one: replay.problems.append(one)) is None
    )
    assert [code for code, _ in replay.problems] == ["timeout"]


def test_programs_are_few_and_plain(replay):
    lines = [
        f"NVRM: Xid (PCI:000f:01:00): 31, pid={n}, name=job{n}\x1b[1m, Ch 1" for n in range(20)
    ]
    replay.log("kern.log", "Linux version 6.17\n" + "\n".join(lines))

    (event,) = replay.read()

    assert event["count"] == 20
    assert len(event["programs"]) == 8
    assert all(re.fullmatch(r"[\w.:/+@-]{1,32}", name) for name in event["programs"])
