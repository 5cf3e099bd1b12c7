"""Results of several runs or controllers as one: the newest valid document of each kind wins.

So the slices of a job that several controllers share (AWX) are judged together, and so is a run
of today beside one of last week. What does not fit together is judged all the same, by the newest
valid document, and named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..core.errors import DocumentError
from .store import HOST_KINDS, LIVE_STATE, Document, load_host, validate

Given = Mapping[str, Document | DocumentError]

_MACHINE = {
    "gpu_uuids": "another GPU",
    "serial_hash": "another serial number",
    "machine_id_hash": "another machine-id",
}


def load(roots: Sequence[Path], host: str) -> tuple[Given, list[str]]:
    """What lies of a host in some folders, and the conflicts between them, a line each."""
    found = [(str(root), load_host(root, host)) for root in roots]
    return merge(host, [(name, given) for name, given in found if given])


def merge(host: str, sources: Sequence[tuple[str, Given]]) -> tuple[Given, list[str]]:
    """The documents of one host from sources with a name each, and what is in conflict.

    Of two that are equally new, the one of the source named first is taken. A document that is
    invalid is taken where no source has a valid one.
    """
    if len(sources) == 1:
        return sources[0][1], []
    merged: dict[str, Document | DocumentError] = {}
    conflicts: list[str] = []
    for kind in HOST_KINDS:
        candidates = [(name, given[kind]) for name, given in sources if kind in given]
        if candidates:
            merged[kind], lines = _newest(host, kind, candidates)
            conflicts += [f"{host}, {kind}: {line}" for line in lines]
    return merged, conflicts


def _newest(
    host: str, kind: str, candidates: Sequence[tuple[str, Document | DocumentError]]
) -> tuple[Document | DocumentError, list[str]]:
    valid: list[tuple[str, Document]] = []
    faults: list[tuple[str, str]] = []
    for name, document in candidates:
        fault = _fault(host, kind, document)
        if fault is None and isinstance(document, dict):
            valid.append((name, document))
        else:
            faults.append((name, fault or "no JSON object"))
    if not valid:
        return candidates[0][1], []
    # The schema fixes the form of the time, so that its text sorts as the time does.
    newest, winner = max(valid, key=lambda entry: str(entry[1]["collected_at"]))
    judged = f"judged is that of {newest}"
    conflicts = [f"invalid in {name} ({fault}); {judged}" for name, fault in faults]
    for name, other in valid:
        if other is winner or other == winner:
            continue
        machine = _other_machine(winner, other)
        if machine is not None:
            conflicts.append(f"{name} and {newest} are of different machines ({machine}); {judged}")
        elif other["collected_at"] == winner["collected_at"]:
            conflicts.append(f"{name} and {newest} differ and are equally old; {judged}")
    return winner, conflicts


def _fault(host: str, kind: str, document: Document | DocumentError) -> str | None:
    if isinstance(document, DocumentError):
        return str(document)
    try:
        validate(document, kind, host, kind)
    except DocumentError as error:
        return str(error)
    return None


def _other_machine(one: Document, other: Document) -> str | None:
    """What says that two documents are of different machines; nothing where it is not known."""
    if one["kind"] == LIVE_STATE and not (one["data"]["reachable"] and other["data"]["reachable"]):
        return None
    for key, description in _MACHINE.items():
        mine, theirs = one["identity"][key], other["identity"][key]
        if mine and theirs and mine != theirs:
            return description
    return None
