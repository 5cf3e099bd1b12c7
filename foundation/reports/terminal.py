"""The gate's verdict as text: four lines for everyone, then what to do, host by host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..core.errors import one_line
from ..evaluation.criterion_result import WAIVED
from ..profiles.constraints import four_digits
from .findings import Finding, shared_findings
from .text import few, wrap

_DEEP = " " * 11  # below the word that begins a line
_MOST = 20  # names in one place
_FEW = 5  # names that fit on the line that counts the hosts


def render(report: Mapping[str, Any], report_path: Path | None = None) -> str:
    """The text of a gate report, ending with a new line."""
    lines = list(_summary(report))
    hosts: Mapping[str, Any] = report["hosts"]
    passed = [name for name, host in hosts.items() if host["verdict"] == "PASS"]
    if hosts:
        names = f": {', '.join(passed)}" if 0 < len(passed) <= _FEW else ""
        lines += ["", f"{len(passed)} of {len(hosts)} hosts pass{names}"]
    for names_of_block, findings in shared_findings(hosts):
        first = hosts[names_of_block[0]]
        title = f"{few(names_of_block, _MOST)} ({first['profile']}): {first['verdict']}"
        lines += ["", *wrap(title, "", "  ")]
        lines += [line for one in findings for line in _finding(one)]
    for section in (_waivers(report), _fleet(report)):
        lines += section and ["", *section]
    if report["messages"]:
        lines.append("")
        shown = report["messages"][:_MOST]
        lines += [line for message in shown for line in wrap(message, "", "  ")]
        if more := len(report["messages"]) - len(shown):
            lines.append(f"and {more} messages more, which the report has")
    if report_path is not None:
        lines += ["", f"Report: {report_path}"]
    return "\n".join(lines) + "\n"


def _summary(report: Mapping[str, Any]) -> Iterator[str]:
    for name, entry in report["workstreams"].items():
        mark = "✅" if entry["status"] == "COMPLETE" else "❌"
        yield f"{mark} {name}: {entry['title']} - {entry['status']}"
    if report["verdict"] == "PASSED":
        yield "✅ Phase Gate: PASSED - Model/Interface can proceed"
    else:
        yield "❌ Phase Gate: FAILED - Model/Interface cannot proceed"


def _waivers(report: Mapping[str, Any]) -> list[str]:
    """The waivers in use; those without effect are among the messages."""
    lines = []
    for one in report["waivers"]:
        if one["state"] == "used":
            text = f"{one['host']}, {one['criterion']}: {one['message']}, until {one['expires']}"
            lines += wrap(text, "waiver     ", _DEEP)
    return lines


def _fleet(report: Mapping[str, Any]) -> list[str]:
    """What sets hosts apart from the others; hosts with the same value share a line."""
    lines = []
    for entry in report["fleet"]["differences"]:
        title = f"{entry['title']}: {entry['majority']}"
        if entry["majority_hosts"]:
            title += f" on {entry['majority_hosts']} hosts"
        lines += wrap(title, "differs    ", _DEEP)
        by_value: dict[str, list[str]] = {}
        for host, value in entry["hosts"].items():
            by_value.setdefault(value, []).append(host)
        for value, hosts in by_value.items():
            lines += wrap(f"{value}: {few(hosts, _MOST)}", _DEEP, _DEEP + "  ")
    for entry in report["fleet"]["outliers"]:
        unit, median = entry["unit"], four_digits(entry["median"])
        title = f"{entry['figure']}: median {median} {unit}, "
        lines += wrap(f"{title}further than {four_digits(entry['limit'])}:", "outlier    ", _DEEP)
        hosts = [f"{host} {four_digits(value)}" for host, value in entry["hosts"].items()]
        lines += wrap(few(hosts, _MOST), _DEEP, _DEEP + "  ")
    return lines


def _finding(found: Finding) -> Iterator[str]:
    first = found.entries[0]
    if len(found.entries) == 1:
        title = f"{first['title']} [{first['id']}]"
    else:
        names = ", ".join(entry["id"] for entry in found.entries)
        title = f"{len(found.entries)} criteria [{names}]"
    yield from wrap(title, f"  {found.word:<8} ", _DEEP)
    reason = found.message
    if found.compares:
        reason = f"measured {first['measured']}, required {first['required']}"
    yield from wrap(reason, _DEEP)
    if found.state == WAIVED:
        return
    yield from wrap(f"do: {found.remediation}", _DEEP, " " * 15)
    if found.command is not None:
        # Not wrapped: it is to be copied.
        yield f"{_DEEP}run: {one_line(found.command, 4000)}"
