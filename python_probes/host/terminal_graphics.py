"""The terminal, and whether it draws Sixel graphics: asked of the terminal itself.

The question is DA1, primary device attributes (`ESC [ c`); attribute 4 in the answer means Sixel.
See the VT330/VT340 manual and https://invisible-island.net/xterm/ctlseqs/ctlseqs.html.
"""

from __future__ import annotations

import os
import re
import select
import signal
import termios
import time
from pathlib import Path
from typing import Any

_QUESTION = b"\x1b[c"
_ANSWER = re.compile(rb"\x1b\[\?([0-9;]*)c")
_SIXEL = b"4"
_LONGEST_ANSWER = 4096  # bytes
# None may leave the terminal raw: they wait for the fraction of a second that the question takes.
_HELD_SIGNALS = {
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT),
    *(signal.SIGTSTP, signal.SIGTTOU, signal.SIGTTIN),
}


def terminal(device: Path = Path("/dev/tty"), timeout: float = 0.5) -> dict[str, Any]:
    """The `terminal` object of the environment document; `timeout` is in seconds."""
    result: dict[str, Any] = {
        "is_terminal": False,
        "term": os.environ.get("TERM"),
        "color_term": os.environ.get("COLORTERM"),
        "sixel": None,
        "sixel_reason": None,
    }
    try:
        descriptor = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        result["sixel_reason"] = "there is no terminal to ask"
        return result
    try:
        result["is_terminal"] = os.isatty(descriptor)
        result["sixel"], result["sixel_reason"] = _ask(descriptor, result["term"], timeout)
    finally:
        os.close(descriptor)
    return result


def _ask(descriptor: int, term: str | None, timeout: float) -> tuple[bool | None, str]:
    """Whether the terminal draws Sixel, and the evidence or why it is not known."""
    if not os.isatty(descriptor):
        return None, "there is no terminal to ask"
    if term in (None, "", "dumb"):
        return None, "TERM names no terminal that answers questions"
    try:
        if os.tcgetpgrp(descriptor) != os.getpgrp():
            return None, "not asked: this process is in the background of its terminal"
        answer = _exchange(descriptor, timeout)
    except (OSError, termios.error) as error:
        return None, f"the terminal cannot be asked: {error}"
    if answer is None:
        return None, f"the terminal did not answer within {timeout:g} s"
    found = _SIXEL in answer.split(b";")
    return found, f"the terminal's device attributes are {answer.decode('ascii')}"


def _exchange(descriptor: int, timeout: float) -> bytes | None:
    """The attributes in the terminal's answer, or None; the terminal's mode is put back always.

    Raises OSError and termios.error.
    """
    held = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_SIGNALS)
    try:
        before = termios.tcgetattr(descriptor)
        raw = termios.tcgetattr(descriptor)
        raw[3] &= ~(termios.ICANON | termios.ECHO)
        raw[6][termios.VMIN] = 0
        raw[6][termios.VTIME] = 0
        answer = None
        try:
            termios.tcsetattr(descriptor, termios.TCSANOW, raw)
            os.write(descriptor, _QUESTION)
            answer = _read_answer(descriptor, timeout)
        finally:
            # An answer that comes late would be typed into the user's shell: flush it.
            when = termios.TCSANOW if answer is not None else termios.TCSAFLUSH
            termios.tcsetattr(descriptor, when, before)
        return answer
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _read_answer(descriptor: int, timeout: float) -> bytes | None:
    received = b""
    end = time.monotonic() + timeout
    while len(received) < _LONGEST_ANSWER:
        readable, _, _ = select.select([descriptor], [], [], max(0.0, end - time.monotonic()))
        if not readable:
            return None
        chunk = os.read(descriptor, 256)
        if not chunk:
            return None
        received += chunk
        matched = _ANSWER.search(received)
        if matched:
            return matched[1]
    return None
