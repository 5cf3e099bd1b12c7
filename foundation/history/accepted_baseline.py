"""A host's baseline: a benchmark run that a person accepted, for later runs to be held against.

Only figures that break no validity rule are taken, and only from a run that is the host's present
state. Nothing becomes a baseline by itself, and none is replaced unless that is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..core.errors import DocumentError, FoundationError
from ..documents import store
from ..documents.schema_registry import version
from ..documents.store import BASELINE, LIVE_STATE, Document
from ..evaluation.criterion_result import figure_faults
from ..evaluation.evidence import Evidence
from ..profiles.constraints import four_digits
from ..profiles.criteria import Profile

ACCEPTED, UNCHANGED, KEPT = "accepted", "unchanged", "kept"


class BaselineError(FoundationError):
    """The host's run cannot become its baseline."""


@dataclass(frozen=True)
class Acceptance:
    """What became of a host's run. `left_out` has the reason by figure; `changes` is a diff."""

    outcome: str
    path: Path
    figures: tuple[str, ...]
    left_out: Mapping[str, str]
    changes: tuple[str, ...]


def accept(
    baseline_dir: Path,
    host: str,
    profiles: Sequence[Profile],
    now: datetime,
    *,
    replace: bool = False,
    write: bool = True,
) -> Acceptance:
    """Make the host's stored benchmark document its baseline.

    Where there is another baseline already, it is kept unless `replace`; `changes` shows value by
    value what differs. `write=False` only says what would be. Raises BaselineError when the run
    is stale, of another state of the host or without a valid figure, StorageError, and
    DocumentError for a baseline on disk that cannot be read (unless it is to be replaced).
    """
    path = store.path(baseline_dir, host, BASELINE)
    stored = dict(store.load_folder(baseline_dir).get(host, {}))
    old = stored.pop(BASELINE, None)
    new, left_out = make(host, stored, profiles, now)
    figures = tuple(new["data"]["figures"])
    if isinstance(old, DocumentError):
        if not replace:
            raise old
        old = None
    if old is None:
        changes: tuple[str, ...] = ()
    else:
        if not replace:
            old = store.validate(old, BASELINE, host, str(path))
        changes = tuple(difference(old, new))
        if old.get("collected_at") == new["collected_at"] and not changes:
            return Acceptance(UNCHANGED, path, figures, left_out, ())
        if not replace:
            return Acceptance(KEPT, path, figures, left_out, changes)
    if write:
        store.write(new, path)
    return Acceptance(ACCEPTED, path, figures, left_out, changes)


def make(
    host: str,
    stored: Mapping[str, Document | DocumentError],
    profiles: Sequence[Profile],
    now: datetime,
) -> tuple[Document, dict[str, str]]:
    """The baseline document of a host's run, and by figure why it was left out.

    `stored` are its documents by kind, which select one of `profiles`. Raises BaselineError.
    """
    evidence = Evidence(host, _without_old_live_state(stored))
    profile = evidence.select_profile(profiles)
    evidence.apply(profile, now)
    blocker = evidence.blockers.get("benchmark")
    if blocker is not None:
        raise BaselineError(f"{host}: no baseline: {blocker.message}: {blocker.remediation.text}")
    document = evidence.readable["benchmark"]
    left_out: dict[str, str] = {}
    figures: dict[str, Any] = {}
    for name, figure in document["data"]["figures"].items():
        faults = figure_faults(name, evidence, profile)
        if faults:
            left_out[name] = "; ".join(f"{fault.evidence} ({fault.rule})" for fault in faults)
            continue
        figures[name] = {
            "value": figure["value"],
            "unit": figure["unit"],
            "spread": figure["spread"],
            "samples": len(figure["samples"]),
            "level": document["data"]["level"],
        }
    if not figures:
        reasons = sorted(set(left_out.values())) or ["nothing was measured"]
        raise BaselineError(
            f"{host}: no baseline: no figure of {document['collected_at']} is valid under profile "
            f"{profile.name}: {reasons[0]}: run ansible-playbook foundation.yml --tags WS-03 again"
        )
    baseline = {
        "schema_version": version(BASELINE),
        "kind": BASELINE,
        "host": host,
        "collected_at": document["collected_at"],
        "collector": document["collector"],
        "identity": document["identity"],
        "data": {
            "accepted_at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "profile": profile.name,
            "figures": figures,
        },
        "problems": [],
    }
    return baseline, left_out


def difference(old: Mapping[str, Any], new: Document) -> list[str]:
    """What changes from one baseline to another, figure by figure, as lines for a person."""
    before, after = _figures(old), _figures(new)
    lines = []
    for name in sorted({*before, *after}):
        then, now = before.get(name), after.get(name)
        if then is None and now is not None:
            lines.append(f"+ {name}: {_amount(now)}")
        elif now is None and then is not None:
            lines.append(f"- {name}: {_amount(then)}")
        elif then is not None and now is not None and then != now:
            change = ""
            if then["unit"] == now["unit"] and then["value"]:
                change = f" ({now['value'] / then['value'] - 1:+.1%})"
            lines.append(f"  {name}: {_amount(then)} -> {_amount(now)}{change}")
    return lines


def tell(host: str, acceptance: Acceptance) -> str:
    """The acceptance as text for a person, without a new line at its end."""
    count = len(acceptance.figures)
    first = {
        ACCEPTED: f"{host}: {count} figures are its baseline now: {acceptance.path}",
        UNCHANGED: f"{host}: this run is its baseline already: {acceptance.path}",
        KEPT: f"{host}: has a baseline, which is kept: {acceptance.path}; this run would change:",
    }[acceptance.outcome]
    lines = [first, *(f"  {line}" for line in acceptance.changes)]
    lines += [f"  left out {name}: {why}" for name, why in acceptance.left_out.items()]
    return "\n".join(lines)


def _without_old_live_state(
    stored: Mapping[str, Document | DocumentError],
) -> dict[str, Document | DocumentError]:
    """What the gate heard before the run says nothing about it: the host may have rebooted."""
    live, benchmark = stored.get(LIVE_STATE), stored.get("benchmark")
    old = (
        isinstance(live, dict)
        and isinstance(benchmark, dict)
        and str(live.get("collected_at")) < str(benchmark.get("collected_at"))
    )
    return {kind: one for kind, one in stored.items() if not (old and kind == LIVE_STATE)}


def _figures(document: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a baseline; none where it is to be replaced since it is damaged."""
    try:
        return dict(store.validate(document, BASELINE)["data"]["figures"])
    except DocumentError:
        return {}


def _amount(figure: Mapping[str, Any]) -> str:
    return f"{four_digits(figure['value'])} {figure['unit']}"
