"""A status as text for a terminal or a journal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..core.errors import one_line
from .notification import names

_WIDTH = 100
_SHOWN = 3  # of what a document lists, for people


def render(status: Mapping[str, Any], path: Path | None = None) -> str:
    """The text of a status, ending with a new line; `path` is where the document is."""
    lines = [f"{status['orchestrator']} {status['phase']}, {_source(status)}", ""]
    for name, entry in status["workstreams"].items():
        lines.append(
            f"  {name}  {entry['status'].replace('_', ' '):<12} {_progress(entry)}".rstrip()
        )
    for blocker in status["blockers"]:
        lines += ["", *_blocker(blocker)]
    lines += ["", *_wrap(f"End: not estimated, {status['eta_reason']}", "")]
    if path is not None:
        lines += ["", f"Status: {path}"]
    return "\n".join(lines) + "\n"


def _source(status: Mapping[str, Any]) -> str:
    gate = status["gate"]
    if gate is None:
        return "the gate has not judged yet: run ansible-playbook gate.yml"
    left_out = len(gate["not_judged"])
    rest = f", {left_out} not judged" if left_out else ""
    count = f"{gate['hosts']} host{'' if gate['hosts'] == 1 else 's'}"
    return f"gate {gate['verdict']} of {gate['generated_at']}, {count}{rest}"


def _progress(entry: Mapping[str, Any]) -> str:
    if "completion_date" in entry:
        return f"since {entry['completion_date']}"
    progress = entry["progress"]
    if not progress["total"]:
        return ""
    return f"{progress['passed']} of {progress['total']} criteria ({progress['fraction']:.1%})"


def _blocker(blocker: Mapping[str, Any]) -> Iterator[str]:
    hosts = names(list(blocker["hosts"]))
    count = len(blocker["criteria"])
    ids = ", ".join(blocker["criteria"]) if count <= _SHOWN else f"{count} criteria"
    title = f"{blocker['title']} [{ids}]"
    yield from _wrap(f"{blocker['severity']} {blocker['type']}: {title}{hosts}", "  ", "    ")
    yield f"    since {blocker['first_seen']}"
    shown = blocker["evidence"][:_SHOWN]
    for evidence in shown:
        where = f"{', '.join(evidence['hosts'][:_SHOWN])}: " if len(blocker["hosts"]) > 1 else ""
        yield from _wrap(f"{where}{evidence['message']}", "    ", "      ")
    if len(blocker["evidence"]) > len(shown):
        yield f"    and {len(blocker['evidence']) - len(shown)} more findings"
    for remediation in blocker["help_needed"][:_SHOWN]:
        yield from _wrap(f"do: {remediation}", "    ", "        ")


def _wrap(text: str, first: str, later: str | None = None) -> list[str]:
    return textwrap.wrap(
        one_line(text, 4000),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=first if later is None else later,
        break_long_words=False,
        break_on_hyphens=False,
    )
