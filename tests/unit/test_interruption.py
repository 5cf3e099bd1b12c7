"""core/interruption.py: a program that is asked to end cleans up, however often asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from python_probes.core import interruption

PROGRAM = """\
import os, signal, sys, time
from python_probes.core import interruption
interruption.raise_on_signals()
try:
    print("ready", flush=True)
    time.sleep(60)
except interruption.Interrupted as signal_:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(os.getpid(), number)
    print("cleaned up after", signal_.name)
    sys.exit(signal_.exit_status)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_more_signals_do_not_interrupt_the_cleaning_up(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (128 + number, "")
    assert output == f"cleaned up after {number.name}\n"


def test_what_stood_before_is_put_back() -> None:
    before = signal.getsignal(signal.SIGHUP)
    handlers = interruption.raise_on_signals()
    try:
        with pytest.raises(interruption.Interrupted) as raised:
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        interruption.restore(handlers)
    assert (raised.value.name, raised.value.exit_status) == ("SIGHUP", 129)
    assert signal.getsignal(signal.SIGHUP) is before
