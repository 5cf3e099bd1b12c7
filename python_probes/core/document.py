"""The envelope that every document shares, and the last look for identifying text."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

from .identifiers import Identifiers, change_texts, hide_network_addresses
from .system import Note
from .version import VERSION

SCHEMA_VERSIONS = {
    "hardware_baseline": "1.1",
    "environment": "1.0",
    "reproducibility": "1.0",
    "benchmark": "1.1",
    "live_state": "1.0",
    "manifest": "1.0",
}
"""By kind the version that is written: `x-version` of its schema, which is not on the host."""
COLLECTOR = "python_probes"

# A MAC address, an InfiniBand GUID, the name of a disk that is one of its kind, and the names
# that udev makes of addresses (enx..., rocex...).
_STRAY = re.compile(
    r"(?i)(?<![0-9a-f:])(?:(?:[0-9a-f]{2}:){5,19}[0-9a-f]{2}|(?:[0-9a-f]{4}:){3}[0-9a-f]{4})"
    r"(?![0-9a-f:])"
    r"|(?<![0-9a-f])(?<![0-9a-f]-)(?:[0-9a-f]{2}-){5}[0-9a-f]{2}(?![0-9a-f-])"
    r"|(?<=eui\.|naa\.|n-0x)[0-9a-f]{16,32}(?![0-9a-f])"
)
_STRAY_IN_NAME = re.compile(r"(?i)(?:en|wl|ww|eth|roce|ib|iw)x([0-9a-f]{12,16})(?![0-9a-f])")
# What commands call a serial number in the text that a problem quotes.
_STRAY_SERIAL = re.compile(
    r"(?i)\b(?:serial(?: number| no\.?)?|s/n)\s*[:=#]?\s*(?=\S*\d)([\w-]{6,})"
)

Problem = dict[str, str]


def noter(problems: list[Problem], probe: str) -> Note:
    """A `note(code, message)` that appends `{probe, code, message}` to `problems` once."""

    def note(code: str, message: str) -> None:
        problem = {"probe": probe, "code": code, "message": " ".join(message.split()) or code}
        if problem not in problems:
            problems.append(problem)

    return note


def build(
    kind: str,
    host: str,
    identity: dict[str, Any],
    data: dict[str, Any],
    problems: list[Problem],
    *,
    identifiers: Identifiers,
) -> dict[str, Any]:
    """A finished document of `kind`, with every identifying value replaced by its hash."""
    body = {
        "identity": identity,
        "data": change_texts(data, hide_network_addresses),
        "problems": [
            {**problem, "message": hide_network_addresses(problem["message"])}
            for problem in problems
        ],
    }

    _register_strays(body, identifiers)
    return {
        "schema_version": SCHEMA_VERSIONS[kind],
        "kind": kind,
        "host": host,
        "collected_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "collector": {"name": COLLECTOR, "version": VERSION},
        **identifiers.redact(body),
    }


def without_identifiers(text: str, identifiers: Identifiers) -> str:
    """A text that leaves the host outside a document, such as why there is none."""
    text = hide_network_addresses(text)
    _register_strays(text, identifiers)
    return str(identifiers.redact(text))


def _register_strays(node: Any, identifiers: Identifiers) -> None:
    """Hash addresses and serial numbers in text that no probe took for an identifier."""

    def register(text: str, _: str) -> str:
        for found in _STRAY.finditer(text):
            identifiers.hash(found[0])
        for pattern in (_STRAY_IN_NAME, _STRAY_SERIAL):
            for found in pattern.finditer(text):
                identifiers.hash(found[1])
        return text

    change_texts(node, register)
