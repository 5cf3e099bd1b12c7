"""A status as text for a terminal or a journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..reports.text import count, wrap
from .notification import names

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
    lines += ["", *wrap(f"End: not estimated, {status['eta_reason']}", "")]
    if path is not None:
        lines += ["", f"Status: {path}"]
    return "\n".join(lines) + "\n"


def _source(status: Mapping[str, Any]) -> str:
    gate = status["gate"]
    if gate is None:
        return "the gate has not judged yet: run ansible-playbook gate.yml"
    left_out = len(gate["not_judged"])
    rest = f", {left_out} not judged" if left_out else ""
    hosts = count(gate["hosts"], "host")
    return f"gate {gate['verdict']} of {gate['generated_at']}, {hosts}{rest}"


def _progress(entry: Mapping[str, Any]) -> str:
    if "completion_date" in entry:
        return f"since {entry['completion_date']}"
    progress = entry["progress"]
    if not progress["total"]:
        return ""
    return f"{progress['passed']} of {progress['total']} criteria ({progress['fraction']:.1%})"


def _blocker(blocker: Mapping[str, Any]) -> Iterator[str]:
    hosts = names(list(blocker["hosts"]))
    ids = ", ".join(blocker["criteria"])
    if len(blocker["criteria"]) > _SHOWN:
        ids = f"{len(blocker['criteria'])} criteria"
    title = f"{blocker['title']} [{ids}]"
    yield from wrap(f"{blocker['severity']} {blocker['type']}: {title}{hosts}", "  ", "    ")
    yield f"    since {blocker['first_seen']}"
    shown = blocker["evidence"][:_SHOWN]
    for evidence in shown:
        where = f"{', '.join(evidence['hosts'][:_SHOWN])}: " if len(blocker["hosts"]) > 1 else ""
        yield from wrap(f"{where}{evidence['message']}", "    ", "      ")
    if len(blocker["evidence"]) > len(shown):
        yield f"    and {len(blocker['evidence']) - len(shown)} more findings"
    for remediation in blocker["help_needed"][:_SHOWN]:
        yield from wrap(f"do: {remediation}", "    ", "        ")
