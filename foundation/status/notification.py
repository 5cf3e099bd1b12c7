"""What is posted to a webhook: blockers that are new, and those that are gone. Pure.

A blocker is new for a host when its id was not posted before; what was posted is remembered in a
document of its own, written after a post has arrived. So a blocker is posted once, and a post that
failed is made again with whatever came since.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..core.errors import one_line
from ..documents.schema_registry import version
from ..reports.text import count, few
from .blockers import HARDWARE_ACCESS, Blocker, identifier, limited
from .status_report import Status

SOLVED = "solved"
_LONGEST = 4000  # characters of a line of text; a message has 2,000 at most
_NAMED = 5  # hosts that a line of text names before it counts the rest


def notification(
    status: Status, posted: Mapping[str, Any] | None, hosts: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The body to post (`schemas/status_notification.json`); None where there is no news.

    `posted` is the memory, None before the first post; `hosts` are those of the gate report, by
    which a blocker that was solved differs from one whose host is no longer judged.
    """
    before: Mapping[str, Any] = posted["blockers"] if posted else {}
    present = {one_id for blocker in status["blockers"] for one_id, _ in _ids(blocker)}
    new = [part for blocker in status["blockers"] if (part := _unposted(blocker, before))]
    resolved = _resolved({i: entry for i, entry in before.items() if i not in present}, hosts)
    if not new and not resolved:
        return None
    ids = sorted(present - before.keys()) + sorted(before.keys() - present)
    return {
        "schema_version": version("status_notification"),
        "kind": "status_notification",
        "generated_at": status["generated_at"],
        "id": identifier(*ids),
        "orchestrator": status["orchestrator"],
        "phase": status["phase"],
        "text": "\n".join(one_line(line, _LONGEST) for line in _lines(status, new, resolved)),
        "workstreams": status["workstreams"],
        "new": new,
        "resolved": resolved,
    }


def remember(status: Status) -> dict[str, Any]:
    """The memory (`schemas/status_posted.json`) after a status was posted."""
    return {
        "schema_version": version("status_posted"),
        "kind": "status_posted",
        "generated_at": status["generated_at"],
        "blockers": {
            one_id: {
                "host": host,
                "blocker": blocker["id"],
                "type": blocker["type"],
                "title": blocker["title"],
                "criteria": blocker["criteria"],
            }
            for blocker in status["blockers"]
            for one_id, host in _ids(blocker)
        },
    }


def _ids(blocker: Blocker) -> Iterator[tuple[str, str | None]]:
    """By host what makes a blocker known; its own id where it has no hosts."""
    if not blocker["hosts"]:
        yield blocker["id"], None
    for host, entry in blocker["hosts"].items():
        yield entry["id"], host


def _unposted(blocker: Blocker, before: Mapping[str, Any]) -> Blocker | None:
    """A blocker with the hosts only on which it is new."""
    new = {host for one_id, host in _ids(blocker) if one_id not in before}
    if not new:
        return None
    if new >= blocker["hosts"].keys():
        return blocker
    return limited(blocker, {host for host in new if host is not None})


def _resolved(gone: Mapping[str, Any], hosts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was posted and is gone, by blocker and reason."""
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in gone.values():
        reason = _reason(entry, hosts)
        group = groups.setdefault(
            (entry["blocker"], reason),
            {
                "id": entry["blocker"],
                "type": entry["type"],
                "title": entry["title"],
                "criteria": entry["criteria"],
                "reason": reason,
                "hosts": [],
            },
        )
        if entry["host"] is not None:
            group["hosts"].append(entry["host"])
    for group in groups.values():
        group["hosts"].sort()
    return sorted(groups.values(), key=lambda one: (one["id"], one["reason"]))


def _reason(entry: Mapping[str, Any], hosts: Mapping[str, Any]) -> str:
    """Why a blocker is no longer reported, which need not be that it was solved."""
    if entry["host"] is None:
        return SOLVED
    if entry["host"] not in hosts:
        return "no longer judged"
    if entry["type"] == HARDWARE_ACCESS:  # it answers again, whatever else it does not pass
        return SOLVED
    criteria = hosts[entry["host"]]["criteria"]
    still = any(one["id"] in entry["criteria"] and one["blocks"] for one in criteria)
    return "reported otherwise" if still else SOLVED


def _lines(status: Status, new: list[Blocker], resolved: list[dict[str, Any]]) -> Iterator[str]:
    """The same in words, for services that show the key `text` of a body."""
    yield (
        f"{status['orchestrator']} {status['phase']}: "
        f"{count(len(new), 'new blocker')}, {len(resolved)} resolved"
    )
    for blocker in new:
        message = blocker["evidence"][0]["message"]
        where = names(list(blocker["hosts"]))
        yield f"{blocker['severity']} {blocker['type']}: {blocker['title']}{where}: {message}"
    for gone in resolved:
        yield f"{gone['reason']}: {gone['title']}{names(gone['hosts'])}"


def names(hosts: list[str]) -> str:
    """` (spark-01, spark-02 and 198 more)`; nothing for no host."""
    return f" ({few(hosts, _NAMED)})" if hosts else ""
