"""Callback plugin: one JSON line for each task result in the file that $RECORD_RESULTS names.

So that tests compare what --check predicts with what a run does, and count changes.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record
type: aggregate
short_description: Record every task's result as a line of JSON
description: Writes to the file that $RECORD_RESULTS names, or nothing without it.
"""


RUN = f"{time.time():.0f}-{os.getpid()}"


class CallbackModule(CallbackBase):
    """Records results."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def _record(self, status: str, result: Any) -> None:
        path = os.environ.get("RECORD_RESULTS")
        if not path:
            return
        answer = result._result
        line = {
            "host": result._host.get_name(),
            "task": result._task.get_name(),
            "action": result._task.action,
            "status": status,
            "check": bool(result._task.check_mode),
            "run": RUN,
            "changed": bool(answer.get("changed")),
            "message": str(answer.get("msg", "")),
        }
        with Path(path).open("a") as file:
            file.write(json.dumps(line) + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._record("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._record("failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._record("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._record("unreachable", result)
