"""What stands in the way, grouped: findings of a gate report that have one cause are one blocker.

A criterion that does not pass is a finding. Findings of a host that share their reason, such as a
host that does not answer, are one; the same finding on many hosts is one blocker that names them,
so that a fleet that is down is one blocker and not thousands. On each host a finding has an id, a
hash of host and cause: by it a blocker is new, known or gone. Pure: no file, no clock.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.workstreams import HARDWARE, WORKSTREAMS
from ..distribution.arm_check import BLOCKER as ARM_COMPATIBILITY
from ..evaluation.criterion_result import FAIL, MISSING, SKIPPED
from ..evaluation.evidence import UNREACHABLE
from ..profiles.remediation import for_hosts

Blocker = dict[str, Any]

HARDWARE_ACCESS = "hardware_access"
PERFORMANCE = "performance_below_expectation"
OTHER = "other"
SEVERITIES = ("critical", "high", "medium", "low")

# What a build for another processor or GPU shows in.
_ARM_CRITERIA = {"architecture", "torch_cuda", "torch_code"}
_RATE = re.compile(r"[\d.] (TFLOP/s|TOP/s|GB/s|IOPS|MHz|us|ms|s)$")


@dataclass(frozen=True)
class Finding:
    """One cause on one host; `key` is the criterion's id, or names what several share."""

    host: str
    key: str
    type: str
    entries: tuple[Mapping[str, Any], ...]

    @property
    def id(self) -> str:
        """The same for the same cause on the same host, whatever is measured."""
        return identifier(self.host, self.key)


