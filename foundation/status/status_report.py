"""Status: how far the workstreams are and what stands in their way, for people who were not there.

`status` is a pure function of a gate report and the previous status. A workstream is `complete`
where the gate says so of every host; `blocked` where no host with open criteria in it can go on,
since the host does not answer or WS-01 failed there; `not_started` where no host has a document
of it; else `in_progress`. There is no estimate of the end: see docs/adr/0015.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from ..core.errors import Json
from ..core.workstreams import HARDWARE, WORKSTREAMS
from ..distribution.arm_check import BLOCKER as ARM_COMPATIBILITY
from ..documents.schema_registry import version
from ..evaluation.criterion_result import FAIL, MISSING
from ..evaluation.gate import COMPLETE, NAME_HOSTS, NO_HOSTS
from . import blockers
from .blockers import Blocker

Status = dict[str, Any]

ORCHESTRATOR, PHASE = "Foundation", "M0"
IS_COMPLETE, IN_PROGRESS = "complete", "in_progress"
NOT_STARTED, BLOCKED = "not_started", "blocked"
_TIMES = {"generated_at", "last"}
"""Keys that differ after every run, whether or not anything happened."""


def status(
    report: Mapping[str, Any] | None,
    previous: Mapping[str, Any] | None,
    now: datetime,
    arm_check: Mapping[str, Any] | None = None,
) -> Status:
    """The status document (`schemas/status.json`). Reads no file and no clock.

    `report` is a gate report, None where the gate never ran: what the previous status knew of
    blockers then stays. `arm_check` is what `foundation arm-check --json` wrote. `now` has a time
    zone.
    """
    written = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    old: list[Blocker] = list(previous["blockers"]) if previous else []
    known = blockers.first_seen_of(old)
    found = _blockers(report, old, known)
    if arm_check is None:  # not asked again, so what it found stands
        found += [one for one in old if _is_arm_check(one)]
    else:
        found += [_unlocked(entry, arm_check, known, written) for entry in arm_check["blockers"]]
    unknown = {"status": NOT_STARTED, "progress": _progress({"passed": 0, "total": 0})}
    workstreams = {
        name: _workstream(name, report, previous, found) if report else unknown
        for name in WORKSTREAMS
    }
    return {
        "schema_version": version("status"),
        "kind": "status",
        "generated_at": written,
        "orchestrator": ORCHESTRATOR,
        "phase": PHASE,
        "gate": None
        if report is None
        else {
            "generated_at": report["generated_at"],
            "verdict": report["verdict"],
            "hosts": len(report["hosts"]),
            "not_judged": sorted(report["not_judged"]),
        },
        "workstreams": workstreams,
        "blockers": blockers.sort(found),
        "eta": None,
        "eta_reason": _no_eta(workstreams, found),
    }


def timeless(value: Json) -> Json:
    """A status without the times that every run sets anew."""
    if isinstance(value, Mapping):
        return {key: timeless(item) for key, item in value.items() if key not in _TIMES}
    return [timeless(item) for item in value] if isinstance(value, list) else value


def finished(document: Mapping[str, Any]) -> bool:
    """Whether every workstream of a status is complete and nothing blocks."""
    entries = document["workstreams"].values()
    return not document["blockers"] and all(e["status"] == IS_COMPLETE for e in entries)


def _blockers(
    report: Mapping[str, Any] | None, old: Iterable[Blocker], known: Mapping[str, str]
) -> list[Blocker]:
    """What the report finds, and what was known of hosts that it does not speak of."""
    if report is None:
        return [one for one in old if not _is_arm_check(one)]
    hosts, at = report["hosts"], report["generated_at"]
    found = [one for name, judged in hosts.items() for one in blockers.findings(name, judged)]
    made = blockers.group(found, hosts, known, at)
    by_id = {one["id"]: one for one in made}
    reported = blockers.first_seen_of(made).keys()
    # Of a host that does not answer nothing else is known either: it would seem solved.
    unasked = {name for name, judged in hosts.items() if blockers.unreachable(judged)}
    unasked |= set(report["not_judged"]) - hosts.keys()
    for blocker in old:
        kept = blockers.limited(
            blocker,
            {h for h, e in blocker["hosts"].items() if h in unasked and e["id"] not in reported},
        )
        if kept is None:
            continue
        if kept["id"] in by_id:
            _join(by_id[kept["id"]], kept)
        else:
            made.append(kept)
    if not hosts:
        nothing = {"outcome": MISSING, "measured": "0", "required": ">= 1", "message": NO_HOSTS}
        made.append(
            blockers.of_fleet(
                "hosts_judged",
                blockers.HARDWARE_ACCESS,
                nothing,
                title="Hosts are judged",
                attempted={"step": "gate", "last": at},
                remediation=NAME_HOSTS,
                first_seen=known,
                now=at,
            )
        )
    return made


def _join(into: Blocker, kept: Blocker) -> None:
    into["hosts"] |= kept["hosts"]
    into["evidence"] += kept["evidence"]
    into["first_seen"] = min(into["first_seen"], kept["first_seen"])


def _unlocked(
    entry: Mapping[str, Any], checked: Mapping[str, Any], known: Mapping[str, str], now: str
) -> Blocker:
    """A package that the arm64 lock names and for which the index has no wheel."""
    package = f"{entry['package']}=={entry['version']}"
    return blockers.of_fleet(
        f"arm_check {package}",
        ARM_COMPATIBILITY,
        {
            "outcome": FAIL,
            "measured": package,
            "required": "a wheel for aarch64",
            "message": entry["reason"],
        },
        title=f"{package} installs on arm64",
        attempted={
            "step": "arm_check",
            "requirements": checked["requirements"],
            "python": checked["python"],
        },
        remediation=entry["workaround"],
        first_seen=known,
        now=now,
    )


def _is_arm_check(blocker: Blocker) -> bool:
    return any(step["step"] == "arm_check" for step in blocker["attempted"])


def _workstream(
    name: str,
    report: Mapping[str, Any],
    previous: Mapping[str, Any] | None,
    found: Iterable[Blocker],
) -> dict[str, Any]:
    entry = report["workstreams"][name]
    # A host that was left out may be incomplete: of a part, nothing is complete.
    if entry["status"] == COMPLETE and not report["not_judged"]:
        before = previous["workstreams"][name] if previous else {}
        date = before.get("completion_date", report["generated_at"][:10])
        return {"status": IS_COMPLETE, "completion_date": date}
    described: dict[str, Any] = {"status": IN_PROGRESS, "progress": _progress(entry)}
    hosts = {
        host: judged
        for host, judged in report["hosts"].items()
        if any(e["workstream"] == name and e["blocks"] for e in judged["criteria"])
    }
    if hosts and all(_held(name, judged) for judged in hosts.values()):
        holding = [one["id"] for one in found if _holds(name, one) and hosts.keys() & one["hosts"]]
        return {**described, "status": BLOCKED, "blocked_by": sorted(holding)}
    stored = {kind for judged in report["hosts"].values() for kind in judged["documents"]}
    if stored.isdisjoint(WORKSTREAMS[name].documents):
        described["status"] = NOT_STARTED
    return described


def _progress(counts: Mapping[str, Any]) -> dict[str, Any]:
    passed, total = counts["passed"], counts["total"]
    # Rounded down: 1.0 says that all passed.
    fraction = passed * 1000 // total / 1000 if total else 0.0
    return {"fraction": fraction, "passed": passed, "total": total}


def _held(name: str, judged: Mapping[str, Any]) -> bool:
    """Whether a host cannot go on in a workstream: playbooks run none where WS-01 failed."""
    if blockers.unreachable(judged):
        return True
    return name != HARDWARE.name and any(
        entry["workstream"] == HARDWARE.name and entry["outcome"] == FAIL
        for entry in judged["criteria"]
    )


def _holds(name: str, blocker: Blocker) -> bool:
    if blocker["type"] == blockers.HARDWARE_ACCESS:
        return True
    failed = any(entry["outcome"] == FAIL for entry in blocker["evidence"])
    return name != HARDWARE.name and failed and HARDWARE.name in blocker["workstreams"]


def _no_eta(workstreams: Mapping[str, Mapping[str, Any]], found: list[Blocker]) -> str:
    if found:
        waiting = "1 blocker waits" if len(found) == 1 else f"{len(found)} blockers wait"
        return f"{waiting} for a person; no document says for how long"
    if all(entry["status"] == IS_COMPLETE for entry in workstreams.values()):
        return "every workstream is complete"
    return "no document says when the remaining hosts will be measured"
