"""Waivers: failures that are accepted for a time, each for a host or group and one criterion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ..core.errors import WaiverError, one_line
from ..documents import yaml_files
from .criterion_result import FAIL, LONGEST_MESSAGE, WAIVED, Entry
from .fleet import named
from .host_result import HostResult

USED, EXPIRED, UNUSED = "used", "expired", "unused"
EVERYTHING = ("all", "ungrouped")
"""Groups that every inventory has, and that no waiver may name."""


@dataclass(frozen=True)
class Waiver:
    """Accepts a failure up to and including the day `expires` (UTC), on a host or in a group."""

    host: str
    criterion: str
    reason: str
    expires: date
    ticket: str = ""
    group: str = ""

    @property
    def subject(self) -> str:
        """Whom it is for, as the report says it."""
        return self.host or f"group {self.group}"

    def covers(self, one: HostResult) -> bool:
        """Whether it is for a host."""
        return self.group in one.groups if self.group else self.host == one.host


@dataclass
class _Effect:
    """What became of a waiver: the hosts that it covers, and those where it was used."""

    covered: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    outcomes: set[str] = field(default_factory=set)


def load_waivers(path: Path | None) -> tuple[Waiver, ...]:
    """The waivers in a YAML file; none without a file. Raises WaiverError."""
    if path is None:
        return ()
    entries = yaml_files.load(Path(path), "waivers", WaiverError) or ()
    waivers = tuple(
        Waiver(**{"host": "", **entry, "expires": date.fromisoformat(entry["expires"])})
        for entry in entries
    )
    for index, waiver in enumerate(waivers):
        if waiver.host in EVERYTHING or waiver.group in EVERYTHING:
            raise WaiverError(
                f"{path}: $[{index}]: {waiver.subject}: a waiver is for one host or a group of "
                "its own, not for everything: name them"
            )
        place = (waiver.subject, waiver.criterion)
        if any((w.subject, w.criterion) == place for w in waivers[:index]):
            raise WaiverError(
                f"{path}: {waiver.subject}, {waiver.criterion}: waived twice: keep one entry"
            )
    return waivers


def apply(
    results: Sequence[HostResult], waivers: Iterable[Waiver], now: datetime
) -> tuple[list[HostResult], list[dict[str, Any]]]:
    """The same with failures waived, and the `waivers` of the report.

    A host's own waiver goes before that of a group.
    """
    ordered, today = list(waivers), now.astimezone(UTC).date()
    effects = {id(waiver): _Effect() for waiver in ordered}
    judged = []
    for one in results:
        # A host's own last, so that it replaces a group's.
        mine = sorted((w for w in ordered if w.covers(one)), key=lambda waiver: bool(waiver.host))
        judged.append(_waived(one, mine, effects, today) if mine else one)
    hosts = len(results)
    return judged, [_entry(waiver, effects[id(waiver)], hosts, today) for waiver in ordered]


def _waived(
    one: HostResult, mine: Sequence[Waiver], effects: dict[int, _Effect], today: date
) -> HostResult:
    changes: dict[int, Entry] = {}
    chosen: dict[int, Waiver] = {}
    for waiver in mine:
        effect = effects[id(waiver)]
        effect.covered.append(one.host)
        for index, entry in enumerate(one.entries):
            if entry["id"] != waiver.criterion:
                continue
            effect.outcomes.add(entry["outcome"])
            if entry["outcome"] == FAIL and today <= waiver.expires:
                ticket = f", {waiver.ticket}" if waiver.ticket else ""
                message = f"waived until {waiver.expires}{ticket}: {waiver.reason}; "
                message = one_line(message + entry["message"], LONGEST_MESSAGE)
                changes[index] = {**entry, "outcome": WAIVED, "blocks": False, "message": message}
                chosen[index] = waiver
    for waiver in chosen.values():
        effects[id(waiver)].used.append(one.host)
    return one.changed(changes)


def _entry(waiver: Waiver, effect: _Effect, hosts: int, today: date) -> dict[str, Any]:
    state, message = UNUSED, f"covers {named(effect.used)}"
    blanket = bool(waiver.group and effect.used and len(effect.covered) == hosts > 1)
    if today > waiver.expires:
        state, message = EXPIRED, f"expired on {waiver.expires}"
    elif effect.used:
        state = USED
        if blanket:
            message = f"blanket: its group is every one of the {hosts} judged hosts; {message}"
    elif not effect.covered:
        message = "no host of the group was judged" if waiver.group else "this host was not judged"
    elif not effect.outcomes:
        message = "the host was not judged by this criterion"
    elif FAIL in effect.outcomes:
        message = "the host's own waiver is used"
    else:
        message = "only a failure can be waived, the outcome is " + " or ".join(
            sorted(effect.outcomes)
        )
    return {
        "host": waiver.subject,
        "criterion": waiver.criterion,
        "reason": waiver.reason,
        "expires": waiver.expires.isoformat(),
        "ticket": waiver.ticket,
        "state": state,
        "blanket": blanket,
        "message": message,
    }


def without_effect(entries: Iterable[dict[str, Any]]) -> Iterable[str]:
    """Why a waiver had no effect or too much: a reader would otherwise believe otherwise."""
    for entry in entries:
        place = f"{entry['host']}, {entry['criterion']}: {entry['message']}"
        if entry["state"] != USED:
            yield f"waiver without effect: {place}"
        elif entry["blanket"]:
            yield f"waiver: {place}"
