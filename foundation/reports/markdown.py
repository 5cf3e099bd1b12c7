"""The gate report as Markdown for an issue tracker: what failed first, all else collapsed.

GitHub takes 65,536 characters (GitLab and Gitea more), so what matters least is left out of a long
report, and its last line says what that was. Counted are bytes of UTF-8, which are never fewer than
the characters, however a tracker counts those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.errors import one_line
from ..evaluation.criterion_result import SKIPPED, WAIVED
from .findings import FINDINGS, OUTCOMES, VERDICTS, Finding, shared_findings
from .markdown_text import code, html_code, prose
from .text import few

LIMIT = 65_536
_RESERVED = 1_000  # bytes for the line that says what was cut
_MOST_NAMES = 25
# What is waived has a section of its own.
_TO_DO = tuple(state for state in FINDINGS if state != WAIVED)


@dataclass(frozen=True)
class _Section:
    """A part of the page: all its pieces, or as many as there is room for."""

    noun: str
    heading: str
    pieces: Sequence[str]


def render(report: Mapping[str, Any]) -> str:
    """Markdown of a gate report, at most `LIMIT` bytes, ending with a new line."""
    parts = [_head(report)]
    room = LIMIT - _RESERVED - len(parts[0].encode())
    cut: dict[str, int] = {}
    for section in _sections(report):
        text = section.heading
        for index, piece in enumerate(section.pieces):
            if len((text + piece).encode()) + 1 > room:
                cut[section.noun] = len(section.pieces) - index
                break
            text += piece
        if text != section.heading:
            parts.append(text.rstrip("\n") + "\n")
            room -= len(text.encode()) + 1
    if cut:
        left_out = ", ".join(f"{count} {noun}" for noun, count in cut.items())
        parts.append(
            f"**Cut to fit {LIMIT:,} characters, left out: {left_out}.** "
            "All of it is in the gate report (JSON).\n"
        )
    return "\n".join(parts)


def _head(report: Mapping[str, Any]) -> str:
    hosts = report["hosts"]
    passed = sum(host["verdict"] == "PASS" for host in hosts.values())
    lines = [
        f"# Phase gate: {report['verdict']}",
        "",
        f"{passed} of {len(hosts)} hosts pass. Judged {report['generated_at']}.",
        "",
        "| workstream | status | criteria passed |",
        "|---|---|---|",
    ]
    for name, entry in report["workstreams"].items():
        counts = f"{entry['passed']} of {entry['total']}"
        lines.append(f"| {name} {prose(entry['title'])} | {entry['status']} | {counts} |")
    return "\n".join(lines) + "\n"


def _sections(report: Mapping[str, Any]) -> Iterator[_Section]:
    """The parts in the order of how much they matter."""
    by_verdict = sorted(report["hosts"].items(), key=lambda one: VERDICTS.index(one[1]["verdict"]))
    hosts = dict(by_verdict)
    yield _Section("messages", "", [f"> {code(text)}\n>\n" for text in report["messages"]])
    heading = f"## Hosts\n\n| host | verdict | {' | '.join(OUTCOMES)} |\n|---|---|"
    heading += "---|" * len(OUTCOMES) + "\n"
    yield _Section("rows of the host table", heading, [_row(*item) for item in hosts.items()])
    yield _Section("findings", "## What to do\n\n", list(_findings(hosts)))
    yield _Section("waivers", "## Waivers\n\n", [_waiver(entry) for entry in report["waivers"]])
    yield _Section("differences", "## Differences in the fleet\n\n", list(_fleet(report["fleet"])))
    names = [f"- {code(name)}\n" for name in report["not_judged"]]
    yield _Section("hosts that were not judged", "## Not judged\n\n", names)
    details = [_details(*item) for item in hosts.items()]
    yield _Section("hosts with all their criteria", "## Every criterion\n\n", details)


def _row(name: str, host: Mapping[str, Any]) -> str:
    counts = Counter(entry["outcome"] for entry in host["criteria"])
    numbers = " | ".join(str(counts[outcome]) for outcome in OUTCOMES)
    return f"| {code(name)} | {host['verdict']} | {numbers} |\n"


def _findings(hosts: Mapping[str, Any]) -> Iterator[str]:
    """What does not pass; the first finding of hosts comes with their heading."""
    for names, found in shared_findings(hosts, _TO_DO):
        first = hosts[names[0]]
        shown = few([code(name) for name in names], _MOST_NAMES)
        heading = f"### {first['verdict']}: {shown} ({code(first['profile'])})\n\n"
        for one in found:
            yield heading + _finding(one)
            heading = ""


def _finding(found: Finding) -> str:
    first = found.entries[0]
    if len(found.entries) == 1:
        title = f"{prose(first['title'])} ({code(first['id'])})"
    else:
        ids = ", ".join(code(entry["id"]) for entry in found.entries)
        title = f"{len(found.entries)} criteria: {ids}"
    reason = code(found.message)
    if found.compares:
        reason = f"measured {_measured(first)}, required {code(first['required'])}"
    lines = [f"- **{found.word}** {title}", f"  - {reason}", f"  - do: {code(found.remediation)}"]
    lines += [] if found.command is None else [f"  - run: {code(found.command)}"]
    return "\n".join(lines) + "\n\n"


def _measured(entry: Mapping[str, Any]) -> str:
    return "nothing" if entry["measured"] is None else code(entry["measured"])


def _waiver(waiver: Mapping[str, Any]) -> str:
    ticket = f", ticket {code(waiver['ticket'])}" if waiver["ticket"] else ""
    return (
        f"- **{waiver['state']}** {code(waiver['criterion'])} of {code(waiver['host'])}, "
        f"expires {code(waiver['expires'])}{ticket}: {code(waiver['reason'])}\n"
        f"  - {code(waiver['message'])}\n"
    )


def _fleet(fleet: Mapping[str, Any]) -> Iterator[str]:
    for one in fleet["differences"]:
        others = ", ".join(f"{code(host)} {code(value)}" for host, value in one["hosts"].items())
        majority = f"{one['majority_hosts']} hosts have {code(one['majority'])}, others"
        most = majority if one["majority_hosts"] else "no majority"
        yield f"- {prose(one['title'])} ({code(one['id'])}): {most}: {others}\n"
    for one in fleet["outliers"]:
        unit = one["unit"]
        others = ", ".join(
            f"{code(host)} {code(f'{value:g} {unit}')}" for host, value in one["hosts"].items()
        )
        median, limit = code(f"{one['median']:g} {unit}"), code(f"{one['limit']:g} {unit}")
        yield f"- {code(one['figure'])}: more than {limit} from the median {median}: {others}\n"


def _details(name: str, host: Mapping[str, Any]) -> str:
    lines = [
        f"<details><summary>{html_code(name)}: {host['verdict']}, "
        f"{len(host['criteria'])} criteria, profile {html_code(host['profile'])}</summary>",
        "",
    ]
    for entry in host["criteria"]:
        values = f"measured {_measured(entry)}, required {code(entry['required'])}"
        # All else has its message under "What to do".
        quiet = entry["outcome"] in (SKIPPED, WAIVED)
        message = f"; {code(one_line(entry['message'], 200))}" if quiet else ""
        lines.append(f"- {entry['outcome']}: {code(entry['id'])}, {values}{message}")
    return "\n".join([*lines, "", "</details>", "", ""])
