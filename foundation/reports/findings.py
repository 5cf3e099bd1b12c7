"""What a person has to know of a host, the worst first: the view of a gate report for readers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..evaluation.criterion_result import (
    FAIL,
    INVALID,
    MISSING,
    PASS,
    SKIPPED,
    WAIVED,
)

WARNED = "warning"
NOT_SKIPPABLE = "not-skippable"
BLOCKING = (FAIL, INVALID, MISSING, NOT_SKIPPABLE)
"""The states that keep a host from passing, the worst first."""
FINDINGS = (*BLOCKING, WARNED, WAIVED)
STATES = (*FINDINGS, SKIPPED, PASS)
"""Every state that a criterion can be in on a host, the worst first."""


def state(entry: Mapping[str, Any]) -> str:
    """The outcome of a report's entry, or what more there is to know of a pass or a skip."""
    if entry["warns"]:
        return WARNED
    if entry["blocks"] and entry["outcome"] == SKIPPED:
        return NOT_SKIPPABLE
    return str(entry["outcome"])


@dataclass(frozen=True)
class Finding:
    """Criteria of one host that are in one state for one and the same reason.

    `command` is None where there is nothing to type.
    """

    state: str
    message: str
    remediation: str
    command: str | None
    entries: tuple[Mapping[str, Any], ...]

    @property
    def blocks(self) -> bool:
        """Whether it keeps the host from passing."""
        return self.state in BLOCKING

    @property
    def title(self) -> str:
        """The criterion, or how many they are."""
        if len(self.entries) == 1:
            return str(self.entries[0]["title"])
        return f"{len(self.entries)} criteria for one reason"


def findings(host: Mapping[str, Any]) -> tuple[Finding, ...]:
    """The findings of a host of a gate report, the worst first, else in the report's order."""
    groups: dict[tuple[str, str, str, str | None], list[Mapping[str, Any]]] = {}
    for entry in host["criteria"]:
        remediation = entry["remediation"]
        key = (state(entry), entry["message"], remediation["text"], remediation["command"])
        if key[0] in FINDINGS:
            groups.setdefault(key, []).append(entry)
    found = [Finding(*key, tuple(entries)) for key, entries in groups.items()]
    return tuple(sorted(found, key=lambda finding: FINDINGS.index(finding.state)))


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts spark-2 before spark-10."""
    parts = re.split(r"([0-9]+)", name)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)
