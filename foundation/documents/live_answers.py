"""What hosts said when the gate asked who they are: what stored figures must match."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from python_probes.core.version import VERSION

from ..core.errors import DocumentError, one_line, shorten
from . import store
from .schema_registry import version


def keep(
    baseline_dir: Path,
    hosts: Iterable[str],
    answers: Mapping[str, Any],
    now: datetime,
    groups: Mapping[str, Collection[str]] | None = None,
) -> None:
    """Write the live_state document of every host.

    `answers` has by host the result of the module foundation_probe; `groups` by host the names
    of its inventory groups, which waivers may name. A host without an answer is written down as
    not reachable, one whose answer is invalid or another's as reached with an answer that is not
    to be used, each with the reason. Raises FoundationError.
    """
    for host in hosts:
        document = _document(host, answers.get(host) or {}, now)
        # Whatever a host says of itself here: the inventory decides what is waived for it.
        document["data"] = {k: v for k, v in document["data"].items() if k != "groups"}
        if mine := (groups or {}).get(host):
            document["data"]["groups"] = sorted(mine)
        store.write(document, store.path(baseline_dir, host, store.LIVE_STATE))


def _document(host: str, answer: Mapping[str, Any], now: datetime) -> store.Document:
    given = answer.get("documents") or {}
    document = given.get(store.LIVE_STATE) if isinstance(given, Mapping) else given
    if document is None:
        reason = one_line(str(answer.get("msg") or "it was not asked"))
        return without_answer(host, reason, now, reachable=False)
    if not isinstance(document, Mapping):
        reason = f"the host's answer: found {shorten(document)}, no JSON object"
        return without_answer(host, reason, now, reachable=True)
    try:
        # As if read from a file: what none can hold must not end the gate for the others.
        answered = store.parse(json.dumps(document).encode())
        return store.validate(answered, store.LIVE_STATE, host, "the host's answer")
    except DocumentError as error:
        return without_answer(host, str(error), now, reachable=True)


def without_answer(host: str, reason: str, now: datetime, *, reachable: bool) -> store.Document:
    """The live_state of a host that gave no answer, or, if `reachable`, none to be used."""
    return {
        "schema_version": version(store.LIVE_STATE),
        "kind": store.LIVE_STATE,
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
        "data": {"reachable": reachable, "reason": reason},
        "problems": [],
    }
