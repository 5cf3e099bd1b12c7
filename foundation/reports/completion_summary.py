"""COMPLETION_SUMMARY.md of each workstream, from documents and the gate's report.

What was asked, what came out, on which hosts, with what figures, what deviates and what was not
met. An incomplete workstream has a summary too, which says so first. The same input gives the
same text; its words are in `templates/completion.md.j2`.
"""

from __future__ import annotations

import hashlib
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..core.workstreams import BENCHMARK, HARDWARE, WORKSTREAMS, Workstream
from ..documents.store import path as document_path
from ..evaluation.criterion_result import SKIPPED, WAIVED
from ..evaluation.verified_report import Host, VerifiedReport
from . import markdown_template
from .findings import OUTCOMES

FILE = "COMPLETION_SUMMARY.md"
_SPARK = "dgx_spark"
_GIB = 2**30
Entry = Mapping[str, Any]


def render(verified: VerifiedReport) -> dict[str, str]:
    """The summary of each workstream by its path below the folder of summaries."""
    hosts = list(verified.hosts())
    return {f"{one.summary}/{FILE}": _summary(verified, hosts, one) for one in WORKSTREAMS.values()}


def _summary(verified: VerifiedReport, hosts: Sequence[Host], workstream: Workstream) -> str:
    report = verified.report
    entries = {
        host.name: [one for one in host.entry["criteria"] if one["workstream"] == workstream.name]
        for host in hosts
    }
    asked: dict[tuple[str, str, str], Counter[str]] = {}
    for one in (one for own in entries.values() for one in own):
        key = (one["id"], one["title"], one["required"])
        asked.setdefault(key, Counter())[one["outcome"]] += 1
    ids = {identifier for identifier, _, _ in asked}
    fleet = report.get("fleet", {})
    return markdown_template.render(
        "completion.md.j2",
        report=report,
        state=report["workstreams"][workstream.name],
        workstream=workstream,
        hosts=hosts,
        others=[host for host in hosts if host.entry["profile"] != _SPARK],
        outcomes=OUTCOMES,
        asked=asked,
        counted=lambda host: Counter(
            "not met" if one["blocks"] else one["outcome"] for one in entries[host.name]
        ),
        measured_at=lambda host: sorted(
            {d["collected_at"] for k in workstream.documents if (d := host.document(k))}
        ),
        hardware=_hardware(hosts),
        figures=_figures(hosts),
        deviations=_grouped(entries, _deviation),
        # A difference that is not of a criterion is about what the hosts are.
        differences=[
            one
            for one in fleet.get("differences", ())
            if one["id"] in ids or workstream is HARDWARE
        ],
        outliers=fleet.get("outliers", ()) if workstream is BENCHMARK else (),
        not_met=_grouped(entries, lambda one: one["outcome"] if one["blocks"] else None),
        evidence=list(_evidence(verified, hosts, workstream)),
    )


def _hardware(hosts: Sequence[Host]) -> dict[tuple[str, ...], list[str]]:
    """What the hosts are, with the names of those that are alike."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for host in hosts:
        document = host.document("hardware_baseline")
        row = _hardware_row(document["data"]) if document else ("not read",) * 6
        groups.setdefault(row, []).append(host.name)
    return groups


def _hardware_row(data: Mapping[str, Any]) -> tuple[str, ...]:
    gpu, cpu, memory = data["gpu"] or {}, data["cpu"] or {}, data["memory"] or {}
    platform, software = data["platform"] or {}, data["software"] or {}
    names = Counter(str(device["name"]) for device in gpu.get("devices", ()))
    none = "none" if gpu.get("present") is False else "not read"
    clusters = (
        f"{one['cores']} x {one['name'] or one['part'] or 'unnamed'}"
        for one in cpu.get("clusters", ())
    )
    total = memory.get("total_bytes")
    return (
        ", ".join(f"{number} x {name}" for name, number in names.items()) or none,
        ", ".join(clusters) or "not read",
        "not read" if total is None else f"{total / _GIB:.0f} GiB",
        platform.get("kernel") or "not read",
        (software.get("driver") or {}).get("loaded_version") or none,
        gpu.get("cuda_driver_version") or none,
    )


@dataclass
class _Figure:
    """The trusted values of a figure, and on how many hosts it cannot be trusted."""

    trusted: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def range(self) -> tuple[float, ...]:
        """The lowest, the median and the highest value."""
        values = self.trusted
        return (min(values), statistics.median(values), max(values)) if values else ()


def _figures(hosts: Sequence[Host]) -> dict[tuple[str, str], _Figure]:
    """By name and unit."""
    found: dict[tuple[str, str], _Figure] = {}
    for host in hosts:
        document = host.document("benchmark")
        for name, figure in (document["data"]["figures"] if document else {}).items():
            one = found.setdefault((name, figure["unit"]), _Figure())
            if host.faults(name):
                one.refused += 1
            else:
                one.trusted.append(figure["value"])
    return found


def _deviation(entry: Entry) -> str | None:
    """What passes and yet is not as it should be, or was not asked of a host."""
    if entry["warns"]:
        return "warning"
    if entry["outcome"] in (SKIPPED, WAIVED) and not entry["blocks"]:
        return str(entry["outcome"])
    return None


def _grouped(entries: Mapping[str, list[Entry]], word: Any) -> dict[tuple[str, ...], list[str]]:
    """The hosts by what they share: word, criterion, message and remediation."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, own in entries.items():
        for one in own:
            if (found := word(one)) is not None:
                key = (found, one["id"], one["message"], one["remediation"]["text"])
                groups.setdefault(key, []).append(name)
    return groups


def _evidence(
    verified: VerifiedReport, hosts: Sequence[Host], workstream: Workstream
) -> Iterator[tuple[str, str]]:
    """The documents, below the folder that was judged, with their sums."""
    for host in hosts:
        for kind in workstream.documents:
            file = document_path(verified.documents_dir, host.name, kind)
            digest = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "absent"
            yield f"{host.name}/{kind}.json", digest
