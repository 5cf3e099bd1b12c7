"""What the files of a bundle have in common: hosts that are alike, and what was not read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core.errors import Json, one_line
from ..evaluation.verified_report import Host
from .redaction import Redaction

Part = dict[str, Any]


@dataclass
class Parts:
    """One part for each host of a file, and the problems that go with their nulls."""

    redaction: Redaction
    by_host: dict[str, Part] = field(default_factory=dict)
    _problems: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)

    def add(self, host: Host, part: Part) -> None:
        """The part of a host."""
        self.by_host[self.redaction.host(host.name)] = part

    def problem(self, host: Host, probe: str, code: str, message: str) -> None:
        """Why something of a host is null."""
        key = (probe, code, self.redaction.text(message))
        self._problems.setdefault(key, set()).add(self.redaction.host(host.name))

    def problems_of(self, host: Host, kind: str, probes: Iterable[str] = ()) -> None:
        """The problems of a document that concern some probes, or that it is not to be had."""
        document = host.document(kind)
        if document is None:
            blocker = host.evidence.blockers[kind]
            self.problem(host, kind, blocker.outcome, blocker.message)
            return
        for entry in document["problems"]:
            # Hashes of serial numbers and addresses stay behind, and so does why there are none.
            if entry["probe"] in probes and "_hash" not in entry["message"]:
                self.problem(host, entry["probe"], entry["code"], entry["message"])

    def problems(self) -> list[Part]:
        """Each problem once, with the hosts that have it."""
        return [
            {"hosts": sorted(hosts), "probe": probe, "code": code, "message": message}
            for (probe, code, message), hosts in sorted(self._problems.items())
        ]

    def alike(self) -> list[Part]:
        """The parts, where hosts whose parts are equal share one; in the order of the hosts."""
        groups: dict[str, Part] = {}
        for host, part in sorted(self.by_host.items()):
            key = json.dumps(part, sort_keys=True)
            groups.setdefault(key, {"hosts": [], **part})["hosts"].append(host)
        return list(groups.values())

    def text(self, value: Json) -> str | None:
        """Free text of a document without what identifies; null stays null."""
        return None if value is None else self.redaction.text(str(value))


def pick(section: Mapping[str, Any] | None, names: Iterable[str]) -> Part:
    """Some fields of a section by name; all null where the section was not read.

    Texts are one line each: what they hold comes from a host.
    """
    found = {name: (section or {}).get(name) for name in names}
    return {k: one_line(v) if isinstance(v, str) else v for k, v in found.items()}


def section(document: Mapping[str, Any] | None, name: str) -> dict[str, Any] | None:
    """A section of a document's data; None where either was not read."""
    return None if document is None else document["data"].get(name)
