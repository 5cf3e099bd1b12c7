"""What a person has to know of a host, the worst first: the view of a gate report for readers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..evaluation.criterion_result import FAIL, INVALID, MISSING, PASS, SKIPPED, WAIVED
from ..profiles.remediation import for_hosts

OUTCOMES = (PASS, FAIL, INVALID, MISSING, SKIPPED, WAIVED)
VERDICTS = ("FAIL", "INVALID", "MISSING", "PASS")
"""The verdicts over a host, the worst first."""

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
    def word(self) -> str:
        """The outcome, or that it is a warning."""
        return SKIPPED if self.state == NOT_SKIPPABLE else self.state

    @property
    def compares(self) -> bool:
        """Whether measured and required say it all, so that the message only repeats them."""
        return self.state == FAIL and len(self.entries) == 1

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


def shared_findings(
    hosts: Mapping[str, Any], states: Collection[str] = FINDINGS
) -> Iterator[tuple[list[str], list[Finding]]]:
    """The findings in some states, with the names of the hosts of a report that share them all.

    A command is for all of these hosts. So fifty unreachable hosts are one block.
    """
    groups: dict[tuple[Any, ...], dict[str, list[Finding]]] = {}
    for name, host in hosts.items():
        found = [one for one in findings(host) if one.state in states]
        if found:
            groups.setdefault(tuple(map(_shown, found)), {})[name] = found
    for group in groups.values():
        same = zip(*group.values(), strict=True)
        commands = (dict(zip(group, (one.command for one in each), strict=True)) for each in same)
        first = next(iter(group.values()))
        yield (
            list(group),
            [replace(one, command=for_hosts(c)) for one, c in zip(first, commands, strict=True)],
        )


def _shown(found: Finding) -> tuple[Any, ...]:
    """What two hosts' findings have in common when they read the same."""
    first = found.entries[0]
    reason = (first["measured"], first["required"]) if found.compares else found.message
    criteria = tuple((entry["id"], entry["title"]) for entry in found.entries)
    return found.state, criteria, reason, found.remediation


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts spark-2 before spark-10."""
    parts = re.split(r"([0-9]+)", name)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)
