"""The terminal's answer about Sixel, asked through real pseudo-terminals."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time

import pytest
from box import REPOSITORY

from python_probes.host.terminal_graphics import terminal

# The child asks its controlling terminal and leaves the answer in a file.
_CHILD = """
import json, sys
from pathlib import Path
from python_probes.host.terminal_graphics import terminal
Path(sys.argv[1]).write_text(json.dumps(terminal(timeout=float(sys.argv[2]))))
"""


def _read_until(descriptor, wanted, seconds=10.0):
    received = b""
    end = time.monotonic() + seconds
    while wanted not in received and time.monotonic() < end:
        if select.select([descriptor], [], [], 0.1)[0]:
            received += os.read(descriptor, 1024)
    return received


def _start(tmp_path, term="xterm", timeout="5"):
    """A child whose controlling terminal is ours to answer for, and that terminal's two ends."""
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    answer = tmp_path / "answer.json"

    def take_terminal():
        os.setsid()
        import fcntl  # noqa: PLC0415

        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(answer), timeout],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TERM": term, "COLORTERM": "truecolor"},
        preexec_fn=take_terminal,  # noqa: PLW1509 - no other thread runs here
    )
    return child, ours, theirs, answer, before


@pytest.fixture
def answered(tmp_path):
    """A function that plays a terminal which gives one reply, and returns what was made of it."""

    def play(reply, **options):
        child, ours, theirs, answer, before = _start(tmp_path, **options)
        try:
            if reply is not None:
                assert b"\x1b[c" in _read_until(ours, b"\x1b[c")
                os.write(ours, reply)
            assert child.wait(10) == 0
            assert termios.tcgetattr(theirs) == before
            return json.loads(answer.read_text())
        finally:
            os.close(ours)
            os.close(theirs)

    return play


@pytest.mark.parametrize(
    ("reply", "sixel"),
    [
        (b"\x1b[?62;4;22c", True),
        (b"\x1b[?4c", True),
        (b"\x1b[?62;22c", False),
        (b"\x1b[?64;14c", False),  # 14 is not 4
        (b"typed ahead\x1b[?65;4c", True),
    ],
)
def test_attribute_4_means_sixel(answered, reply, sixel):
    found = answered(reply)

    assert found["sixel"] is sixel
    assert "device attributes" in found["sixel_reason"]
    assert found["is_terminal"] is True
    assert (found["term"], found["color_term"]) == ("xterm", "truecolor")


@pytest.mark.parametrize("reply", [b"", b"\x1b[?62;4", b"x" * 5000])
def test_a_terminal_that_does_not_answer_is_unknown(answered, reply):
    found = answered(reply, timeout="0.3")

    assert found["sixel"] is None
    assert "did not answer" in found["sixel_reason"]


def test_a_dumb_terminal_is_not_asked(answered):
    found = answered(None, term="dumb")

    assert (found["is_terminal"], found["sixel"]) == (True, None)
    assert "TERM" in found["sixel_reason"]


def test_a_signal_finds_the_terminal_put_back(tmp_path):
    child, ours, theirs, _, before = _start(tmp_path, timeout="0.5")
    try:
        _read_until(ours, b"\x1b[c")
        assert not termios.tcgetattr(theirs)[3] & termios.ECHO
        child.send_signal(signal.SIGTERM)

        assert child.wait(10) == -signal.SIGTERM
        assert termios.tcgetattr(theirs) == before
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("device", ["missing", "file"])
def test_what_is_no_terminal_is_not_asked(tmp_path, device, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    path = tmp_path / device
    if device == "file":
        path.write_text("")

    found = terminal(path)

    assert (found["is_terminal"], found["sixel"]) == (False, None)
    assert found["sixel_reason"] == "there is no terminal to ask"
    if device == "file":
        assert path.read_text() == ""


def test_a_terminal_of_another_session_is_not_asked(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    try:
        found = terminal(os.ttyname(theirs))
        assert found["sixel"] is None
        assert "cannot be asked" in found["sixel_reason"]
        assert not select.select([ours], [], [], 0)[0]
    finally:
        os.close(ours)
        os.close(theirs)
