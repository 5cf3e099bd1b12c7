"""COMPLETION_SUMMARY.md of each workstream, from documents and the gate's report.

What was asked, what came out, on which hosts, with what figures, what deviates and what was not
met. An incomplete workstream has a summary too, which says so first. The same input gives the
same text.
"""

from __future__ import annotations

import hashlib
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..core.errors import one_line
from ..core.workstreams import BENCHMARK, HARDWARE, REPRODUCIBILITY, WORKSTREAMS
from ..documents.store import path as document_path
from ..evaluation.criterion_result import FAIL, INVALID, MISSING, PASS, SKIPPED, WAIVED
from ..evaluation.gate import COMPLETE
from ..evaluation.verified_report import Host, VerifiedReport

FILE = "COMPLETION_SUMMARY.md"
_OUTCOMES = (PASS, FAIL, INVALID, MISSING, SKIPPED, WAIVED)
_SPARK = "dgx_spark"
_FEW = 5  # hosts that one line names
_GIB = 2**30
Entry = tuple[str, Mapping[str, Any]]


def render(verified: VerifiedReport) -> dict[str, str]:
    """The summary of each workstream by its path below the folder of summaries."""
    hosts = list(verified.hosts())
    return {
        f"{one.summary}/{FILE}": "\n".join(_summary(verified, hosts, one.name)).rstrip() + "\n"
        for one in WORKSTREAMS.values()
    }


def _summary(verified: VerifiedReport, hosts: Sequence[Host], workstream: str) -> Iterator[str]:
    report = verified.report
    entry = report["workstreams"][workstream]
    entries = [
        (host.name, one)
        for host in hosts
        for one in host.entry["criteria"]
        if one["workstream"] == workstream
    ]
    yield from (f"# {workstream}: {entry['title']} - {entry['status']}", "")
    yield from _acceptance(hosts)
    if entry["status"] != COMPLETE:
        yield from ("**Not complete.** What was not met is listed below.", "")
    yield (
        f"{entry['passed']} of {entry['total']} criteria pass on {_count(len(hosts), 'host')}. "
        f"Judged at {report['generated_at']}; the phase gate over all workstreams: "
        f"{report['verdict']}."
    )
    yield from ("", "Written by `foundation completion`; edits are lost.", "")
    yield from _asked(entries)
    yield from _hosts(hosts, workstream)
    yield from ("## Figures", "")
    yield from _FIGURES[workstream](hosts)
    yield from _deviations(report, entries, workstream)
    yield from _not_met(entries)
    yield from _evidence(verified, hosts, workstream)


def _acceptance(hosts: Sequence[Host]) -> Iterator[str]:
    """First of all, whether this says anything of a DGX Spark."""
    others = sorted({host.entry["profile"] for host in hosts} - {_SPARK})
    if not others:
        return
    names = [host.name for host in hosts if host.entry["profile"] != _SPARK]
    which = "No host was" if len(names) == len(hosts) else f"{_named(names)} was not"
    yield f"**This is not a DGX Spark acceptance.** {which} judged by the profile `{_SPARK}`: the"
    yield from (f"profile was {', '.join(f'`{_cell(name)}`' for name in others)}.", "")


def _asked(entries: Sequence[Entry]) -> Iterator[str]:
    """Each criterion with how often it came out how; one that profiles ask otherwise, twice."""
    yield from ("## What was asked", "")
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    for _, one in entries:
        key = (one["id"], one["title"], one["required"])
        counts.setdefault(key, Counter())[one["outcome"]] += 1
    yield f"| Criterion | What | Required | {' | '.join(_OUTCOMES)} |"
    yield f"|---|---|---|{'---|' * len(_OUTCOMES)}"
    for (identifier, title, required), found in counts.items():
        numbers = " | ".join(str(found[outcome] or "") for outcome in _OUTCOMES)
        yield f"| `{identifier}` | {_cell(title)} | {_cell(required)} | {numbers} |"
    yield ""


def _hosts(hosts: Sequence[Host], workstream: str) -> Iterator[str]:
    yield from ("## Hosts", "", "| Host | Profile | Pass | Not met | Skipped | Waived | Measured |")
    yield "|---|---|---|---|---|---|---|"
    for host in hosts:
        entries = [one for one in host.entry["criteria"] if one["workstream"] == workstream]
        found = Counter(one["outcome"] for one in entries if not one["blocks"])
        times = {
            d["collected_at"] for k in WORKSTREAMS[workstream].documents if (d := host.document(k))
        }
        yield (
            f"| {_cell(host.name)} | `{_cell(host.entry['profile'])}` | {found[PASS]} "
            f"| {sum(one['blocks'] for one in entries)} | {found[SKIPPED]} "
            f"| {found[WAIVED]} | {', '.join(sorted(times)) or 'nothing that can be trusted'} |"
        )
    yield ""


