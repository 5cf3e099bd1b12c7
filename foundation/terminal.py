"""The gate's verdict as text: four lines for everyone, then what to do, host by host."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .errors import one_line
from .judge import REQUIRED, WARNING

_WIDTH = 100


def render(report: Mapping[str, Any], report_path: Path | None = None) -> str:
    """The text of a gate report, ending with a new line.

    Hosts with the same findings share one block, so that fifty unreachable hosts are one.
    """
    lines = list(_summary(report))
    hosts: Mapping[str, Any] = report["hosts"]
    blocks: dict[str, list[str]] = {}
    for name, host in hosts.items():
        blocks.setdefault("\n".join(_findings(host)), []).append(name)
    passed = [name for name, host in hosts.items() if host["verdict"] == "PASS"]
    if hosts:
        lines += ["", f"{len(passed)} of {len(hosts)} hosts pass{_names(passed)}"]
    for findings, names in blocks.items():
        if findings:
            first = hosts[names[0]]
            title = f"{', '.join(names)} ({first['profile']}): {first['verdict']}"
            lines += ["", *_wrap(title, "", "  "), findings]
    if report["messages"]:
        lines.append("")
        lines += [line for message in report["messages"] for line in _wrap(message, "", "  ")]
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


def _findings(host: Mapping[str, Any]) -> Iterator[str]:
    """What a person has to know of a host: nothing where all is well.

    Criteria that fail for one and the same reason, such as an absent document, are told once.
    """
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for entry in host["criteria"]:
        outcome = entry["outcome"]
        if outcome == "skipped" and not entry["message"].startswith(REQUIRED):
            continue
        if outcome == "pass" and not entry["message"].startswith(WARNING):
            continue
        key = (outcome, entry["message"], entry["action"])
        groups.setdefault(key, []).append(entry)
    for (outcome, message, action), entries in groups.items():
        word = "warning" if outcome == "pass" else outcome
        yield from _finding(word, message.removeprefix(WARNING), action, entries)


def _finding(
    word: str, message: str, action: str, entries: list[Mapping[str, Any]]
) -> Iterator[str]:
    first = entries[0]
    if len(entries) == 1:
        yield from _wrap(f"{first['title']} [{first['id']}]", f"  {word:<8} ", " " * 11)
        if word == "fail":
            yield from _wrap(
                f"measured {first['measured']}, required {first['required']}", " " * 11
            )
    else:
        names = ", ".join(entry["id"] for entry in entries)
        yield from _wrap(f"{len(entries)} criteria [{names}]", f"  {word:<8} ", " " * 11)
    if word != "fail" or len(entries) > 1:  # a failure's message says the same again
        yield from _wrap(message, " " * 11)
    if word != "waived":
        yield from _wrap(f"do: {action}", " " * 11, " " * 15)


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