def identifier(*parts: str) -> str:
    """A short stable hash."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def unreachable(host: Mapping[str, Any]) -> bool:
    """Whether a host of a gate report gave no answer, or was never heard of at all."""
    entries = [entry for entry in host["criteria"] if entry["outcome"] != SKIPPED]
    if any(entry["cause"] == UNREACHABLE for entry in entries):
        return True
    return not host["documents"] and all(entry["outcome"] == MISSING for entry in entries)


def findings(host: str, judged: Mapping[str, Any]) -> Iterator[Finding]:
    """What does not pass on a host of a gate report."""
    open_entries = [entry for entry in judged["criteria"] if entry["blocks"]]
    if unreachable(judged):
        yield Finding(host, "host_answers", HARDWARE_ACCESS, tuple(open_entries))
        return
    causes: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for entry in open_entries:
        # A failure is a cause of its own: it compares one value with one requirement.
        own = entry["id"] if entry["outcome"] == FAIL else ""
        cause = entry["cause"] or {}
        same = (value for key, value in cause.items() if key != "message")
        causes.setdefault((entry["outcome"], own, *same), []).append(entry)
    shared: dict[str, list[Mapping[str, Any]]] = {}
    for entries in causes.values():
        workstreams = {entry["workstream"] for entry in entries}
        key = entries[0]["id"]
        if len(entries) > 1:
            scope = workstreams.pop() if len(workstreams) == 1 else "host"
            key = f"{scope} {entries[0]['outcome']}"
        shared.setdefault(key, []).extend(entries)
    for key, entries in shared.items():
        yield Finding(host, key, _type(entries), tuple(entries))


def group(
    found: Iterable[Finding],
    hosts: Mapping[str, Mapping[str, Any]],
    first_seen: Mapping[str, str],
    judged_at: str,
) -> list[Blocker]:
    """The blockers that findings on `hosts` of a gate report make, worst first.

    `first_seen` has by finding id when it was first reported; the others are new at `judged_at`.
    """
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        groups.setdefault((finding.type, finding.key), []).append(finding)
    made = []
    for (type_, key), members in groups.items():
        entries = [entry for member in members for entry in member.entries]
        since = {
            one.host: {"id": one.id, "first_seen": first_seen.get(one.id, judged_at)}
            for one in members
        }
        made.append(
            {
                "id": identifier(type_, key),
                "type": type_,
                "severity": _severity(type_, entries, len(members) == len(hosts)),
                "criteria": list(dict.fromkeys(entry["id"] for entry in entries)),
                "workstreams": sorted({entry["workstream"] for entry in entries}),
                "title": _title(type_, entries),
                "hosts": since,
                "first_seen": min(entry["first_seen"] for entry in since.values()),
                "evidence": _evidence(members),
                "attempted": _attempted(members, entries, hosts, judged_at),
                "help_needed": list(_remediations(members)),
            }
        )
    return sort(made)


def sort(blockers: Iterable[Blocker]) -> list[Blocker]:
    """Worst first, then those on most hosts; stable for the same set of blockers."""
    return sorted(
        blockers,
        key=lambda one: (
            SEVERITIES.index(one["severity"]),
            -len(one["hosts"]),
            one["workstreams"],
            one["criteria"],
            one["id"],
        ),
    )


def limited(blocker: Blocker, hosts: Collection[str]) -> Blocker | None:
    """A blocker on some of its hosts only; None for none of them."""
    if not hosts:
        return None
    mine = {host: entry for host, entry in blocker["hosts"].items() if host in hosts}
    evidence = [{**e, "hosts": [h for h in e["hosts"] if h in mine]} for e in blocker["evidence"]]
    return {
        **blocker,
        "hosts": mine,
        "first_seen": min(entry["first_seen"] for entry in mine.values()),
        "evidence": [entry for entry in evidence if entry["hosts"]],
    }


def of_fleet(
    key: str,
    type_: str,
    evidence: Mapping[str, Any],
    *,
    title: str,
    attempted: Mapping[str, Any],
    remediation: str,
    first_seen: Mapping[str, str],
    now: str,
) -> Blocker:
    """A blocker that belongs to no single host: an empty inventory, a lock without wheels."""
    own = identifier(type_, key)
    return {
        "id": own,
        "type": type_,
        "severity": "critical" if type_ == HARDWARE_ACCESS else "high",
        "criteria": [key],
        "workstreams": [HARDWARE.name],
        "title": title,
        "hosts": {},
        "first_seen": first_seen.get(own, now),
        "evidence": [{"hosts": [], **evidence}],
        "attempted": [attempted],
        "help_needed": [remediation],
    }


def first_seen_of(blockers: Iterable[Blocker]) -> dict[str, str]:
    """By id of a finding, or of a blocker without hosts, when it was first seen."""
    known: dict[str, str] = {}
    for blocker in blockers:
        known |= {entry["id"]: entry["first_seen"] for entry in blocker["hosts"].values()}
        if not blocker["hosts"]:
            known[blocker["id"]] = blocker["first_seen"]
    return known


def _type(entries: Sequence[Mapping[str, Any]]) -> str:
    failed = [entry for entry in entries if entry["outcome"] == FAIL]
    if any(entry["id"] in _ARM_CRITERIA for entry in failed):
        return ARM_COMPATIBILITY
    if any(
        entry["id"].startswith("regression_") or _RATE.search(entry["required"]) for entry in failed
    ):
        return PERFORMANCE
    return OTHER


def _severity(type_: str, entries: Sequence[Mapping[str, Any]], everywhere: bool) -> str:
    """By what it holds up: other workstreams on all hosts or on some, its own, or nothing yet."""
    failed = any(entry["outcome"] == FAIL for entry in entries)
    hardware = any(entry["workstream"] == HARDWARE.name for entry in entries)
    if type_ == HARDWARE_ACCESS or (failed and hardware):
        return "critical" if everywhere else "high"
    return "low" if all(entry["outcome"] == MISSING for entry in entries) else "medium"


def _title(type_: str, entries: Sequence[Mapping[str, Any]]) -> str:
    titles = list(dict.fromkeys(entry["title"] for entry in entries))
    if type_ == HARDWARE_ACCESS:
        return "The host answers"
    return titles[0] if len(titles) == 1 else f"{titles[0]} and {len(titles) - 1} more"


def _evidence(members: Sequence[Finding]) -> list[dict[str, Any]]:
    """What was found, each once with the hosts that say so."""
    hosts: dict[tuple[Any, ...], list[str]] = {}
    for member in members:
        # What several criteria share has no one value: the reason speaks for all of them.
        alone = len(member.entries) == 1
        for entry in member.entries:
            measured = entry["measured"] if alone else None
            required = entry["required"] if alone else None
            place = hosts.setdefault((entry["outcome"], measured, required, entry["message"]), [])
            if member.host not in place:
                place.append(member.host)
    names = ("outcome", "measured", "required", "message")
    return [
        {"hosts": found, **dict(zip(names, values, strict=True))} for values, found in hosts.items()
    ]


def _attempted(
    members: Sequence[Finding],
    entries: Sequence[Mapping[str, Any]],
    hosts: Mapping[str, Mapping[str, Any]],
    judged_at: str,
) -> list[dict[str, Any]]:
    """What the tools did so far: judged, collected a document, tried to read a value."""
    steps: list[dict[str, Any]] = [{"step": "gate", "last": judged_at}]
    kinds = {kind for entry in entries for kind in WORKSTREAMS[entry["workstream"]].documents}
    newest: dict[str, str] = {}
    for member in members:
        for kind, collected in hosts[member.host]["documents"].items():
            if kind in kinds:
                newest[kind] = max(collected, newest.get(kind, collected))
    steps += [{"step": "collect", "document": k, "last": at} for k, at in sorted(newest.items())]
    for entry in entries:
        if "probe" in (entry["cause"] or {}):
            step = {"step": "probe", **entry["cause"]}
            if step not in steps:
                steps.append(step)
    return steps


def _remediations(members: Sequence[Finding]) -> Iterator[str]:
    """What a person does, each once, with the command for all hosts that need it."""
    commands: dict[str, dict[str, str | None]] = {}
    for member in members:
        for entry in member.entries:
            remediation = entry["remediation"]
            commands.setdefault(remediation["text"], {})[member.host] = remediation["command"]
    for text, by_host in commands.items():
        command = for_hosts(by_host)
        yield text if command is None else f"{text}: {command}"