def _hardware(hosts: Sequence[Host]) -> Iterator[str]:
    """What the hosts are: those that are alike in one line."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for host in hosts:
        document = host.document("hardware_baseline")
        row = _hardware_row(document["data"]) if document else ("not read",) * 6
        groups.setdefault(row, []).append(host.name)
    yield "| Hosts | GPU | CPU | Memory | Kernel | Driver | CUDA |"
    yield "|---|---|---|---|---|---|---|"
    for row, names in groups.items():
        yield f"| {_named(names)} | {' | '.join(map(_cell, row))} |"
    yield ""


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


def _images(hosts: Sequence[Host]) -> Iterator[str]:
    yield "| Host | Images | Distinct | First repeated | Same as the references | Engine | Time |"
    yield "|---|---|---|---|---|---|---|"
    for host in hosts:
        document = host.document("reproducibility")
        if document is None:
            yield f"| {_cell(host.name)} | not made | | | | | |"
            continue
        data = document["data"]
        repeated, references = data["repeated"], data["references"]
        same = "not compared"
        if references and references["compared"]:
            same = f"{references['identical']} of {references['compared']}"
        again = "not repeated"
        if repeated and repeated["identical"] is not None:
            again = "identical" if repeated["identical"] else "different"
        yield (
            f"| {_cell(host.name)} | {data['count']} | {data['distinct_images']} | {again} "
            f"| {same} | {_cell(str(data['engine']))} | {_seconds(data['total_seconds'])} |"
        )
    yield ""


def _seconds(value: float | None) -> str:
    return "not read" if value is None else f"{value:.1f} s"


def _figures(hosts: Sequence[Host]) -> Iterator[str]:
    """Over the hosts whose figure is trusted; the others are counted."""
    trusted: dict[tuple[str, str], list[float]] = {}
    refused: Counter[tuple[str, str]] = Counter()
    for host in hosts:
        document = host.document("benchmark")
        for name, figure in (document["data"]["figures"] if document else {}).items():
            key = (name, figure["unit"])
            values = trusted.setdefault(key, [])
            if host.faults(name):
                refused[key] += 1
            else:
                values.append(figure["value"])
    if not trusted:
        yield from ("No figure was measured.", "")
        return
    yield "| Figure | Unit | Hosts | Lowest | Median | Highest | Not trusted |"
    yield "|---|---|---|---|---|---|---|"
    for (name, unit), values in sorted(trusted.items()):
        numbers = ["", "", ""]
        if values:
            numbers = [f"{v:.4g}" for v in (min(values), statistics.median(values), max(values))]
        not_trusted = refused[name, unit] or ""
        yield f"| `{name}` | {unit} | {len(values)} | {' | '.join(numbers)} | {not_trusted} |"
    yield ""


_FIGURES: Mapping[str, Callable[[Sequence[Host]], Iterator[str]]] = {
    HARDWARE.name: _hardware,
    REPRODUCIBILITY.name: _images,
    BENCHMARK.name: _figures,
}


def _deviations(
    report: Mapping[str, Any], entries: Sequence[Entry], workstream: str
) -> Iterator[str]:
    """What passes and yet is not as it should be, or was not asked of a host."""
    yield from ("## Deviations", "")
    found = [
        (name, one)
        for name, one in entries
        if one["warns"] or (one["outcome"] in (SKIPPED, WAIVED) and not one["blocks"])
    ]
    lines = list(_grouped(found, lambda one: "warning" if one["warns"] else None))
    lines += _fleet(report.get("fleet", {}), {one["id"] for _, one in entries}, workstream)
    yield from lines or ["None."]
    yield ""


def _fleet(fleet: Mapping[str, Any], ids: set[str], workstream: str) -> Iterator[str]:
    """Hosts that differ from the rest, where the report looked for them."""
    for one in fleet.get("differences", ()):
        # One that is not a criterion is about what the hosts are.
        if one["id"] in ids or (workstream == HARDWARE.name and one["id"] not in ids):
            owns = ", ".join(f"{host} has {value}" for host, value in sorted(one["hosts"].items()))
            majority = f"{one['majority']} on {_count(one['majority_hosts'], 'host')}"
            yield f"- difference: {_cell(one['title'])}: {_cell(majority)}; {_cell(owns, 2000)}"
    for one in fleet.get("outliers", ()) if workstream == BENCHMARK.name else ():
        owns = ", ".join(f"{host} has {value:.4g}" for host, value in sorted(one["hosts"].items()))
        yield (
            f"- outlier: `{one['figure']}`: the median is {one['median']:.4g} {one['unit']}, the "
            f"limit {one['limit']:.4g}; {_cell(owns, 2000)}"
        )


def _not_met(entries: Sequence[Entry]) -> Iterator[str]:
    yield from ("## What was not met", "")
    found = [(name, one) for name, one in entries if one["blocks"]]
    yield from list(_grouped(found, lambda one: None, remediations=True)) or ["Nothing."]
    yield ""


def _grouped(
    entries: Sequence[Entry],
    word: Callable[[Mapping[str, Any]], str | None],
    remediations: bool = False,
) -> Iterator[str]:
    """A line for each criterion and reason, with the hosts that share it."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, one in entries:
        text = one["remediation"]["text"]
        key = (word(one) or one["outcome"], one["id"], one["message"], text)
        groups.setdefault(key, []).append(name)
    for (outcome, identifier, message, text), names in groups.items():
        yield f"- {outcome}: `{identifier}` on {_named(names)}: {_cell(message, 2000)}"
        if remediations:
            yield f"  Do: {_cell(text)}"


def _evidence(verified: VerifiedReport, hosts: Sequence[Host], workstream: str) -> Iterator[str]:
    """The documents, below the folder that was judged, with their sums."""
    yield from ("## Evidence", "", "Below the folder of the documents (`baseline_dir`):", "")
    yield from ("| Document | SHA-256 |", "|---|---|")
    for host in hosts:
        for kind in WORKSTREAMS[workstream].documents:
            file = document_path(verified.documents_dir, host.name, kind)
            digest = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "absent"
            yield f"| `{host.name}/{kind}.json` | {digest} |"
    yield ""


def _named(names: Sequence[str]) -> str:
    rest = len(names) - _FEW
    few = ", ".join(names[:_FEW])
    return f"{few} and {_count(rest, 'more host')}" if rest > 0 else few


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _cell(text: str, longest: int = 400) -> str:
    """Text of a host or a profile as it stands in Markdown: no markup of its own."""
    return "".join(f"\\{c}" if c in "\\|`*[]<>_" else c for c in one_line(text, longest))
