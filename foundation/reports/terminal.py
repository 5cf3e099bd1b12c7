"""The gate's verdict as text: four lines for everyone, then what to do, host by host."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..core.errors import one_line
from ..evaluation.criterion_result import FAIL, SKIPPED, WAIVED
from ..profiles.constraints import four_digits
from ..profiles.remediation import for_hosts
from .findings import NOT_SKIPPABLE, Finding, findings

_WIDTH = 100
_DEEP = " " * 11  # below the word that begins a line
_MOST = 20  # names in one place


def render(report: Mapping[str, Any], report_path: Path | None = None) -> str:
    """The text of a gate report, ending with a new line.

    Hosts with the same findings share one block, so that fifty unreachable hosts are one.
    """
    lines = list(_summary(report))
    hosts: Mapping[str, Any] = report["hosts"]
    blocks: dict[str, dict[str, tuple[Finding, ...]]] = {}
    for name, host in hosts.items():
        found = findings(host)
        if found:
            key = "\n".join(line for one in found for line in _finding(one))
            blocks.setdefault(key, {})[name] = found
    passed = [name for name, host in hosts.items() if host["verdict"] == "PASS"]
    if hosts:
        lines += ["", f"{len(passed)} of {len(hosts)} hosts pass{_names(passed)}"]
    for block in blocks.values():
        names = list(block)
        first = hosts[names[0]]
        title = f"{_some(names)} ({first['profile']}): {first['verdict']}"
        lines += ["", *_wrap(title, "", "  ")]
        for place, one in enumerate(block[names[0]]):
            lines += _finding(one)
            command = for_hosts({name: own[place].command for name, own in block.items()})
            if command is not None and one.state != WAIVED:
                # Not wrapped: it is to be copied.
                lines.append(f"{_DEEP}run: {one_line(command, 4000)}")
    for section in (_waivers(report), _fleet(report)):
        lines += section and ["", *section]
    if report["messages"]:
        lines.append("")
        shown = report["messages"][:_MOST]
        lines += [line for message in shown for line in _wrap(message, "", "  ")]
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
    return [
        line
        for entry in report["waivers"]
        if entry["state"] == "used"
        for line in _wrap(
            f"{entry['host']}, {entry['criterion']}: {entry['message']}, until {entry['expires']}",
            "waiver     ",
            _DEEP,
        )
    ]


def _fleet(report: Mapping[str, Any]) -> list[str]:
    """What sets hosts apart from the others; hosts with the same value share a line."""
    lines = []
    for entry in report["fleet"]["differences"]:
        title = f"{entry['title']}: {entry['majority']}"
        if entry["majority_hosts"]:
            title += f" on {entry['majority_hosts']} hosts"
        lines += _wrap(title, "differs    ", _DEEP)
        by_value: dict[str, list[str]] = {}
        for host, value in entry["hosts"].items():
            by_value.setdefault(value, []).append(host)
        for value, hosts in by_value.items():
            lines += _wrap(f"{value}: {_some(hosts)}", _DEEP, _DEEP + "  ")
    for entry in report["fleet"]["outliers"]:
        unit, median = entry["unit"], four_digits(entry["median"])
        title = f"{entry['figure']}: median {median} {unit}, "
        lines += _wrap(f"{title}further than {four_digits(entry['limit'])}:", "outlier    ", _DEEP)
        hosts = [f"{host} {four_digits(value)}" for host, value in entry["hosts"].items()]
        lines += _wrap(_some(hosts), _DEEP, _DEEP + "  ")
    return lines


def _some(names: list[str]) -> str:
    """Names on a line, not without end; the report has them all."""
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def _finding(found: Finding) -> Iterator[str]:
    word, first = SKIPPED if found.state == NOT_SKIPPABLE else found.state, found.entries[0]
    alone = len(found.entries) == 1
    if alone:
        title = f"{first['title']} [{first['id']}]"
    else:
        names = ", ".join(entry["id"] for entry in found.entries)
        title = f"{len(found.entries)} criteria [{names}]"
    yield from _wrap(title, f"  {word:<8} ", _DEEP)
    if alone and word == FAIL:  # the message says the same again
        yield from _wrap(f"measured {first['measured']}, required {first['required']}", _DEEP)
    else:
        yield from _wrap(found.message, _DEEP)
    if word != WAIVED:
        yield from _wrap(f"do: {found.remediation}", _DEEP, " " * 15)


def _names(names: list[str]) -> str:
    return f": {', '.join(names)}" if 0 < len(names) <= 5 else ""  # noqa: PLR2004 - fits one line


def _wrap(text: str, first: str, later: str | None = None) -> list[str]:
    return textwrap.wrap(
        one_line(text, 4000),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=first if later is None else later,
        break_long_words=False,
        break_on_hyphens=False,
    )
