"""Ten of the gate's checks as pytest-testinfra has them; gate_speed.py runs and times this file."""

from __future__ import annotations

import pytest

QUESTIONS = {
    "architecture": "uname -m",
    "kernel": "uname -r",
    "cpus": "nproc",
    "memory": "grep MemTotal /proc/meminfo",
    "page_size": "getconf PAGE_SIZE",
    "operating_system": "cat /etc/os-release",
    "boot": "cat /proc/sys/kernel/random/boot_id",
    "disk": "df --output=avail /",
    "load": "cat /proc/loadavg",
    "python": "python3 --version",
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_host_answers(host, name):
    answer = host.run(QUESTIONS[name])
    assert answer.rc == 0
    assert answer.stdout.strip()
