"""Where files are unless a user says otherwise; relative to the project's root.

The options of the `foundation` command, of the Ansible modules and of the Python API take them
from here. What must repeat them, documentation in YAML, is held equal by a test.
"""

from __future__ import annotations

from pathlib import Path

DOCUMENTS = Path("bench/baselines")
REPORTS = Path("reports")
GATE_REPORT = REPORTS / "gate.json"
STATUS = REPORTS / "status.json"
STATUS_POSTED = REPORTS / "status_posted.json"
PLOTS = REPORTS / "plots"
HANDOFF = Path("handoff")
COMPLETION = Path("docs/workstreams")
HARDWARE_PAGE = Path("docs/hardware.md")
ARM_LOCK = Path("roles/probe_runtime/files/requirements-aarch64.txt")

PROFILE = "auto"
"""The choice of profile: by what each host is."""
