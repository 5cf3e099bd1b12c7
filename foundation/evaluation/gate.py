"""The gate: documents in, verdict out. `evaluate` is pure; `judge_folder` reads the files for it.

A host's verdict is the worst of its criteria, in the order FAIL, INVALID, MISSING, PASS: a failure
is proven and no new measurement of something else can undo it; an invalid figure is evidence that
something is wrong; a missing answer may still turn out well. A host that did not answer has no
other outcome than missing, since nothing stored can be tied to the host as it is now.

Each host is judged on its own evidence first (host_result.py), then beside the others (fleet.py),
then failures are waived (waivers.py): docs/adr/0011-a-fleet.md.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from ..core.errors import DocumentError, one_line
from ..core.files import write_atomically
from ..core.workstreams import WORKSTREAMS
from ..documents import merge
from ..documents.report_text import pieces
from ..documents.schema_registry import version
from ..documents.store import COLLECTED_KINDS, Document, DocumentFolder, folder, validate
from ..profiles.criteria import AUTO, Profile, load_profiles
from . import fleet, waivers
from .criterion_result import FAIL
from .host_result import HostResult, Shared, judge_host
from .waivers import Waiver, load_waivers

Report = dict[str, Any]

PASSED, FAILED = "PASSED", "FAILED"
COMPLETE, INCOMPLETE = "COMPLETE", "INCOMPLETE"
NO_HOSTS = "no hosts were judged: nothing was measured, which is a failure"
NAME_HOSTS = "name hosts in the inventory and run ansible-playbook foundation.yml"
_VALIDATED_AT_ONCE = 100  # hosts of a report: it is checked and written in parts


def judge_folder(
    documents_dir: Path | Sequence[Path],
    profile: str | Mapping[str, str] = AUTO,
    waivers_file: Path | None = None,
    expected: Collection[str] | None = None,
    *,
    now: datetime,
    inventory: Collection[str] = (),
) -> Report:
    """The report over stored documents: what the playbook and `foundation gate` both call.

    Of several folders the newest valid document of each host and kind is judged (merge.py).
    `profile` is a choice of `criteria.load_profiles`, for all hosts or by host (`auto` for those
    not named). With `expected`, exactly these hosts are judged and a host without documents is
    MISSING; without, every host that has a folder. Hosts of `inventory` that are not judged are
    named. `now` has a time zone.
    Raises FoundationError when no verdict is possible: unreadable folder, profile or waivers.
    """
    roots = [documents_dir] if isinstance(documents_dir, str | Path) else list(documents_dir)
    choices = {} if isinstance(profile, str) else profile
    default = load_profiles(profile if isinstance(profile, str) else AUTO)
    loaded = {choice: load_profiles(choice) for choice in dict.fromkeys(choices.values())}
    accepted = load_waivers(waivers_file)
    for host in expected or ():
        folder(roots[0], host)
    # With nothing stored yet, hosts that are expected are MISSING: that is a verdict. Of several
    # folders each must be there: what lies in one might be newer than what is judged.
    optional = expected is not None and len(roots) == 1
    readable = [root for root in roots if not optional or Path(root).exists()]
    stored = set().union(*(DocumentFolder(root) for root in readable))
    hosts = sorted(stored if expected is None else set(expected))
    own = {host: loaded[choice] for host, choice in choices.items()}
    paths = [Path(root) for root in roots]
    judged = _judged(hosts, lambda host: merge.load(paths, host), default, own, now)
    return _report(judged, accepted, now, (stored | set(inventory)) - set(hosts))


def failures(report: Report, host: str, workstream: str) -> list[str]:
    """What a report says failed on a host in one workstream, a line each."""
    return [
        f"{entry['title']}: {entry['message']}"
        for entry in report["hosts"][host]["criteria"]
        if entry["workstream"] == workstream and entry["outcome"] == FAIL
    ]


def write_report(report: Report, path: Path) -> None:
    """Write a gate report atomically. Raises StorageError, DocumentError.

    It is checked in parts, each with some of the hosts: no rule of the schema looks at two.
    """
    hosts = iter(report["hosts"].items())
    part = dict(islice(hosts, _VALIDATED_AT_ONCE))
    validate({**report, "hosts": part}, source=str(path))
    frame = {**report, "not_judged": [], "waivers": [], "messages": []}
    while part := dict(islice(hosts, _VALIDATED_AT_ONCE)):
        validate({**frame, "hosts": part}, source=str(path))
    try:
        write_atomically(Path(path), (piece.encode() for piece in pieces(report)))
    except (TypeError, ValueError) as error:
        raise DocumentError(f"{path}: cannot be written as JSON: {one_line(str(error))}") from error


def evaluate(
    profiles: Sequence[Profile],
    documents: Mapping[str, Mapping[str, Document | DocumentError]],
    waivers: Iterable[Waiver],
    now: datetime,
    expected_hosts: Collection[str] | None = None,
    *,
    host_profiles: Mapping[str, Sequence[Profile]] | None = None,
) -> Report:
    """The gate report (`schemas/gate_report.json`). Reads no file and no clock.

    Of `profiles` (or a host's own in `host_profiles`) the first that applies is used, else the
    last. A document that could not be read stands in `documents` as its DocumentError.
    """
    hosts = sorted(documents if expected_hosts is None else set(expected_hosts))
    judged = _judged(
        hosts, lambda host: (documents.get(host, {}), []), profiles, host_profiles or {}, now
    )
    return _report(judged, waivers, now, set(documents) - set(hosts))


def _judged(
    hosts: Iterable[str],
    load: Callable[[str], tuple[merge.Given, list[str]]],
    default: Sequence[Profile],
    own: Mapping[str, Sequence[Profile]],
    now: datetime,
) -> Iterator[HostResult]:
    """The result of each host, whose documents are in memory while it is judged alone.

    `load` gives them and what is in conflict between them; `own` has the profiles of hosts that are
    not judged by `default`.
    """
    shared = Shared()
    for host in hosts:
        profiles = own.get(host, default)
        try:
            given, conflicts = load(host)
            notes = [f"conflict: {conflict}" for conflict in conflicts]
            yield judge_host(host, given, profiles, now, shared=shared, notes=notes)
        except Exception as error:  # noqa: BLE001 - the other hosts get their verdict all the same
            fault = dict.fromkeys(COLLECTED_KINDS, DocumentError(_crash(error)))
            yield judge_host(host, fault, profiles, now, shared=shared)


def _crash(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return one_line(
        "the gate failed on this host, which is a fault of its own: report it with the host's "
        f"documents ({type(error).__name__} in {place}: {error})"
    )


def _report(
    judged: Iterable[HostResult], accepted: Iterable[Waiver], now: datetime, others: Collection[str]
) -> Report:
    """The report over hosts that were judged one by one; `others` were not."""
    alone = fleet.without_copies(list(judged))
    results = fleet.without_twins(alone)
    # A machine that was counted twice makes no majority, and its figures belong to neither name.
    comparable = [one for one, before in zip(results, alone, strict=True) if one is before]
    differences = fleet.differences(comparable)
    outliers = fleet.outliers(comparable)
    results = fleet.held_to_the_majority(results, differences)
    results, waived = waivers.apply(results, accepted, now)
    twins = {one.host for one in alone} - {one.host for one in comparable}
    workstreams = _workstreams(results)
    complete = all(entry["status"] == COMPLETE for entry in workstreams.values())
    return {
        "schema_version": version("gate_report"),
        "kind": "gate_report",
        "generated_at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "verdict": PASSED if results and complete else FAILED,
        "workstreams": workstreams,
        "hosts": {one.host: _host(one, one.host in twins) for one in results},
        "not_judged": sorted(others),
        "waivers": waived,
        "fleet": {"differences": differences, "outliers": outliers},
        "messages": list(dict.fromkeys(_messages(results, waived, others))),
    }


def _host(one: HostResult, twin: bool) -> dict[str, Any]:
    figures = one.figures
    if twin:
        figures = {name: {**figure, "trusted": False} for name, figure in figures.items()}
    return {
        "verdict": one.verdict,
        "profile": one.profile,
        "documents": one.documents,
        "figures": figures,
        "criteria": list(one.entries),
    }


def _workstreams(results: Iterable[HostResult]) -> dict[str, Any]:
    totals = {name: [0, 0] for name in WORKSTREAMS}
    for one in results:
        for entry in one.entries:
            counts = totals[entry["workstream"]]
            counts[0] += not entry["blocks"]
            counts[1] += 1
    return {
        name: {
            "title": one.title,
            "status": COMPLETE if totals[name][0] == totals[name][1] > 0 else INCOMPLETE,
            "passed": totals[name][0],
            "total": totals[name][1],
        }
        for name, one in WORKSTREAMS.items()
    }


def _messages(
    results: Sequence[HostResult], waived: Iterable[dict[str, Any]], others: Collection[str]
) -> Iterator[str]:
    for one in results:
        if one.note:
            yield f"{one.profile}: {one.note}"
    if not results:
        yield f"{NO_HOSTS}: {NAME_HOSTS}"
    yield from waivers.without_effect(waived)
    for one in results:
        yield from (one_line(note, 1000) for note in one.notes)
    if others:
        yield f"not judged, since not expected: {fleet.named(others)}"
