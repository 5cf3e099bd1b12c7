"""What readers of a stored gate report may rely on, whichever version wrote it."""

from __future__ import annotations

from typing import Any

from .criterion_result import FAIL, INVALID, MISSING


def complete(report: dict[str, Any]) -> dict[str, Any]:
    """The report itself, with the typed keys that entries of version 1.0 lack.

    Version 1.0 kept them in prose, which is not read: a skip that blocks, a warning and a cause are
    not known. `report` is valid by schema.
    """
    for host in report["hosts"].values():
        for entry in host["criteria"]:
            if "blocks" not in entry:
                entry |= {
                    "blocks": entry["outcome"] in (FAIL, INVALID, MISSING),
                    "warns": False,
                    "cause": None,
                    "figures": [entry["figure"]] if "figure" in entry else [],
                    "remediation": {"text": entry["action"], "command": None},
                }
    return report
