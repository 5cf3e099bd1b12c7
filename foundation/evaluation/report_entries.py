"""What readers of a stored gate report may rely on, whichever version wrote it."""

from __future__ import annotations

from typing import Any

from .criterion_result import FAIL, INVALID, MISSING


def complete(report: dict[str, Any]) -> dict[str, Any]:
    """The report itself, with the typed keys that its entries lack: all of them in version 1.0.

    Version 1.0 kept them in prose, which is not read: a skip that blocks, a warning and a cause are
    not known. `report` is valid by schema, which requires none of these keys.
    """
    for host in report["hosts"].values():
        for entry in host["criteria"]:
            entry.setdefault("blocks", entry["outcome"] in (FAIL, INVALID, MISSING))
            entry.setdefault("warns", False)
            entry.setdefault("cause", None)
            entry.setdefault("figures", [entry["figure"]] if "figure" in entry else [])
            entry.setdefault("remediation", {"text": entry["action"], "command": None})
    return report
