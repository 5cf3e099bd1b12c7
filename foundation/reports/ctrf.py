"""The gate report as CTRF JSON (Common Test Report Format 0.0, https://ctrf.io).

`status` is passed, failed or skipped; what the gate said stands in `rawStatus`. Not `other` for
what is missing: readers of CTRF take only `failed` for red.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from python_probes.core.version import VERSION

from .cases import Case, Status, cases

SPECIFICATION = "0.0.0"
_STATUS: Mapping[Status, str] = {
    Status.PASSED: "passed",
    Status.FAILED: "failed",
    Status.ERROR: "failed",
    Status.SKIPPED: "skipped",
}
_STATUSES = ("passed", "failed", "skipped", "pending", "other")
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://dgx-spark-foundation.invalid/criteria/")


def render(report: Mapping[str, Any]) -> str:
    """CTRF JSON of a gate report: a test per host and criterion.

    The same criterion of the same host has the same `id` in every report. Durations are 0, since
    judging takes none.
    """
    found = [case for suite in cases(report).values() for case in suite]
    counts = Counter(_STATUS[case.status] for case in found)
    judged = int(datetime.fromisoformat(report["generated_at"]).timestamp() * 1000)
    content = {
        "reportFormat": "CTRF",
        "specVersion": SPECIFICATION,
        "timestamp": report["generated_at"],
        "generatedBy": "foundation",
        "results": {
            "tool": {"name": "foundation gate", "version": VERSION},
            "summary": {
                "tests": len(found),
                **{status: counts[status] for status in _STATUSES},
                "suites": len({case.suite for case in found}),
                "start": judged,
                "stop": judged,
                "extra": {"verdict": report["verdict"], "workstreams": report["workstreams"]},
            },
            "tests": [_test(case) for case in found],
        },
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _test(case: Case) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid5(_NAMESPACE, f"{case.class_name}/{case.name}")),
        "name": case.name,
        "status": _STATUS[case.status],
        "rawStatus": case.outcome,
        "duration": 0,
        "suite": [case.suite, *([case.workstream] if case.workstream else [])],
        "message": case.summary,
        "extra": {
            "measured": case.measured,
            "required": case.required,
            "action": case.remediation,
            "command": case.command,
        },
    }
