"""What hosts said when the gate asked who they are: what stored figures must match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from python_probes.version import VERSION

from . import documents
from .errors import DocumentError, one_line


def keep(
    baseline_dir: Path, hosts: Iterable[str], answers: Mapping[str, Any], now: datetime
) -> None:
    """Write the live_state document of every host.

    `answers` has by host the result of the module foundation_probe; a host whose result holds no
    usable document is written down as unreachable, with the reason. Raises FoundationError.
    """
    for host in hosts:
        document = _document(host, answers.get(host) or {}, now)
        documents.write(document, documents.path(baseline_dir, host, documents.LIVE_STATE))


def _document(host: str, answer: Mapping[str, Any], now: datetime) -> documents.Document:
    document = (answer.get("documents") or {}).get(documents.LIVE_STATE)
    if document is None:
        return unreachable(host, one_line(str(answer.get("msg") or "it was not asked")), now)
    try:
        documents.validate(document, documents.LIVE_STATE, host, "the host's answer")
    except DocumentError as error:
        return unreachable(host, str(error), now)
    return dict(document)


def unreachable(host: str, reason: str, now: datetime) -> documents.Document:
    """The live_state of a host that gave no usable answer."""
    return {
        "schema_version": "1.0",
        "kind": documents.LIVE_STATE,
        "host": host,
        "collected_at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "collector": {"name": "foundation", "version": VERSION},
        "identity": dict.fromkeys(
            (
                "gpu_uuids",
                "serial_hash",
                "machine_id_hash",
                "kernel",
                "driver",
                "boot_id",
                "build",
                "image_digest",
            )
        ),
        "data": {"reachable": False, "reason": reason},
        "problems": [],
    }
