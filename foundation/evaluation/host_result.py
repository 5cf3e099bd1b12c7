"""What the gate found out about one host, before it is seen beside the others. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from sys import intern
from typing import Any

from ..core.errors import DocumentError, Json, one_line, shorten
from ..documents.store import COLLECTED_KINDS, LIVE_STATE, Document
from ..profiles.criteria import Criterion, Profile
from ..profiles.remediation import Remediation
from .criterion_result import (
    FAIL,
    INVALID,
    MISSING,
    PASS,
    CriterionResult,
    Entry,
    figure_faults,
    judge,
)
from .evidence import Evidence
from .regression import regressions
from .validity.sample_rules import counted

EVERY_FIGURE = "*"
_LONGEST_VALUE = 200  # characters of a fact
_FEWEST_TELLING = 3  # different samples that are not counts: chance does not repeat them in order


@dataclass(frozen=True)
class HostResult:
    """A host as judged on its own evidence.

    `figures` is as in the report, `spreads` their recorded spread. `facts` are (id, title, value)
    of what the host may be compared in, `consistent` has by id the criteria whose value must be
    that of the others, with what is done where it is not.
    `alike` says which hosts measure the same thing, `machine` what no two machines share;
    `samples` has by figure a mark of its samples that no other run gives, `judges` by entry the
    figure that it looks at (EVERY_FIGURE, or nothing).
    """

    host: str
    profile: str
    note: str
    entries: tuple[Entry, ...]
    documents: Mapping[str, str]
    figures: Mapping[str, Mapping[str, Any]]
    spreads: Mapping[str, float | None]
    facts: tuple[tuple[str, str, str], ...]
    consistent: Mapping[str, Remediation]
    alike: tuple[Any, ...]
    machine: frozenset[tuple[str, str]]
    samples: Mapping[str, int]
    judges: tuple[str, ...]
    groups: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """PASS, or the worst of what blocks: FAIL, INVALID, MISSING."""
        outcomes = {entry["outcome"] for entry in self.entries if entry["blocks"]}
        for outcome in (FAIL, INVALID):
            if outcome in outcomes:
                return outcome.upper()
        # What remains is missing, or skipped where the profile does not say it is optional.
        return MISSING.upper() if outcomes else PASS.upper()

    def changed(self, changes: Mapping[int, Entry]) -> HostResult:
        """The same with other entries in some places."""
        if not changes:
            return self
        entries = tuple(changes.get(index, entry) for index, entry in enumerate(self.entries))
        return replace(self, entries=entries)


@dataclass
class Shared:
    """Entries that several hosts have in common, kept once: a fleet says much the same."""

    entries: dict[tuple[Any, ...], Entry] = field(default_factory=dict)

    def entry(self, result: CriterionResult, host: str) -> Entry:
        """The entry of a result, made once for all hosts where it is the same."""
        key = result.key(host)
        entry = self.entries.get(key)
        if entry is None:
            entry = self.entries[key] = result.entry(host)
        return entry


def judge_host(
    host: str,
    given: Mapping[str, Document | DocumentError],
    profiles: Sequence[Profile],
    now: datetime,
    *,
    shared: Shared,
    notes: Iterable[str] = (),
) -> HostResult:
    """Judge one host by the one of the profiles that it selects.

    `notes` go with the verdict. Raises nothing whatever the documents hold.
    """
    evidence = Evidence(host, given)
    profile = evidence.select_profile(profiles)
    evidence.apply(profile, now)
    results = [judge(criterion, evidence, profile) for criterion in profile.criteria]
    results += regressions(evidence, profile)
    usable = {k: d for k, d in evidence.readable.items() if k not in evidence.blockers}
    figures = dict(_figures(evidence, profile)) if "benchmark" in usable else {}
    facts = [
        (fact.id, fact.title, value)
        for fact in profile.compare
        if fact.document in usable and (value := _text(fact.path.search(usable[fact.document])))
    ]
    facts += [
        (result.criterion.id, result.criterion.title, result.measured)
        for result in results
        if result.criterion.consistent and result.outcome == PASS and result.measured
    ]
    state = evidence.readable.get(LIVE_STATE)
    return HostResult(
        host=host,
        profile=profile.name,
        note=profile.note,
        entries=tuple(shared.entry(result, host) for result in results),
        documents={kind: entry["collected_at"] for kind, entry in evidence.readable.items()},
        figures=figures,
        spreads={name: usable["benchmark"]["data"]["figures"][name]["spread"] for name in figures},
        facts=tuple(facts),
        consistent={c.id: c.remediation for c in profile.criteria if c.consistent},
        alike=(profile.name, *_alike(usable)),
        machine=frozenset(_machine(evidence)),
        samples=dict(_samples(usable["benchmark"]["data"]["figures"], figures)) if figures else {},
        judges=tuple(_looks_at(result.criterion) for result in results),
        groups=tuple(state["data"].get("groups", ())) if state else (),
        notes=(*notes, *evidence.notes),
    )


def _figures(evidence: Evidence, profile: Profile) -> Iterable[tuple[str, dict[str, Any]]]:
    """The figures of the report, by name: those whose value is a number at all."""
    for name, figure in evidence.readable["benchmark"]["data"]["figures"].items():
        if math.isfinite(figure["value"]):
            trusted = not figure_faults(name, evidence, profile)
            yield (
                intern(name),
                {"value": figure["value"], "unit": intern(figure["unit"]), "trusted": trusted},
            )


def _samples(
    measured: Mapping[str, Any], figures: Mapping[str, Mapping[str, Any]]
) -> Iterable[tuple[str, int]]:
    """By trusted figure a hash of its samples, the same in every process.

    Not where chance may repeat them: a disk that is capped gives the same few counts everywhere.
    """
    for name, figure in figures.items():
        samples = measured[name]["samples"] if figure["trusted"] else ()
        telling: set[float] = set()
        for sample in samples:
            if not counted(sample, figure["unit"]):
                telling.add(sample)
            if len(telling) >= _FEWEST_TELLING:
                yield name, hash(tuple(samples))
                break


def _looks_at(criterion: Criterion) -> str:
    return EVERY_FIGURE if criterion.every_figure else intern(criterion.figure or "")


def _text(value: Json) -> str:
    """A fact as one line; of a list its different items in order. Empty where it is not known."""
    if isinstance(value, list):
        return one_line(", ".join(sorted({_text(item) for item in value} - {""})), _LONGEST_VALUE)
    if value is None:
        return ""
    return one_line(value if isinstance(value, str) else shorten(value), _LONGEST_VALUE)


def _alike(usable: Mapping[str, Document]) -> tuple[Any, ...]:
    """What hosts must have in common for their figures to be comparable."""
    if "benchmark" not in usable:
        return ()
    data = usable["benchmark"]["data"]
    device = data["device"]
    cpus = data["conditions"]["logical_cpus"]
    return (device["kind"], device["name"], cpus, data["level"])


def _machine(evidence: Evidence) -> Iterable[tuple[str, str]]:
    """What no two machines share, as the host reported when it was last asked.

    A host that did not answer shares nothing: it may have been renamed since.
    """
    state = evidence.readable.get(LIVE_STATE)
    if state is not None and not state["data"]["reachable"]:
        return
    kinds = (LIVE_STATE, *COLLECTED_KINDS)
    newest = next((evidence.readable[kind] for kind in kinds if kind in evidence.readable), None)
    if newest is not None:
        for uuid in newest["identity"]["gpu_uuids"] or ():
            yield "GPU", uuid
        if newest["identity"]["serial_hash"]:
            yield "serial number", newest["identity"]["serial_hash"]
