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
from ..distribution.arm_check import BLOCKER as _ARM
from ..evaluation.criterion_result import FAIL, MISSING, PASS, REQUIRED, SKIPPED, WAIVED
from ..evaluation.evidence import NO_ANSWER

Blocker = dict[str, Any]

ARM_COMPATIBILITY = _ARM
HARDWARE_ACCESS = "hardware_access"
PERFORMANCE = "performance_below_expectation"
OTHER = "other"
SEVERITIES = ("critical", "high", "medium", "low")

# What a build for another processor or GPU shows in, beside text that names the processor.
_ARM_CRITERIA = {"architecture", "torch_cuda", "torch_code"}
_ARM_TEXT = re.compile(r"\b(aarch64|arm64|sbsa|no wheel)\b", re.IGNORECASE)
_RATE = re.compile(r"[\d.] (TFLOP/s|TOP/s|GB/s|IOPS|MHz|us|ms|s)$")
# How a criterion's message quotes a probe: evidence.unread_reason.
_PROBLEM = re.compile(r": ([a-z][a-z0-9_.]*): (.+) \(([a-z][a-z0-9_]*)\)$")


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


def passes(entry: Mapping[str, Any]) -> bool:
    """Whether a criterion of a gate report does not keep its host from passing."""
    outcome = entry["outcome"]
    if outcome == SKIPPED:
        return not entry["message"].startswith(REQUIRED)
    return outcome in (PASS, WAIVED)


def unreachable(host: Mapping[str, Any]) -> bool:
    """Whether a host of a gate report gave no answer, or was never heard of at all."""
    entries = [entry for entry in host["criteria"] if entry["outcome"] != SKIPPED]
    if any(entry["message"].startswith(NO_ANSWER) for entry in entries):
        return True
    return not host["documents"] and all(entry["outcome"] == MISSING for entry in entries)


def findings(host: str, judged: Mapping[str, Any]) -> Iterator[Finding]:
    """What does not pass on a host of a gate report."""
    open_entries = [entry for entry in judged["criteria"] if not passes(entry)]
    if unreachable(judged):
        yield Finding(host, "host_answers", HARDWARE_ACCESS, tuple(open_entries))
        return
    causes: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for entry in open_entries:
        # A failure is a cause of its own: it compares one value with one requirement.
        own = entry["id"] if entry["outcome"] == FAIL else ""
        # Figures that were not measured say so each by name, then all the same reason.
        reason = entry["message"].rpartition(" was not measured: ")[2]
        causes.setdefault((entry["outcome"], reason, own), []).append(entry)
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
                "help_needed": list(dict.fromkeys(entry["action"] for entry in entries)),
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
    cure: str,
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
        "help_needed": [cure],
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
    if any(_about_arm(entry) for entry in entries):
        return ARM_COMPATIBILITY
    failed = [entry for entry in entries if entry["outcome"] == FAIL]
    if any(
        entry["id"].startswith("regression_") or _RATE.search(entry["required"]) for entry in failed
    ):
        return PERFORMANCE
    return OTHER


def _about_arm(entry: Mapping[str, Any]) -> bool:
    """Whether it speaks of a build for another processor."""
    if entry["outcome"] == FAIL:
        return entry["id"] in _ARM_CRITERIA
    return bool(_ARM_TEXT.search(entry["message"]))


def _severity(type_: str, entries: Sequence[Mapping[str, Any]], everywhere: bool) -> str:
    """By what it holds up: other workstreams on all hosts or on some, its own, or nothing yet."""
    failed = any(entry["outcome"] == FAIL for entry in entries)
    if type_ == HARDWARE_ACCESS or (failed and _first(entries)["workstream"] == HARDWARE.name):
        return "critical" if everywhere else "high"
    return "low" if all(entry["outcome"] == MISSING for entry in entries) else "medium"


def _first(entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return min(entries, key=lambda entry: str(entry["workstream"]))


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
    quoted: dict[tuple[str, ...], None] = {}
    for entry in entries:
        problem = _PROBLEM.search(entry["message"]) if entry["outcome"] == MISSING else None
        if problem is not None:
            quoted[problem.groups()] = None
    steps += [{"step": "probe", "probe": p, "message": m, "code": c} for p, m, c in quoted]
    return steps
