"""A gate report in the order in which its HTML page shows it. Decides nothing, counts and sorts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..evaluation.criterion_result import SKIPPED
from ..profiles.remediation import for_hosts
from .findings import BLOCKING, NOT_SKIPPABLE, STATES, VERDICTS, Finding, findings, natural, state

WORDS = {name: name for name in STATES} | {NOT_SKIPPABLE: "skipped, but required"}
"""How a state is called where there is room for it."""
_FEW = 3

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A criterion of any host: what holds for it everywhere is shown once.

    `required`, `remediation` and `skipped` (why it does not apply) are None where they differ from
    host to host; `counts` is by state.
    """

    anchor: str
    id: str
    title: str
    workstream: str
    required: str | None
    remediation: str | None
    skipped: str | None
    counts: Mapping[str, int]

    @property
    def blocking(self) -> int:
        """On how many hosts it keeps from passing."""
        return sum(self.counts[name] for name in BLOCKING)


@dataclass(frozen=True)
class Host:
    """A host's part of the report; `cells` has an entry or None for each column."""

    anchor: str
    name: str
    verdict: str
    profile: str
    findings: tuple[Finding, ...]
    cells: tuple[Entry | None, ...]
    documents: Mapping[str, str]

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """What keeps it from passing, the worst first."""
        return tuple(finding for finding in self.findings if finding.blocks)

    @property
    def open(self) -> int:
        """How many criteria keep it from passing."""
        return sum(len(finding.entries) for finding in self.blocking)

    @property
    def more(self) -> int:
        """How many findings that keep it from passing follow the worst."""
        return max(len(self.blocking) - 1, 0)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many criteria are in each state."""
        return Counter(state(entry) for entry in self.cells if entry is not None)

    @property
    def links(self) -> Mapping[str, str]:
        """The anchors of findings by criterion, of those that are about few criteria.

        What speaks of many, such as an absent document, is the host's story: its name leads there.
        """
        return {
            entry["id"]: self.target(finding)
            for finding in self.findings
            for entry in finding.entries
            if len(finding.entries) <= _FEW
        }

    def target(self, finding: Finding) -> str:
        """The anchor of one of its findings."""
        return f"{self.anchor}f{self.findings.index(finding)}"

    def rest(self, outcome: str) -> list[tuple[int, Entry]]:
        """What passes, or is skipped, without anything to say: column numbers and entries."""
        return [
            (index, entry)
            for index, entry in enumerate(self.cells)
            if entry is not None and state(entry) == outcome
        ]


@dataclass(frozen=True)
class Problem:
    """Hosts whose worst finding is the same: each host that does not pass is in exactly one."""

    finding: Finding
    hosts: tuple[Host, ...]

    @property
    def command(self) -> str | None:
        """What to type for all of them; None where there is no such command."""
        return for_hosts({host.name: host.blocking[0].command for host in self.hosts})

    @property
    def measured(self) -> list[tuple[str, int]]:
        """What was measured, the most frequent first, and on how many hosts."""
        if len(self.finding.entries) > 1:
            return []
        found = Counter(host.blocking[0].entries[0]["measured"] for host in self.hosts)
        return [(text, number) for text, number in found.most_common() if text is not None]

    @property
    def message(self) -> str | None:
        """Why, where it is the same on all of them."""
        return _same(host.blocking[0].message for host in self.hosts)

    @property
    def required(self) -> str | None:
        """What is required, where it is one criterion and the same for all of them."""
        if len(self.finding.entries) > 1:
            return None
        return _same(host.blocking[0].entries[0]["required"] for host in self.hosts)


@dataclass(frozen=True)
class Page:
    """What the template shows."""

    report: Mapping[str, Any]
    hosts: tuple[Host, ...]
    columns: tuple[Column, ...]
    problems: tuple[Problem, ...]
    states: Mapping[str, int]

    @property
    def failing(self) -> tuple[Host, ...]:
        """The hosts that do not pass."""
        return tuple(host for host in self.hosts if host.verdict != "PASS")

    @property
    def pointed(self) -> frozenset[str]:
        """The criteria that some host does not pass for a reason of their own."""
        return frozenset(
            entry["id"]
            for host in self.hosts
            for finding in host.blocking
            for entry in finding.entries
            if entry["id"] in host.links
        )


def page(report: Mapping[str, Any]) -> Page:
    """Everything that the template needs. `report` is valid by schema."""
    given: Mapping[str, Any] = report["hosts"]
    columns = _columns(report)
    order = [column.id for column in columns]
    names = sorted(given, key=lambda name: (VERDICTS.index(given[name]["verdict"]), natural(name)))
    hosts = tuple(_host(f"h{n}", name, given[name], order) for n, name in enumerate(names))
    states = Counter(state(entry) for host in given.values() for entry in host["criteria"])
    return Page(report, hosts, columns, _problems(hosts), states)


def _host(anchor: str, name: str, host: Mapping[str, Any], order: Sequence[str]) -> Host:
    entries = {entry["id"]: entry for entry in host["criteria"]}
    return Host(
        anchor=anchor,
        name=name,
        verdict=host["verdict"],
        profile=host["profile"],
        findings=findings(host),
        cells=tuple(entries.get(criterion) for criterion in order),
        documents=host["documents"],
    )


def _columns(report: Mapping[str, Any]) -> tuple[Column, ...]:
    """Every criterion of any host, by workstream, else in the order in which hosts have them."""
    found: dict[str, list[Entry]] = {}
    for host in report["hosts"].values():
        for entry in host["criteria"]:
            found.setdefault(entry["id"], []).append(entry)
    workstreams = list(report["workstreams"])
    ordered = sorted(found.items(), key=lambda item: workstreams.index(item[1][0]["workstream"]))
    return tuple(
        Column(
            anchor=f"c{number}",
            id=criterion,
            title=entries[0]["title"],
            workstream=entries[0]["workstream"],
            required=_same(entry["required"] for entry in entries),
            # Where there is a cause, such as an absent document, the remediation is for that.
            remediation=_same(e["remediation"]["text"] for e in entries if e["cause"] is None),
            skipped=_same(e["message"] for e in entries if state(e) == SKIPPED),
            counts=Counter(state(entry) for entry in entries),
        )
        for number, (criterion, entries) in enumerate(ordered)
    )


def _same(texts: Any) -> str | None:
    different = set(texts)
    return different.pop() if len(different) == 1 else None


def _problems(hosts: Sequence[Host]) -> tuple[Problem, ...]:
    groups: dict[tuple[Any, ...], list[Host]] = {}
    for host in hosts:
        if host.blocking:
            first = host.blocking[0]
            same = (host.verdict, first.state, first.remediation, *(e["id"] for e in first.entries))
            groups.setdefault(same, []).append(host)
    ordered = sorted(groups.values(), key=lambda g: (VERDICTS.index(g[0].verdict), -len(g)))
    return tuple(Problem(group[0].blocking[0], tuple(group)) for group in ordered)
