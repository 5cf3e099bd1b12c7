"""docs/hardware.md: what every host measured, for people to read.

Nothing is filled in: a value that was not read says so with the probe's own reason. What the page
shows is in `templates/hardware.md.j2`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jmespath

from ..core.errors import DocumentError, Json
from ..documents.store import Document
from ..evaluation.evidence import Evidence, unread_reason
from . import markdown_template
from .markdown_template import cell

_GIB = 2**30
_UNITS: Mapping[str, Callable[[Any], str]] = {
    "": lambda value: {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value),
    "GiB": lambda value: f"{value / _GIB:.1f} GiB",
    "GB": lambda value: f"{value / 1e9:.0f} GB",
    "count": lambda value: str(len(value)),
    "clusters": lambda value: "; ".join(map(_cluster, value)),
    "CUDA": str,
    "or none": str,
}
"""How the template says that a value is shown; any other word is the unit of a number."""


def render(documents_by_host: Mapping[str, Mapping[str, Document | DocumentError]]) -> str:
    """The page as Markdown, one part for each host in the order of their names.

    A document that is absent or not valid is named with its reason. Raises nothing for those.
    """
    hosts = [_Host(name, documents) for name, documents in sorted(documents_by_host.items())]
    return markdown_template.render("hardware.md.j2", hosts=hosts, shown=_shown)


class _Host:
    """A host's documents, each None where it cannot be used. Paths are below `data`."""

    def __init__(self, name: str, documents: Mapping[str, Document | DocumentError]) -> None:
        self.name = name
        self._evidence = Evidence(name, documents)
        self.baseline: Any = self._evidence.readable.get("hardware_baseline")
        self.benchmark = self._evidence.readable.get("benchmark")

    def absent(self, kind: str) -> str:
        """Why a document cannot be used, and what to do."""
        blocker = self._evidence.blockers[kind]
        return f"not read: {cell(blocker.message)}: {cell(blocker.remediation.text)}"

    def find(self, path: str) -> Json:
        """A value of the hardware document."""
        return jmespath.search(f"data.{path}", self.baseline)

    def reason(self, path: str) -> str:
        """Why a value of the hardware document was not read."""
        return cell(unread_reason(f"data.{path}", self.baseline))

    def value(self, value: Json, unit: str, path: str) -> str:
        """A value of the hardware document, or why it was not read."""
        if unit == "CUDA" and self.find("gpu.present") is False:
            return "no NVIDIA GPU"
        return f"not read: {self.reason(path)}" if value in (None, []) else _shown(value, unit)


def _shown(value: Json, unit: str) -> str:
    if value is None:
        return "none" if unit == "or none" else "not read"
    return cell(_UNITS[unit](value) if unit in _UNITS else f"{value:g} {unit}")


def _cluster(cluster: Mapping[str, Any]) -> str:
    name = cluster["name"] or cluster["part"] or "unnamed"
    clock = "" if cluster["maximum_mhz"] is None else f" at up to {cluster['maximum_mhz']} MHz"
    return f"{cluster['cores']} x {name}{clock}"
