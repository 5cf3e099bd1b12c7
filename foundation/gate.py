"""The gate: documents in, verdict out. `evaluate` is pure; `judge_folder` reads the files for it.

A host's verdict is the worst of its criteria, in the order FAIL, INVALID, MISSING, PASS: a failure
is proven and no new measurement of something else can undo it; an invalid figure is evidence that
something is wrong; a missing answer may still turn out well. A host that did not answer has no
other outcome than missing, since nothing stored can be tied to the host as it is now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .criteria import AUTO, Profile, load_profiles
from .documents import Document, DocumentFolder, folder, write
from .errors import DocumentError
from .evidence import Evidence
from .judge import FAIL, INVALID, MISSING, PASS, WAIVED, Result, judge
from .regression import regressions
from .waivers import Waiver, load_waivers

Report = dict[str, Any]

WORKSTREAMS = {
    "WS-01": "Hardware Baselines",
    "WS-02": "Reproducibility Framework",
    "WS-03": "Benchmark Suite",
}
PASSED, FAILED = "PASSED", "FAILED"
COMPLETE, INCOMPLETE = "COMPLETE", "INCOMPLETE"
NO_HOSTS = (
    "no hosts were judged: nothing was measured, which is a failure: name hosts in the inventory "
    "and run ansible-playbook foundation.yml"
)


def judge_folder(
    documents_dir: Path,
    profile: str | Mapping[str, str] = AUTO,
    waivers_file: Path | None = None,
    expected: Collection[str] | None = None,
    *,
    now: datetime,
) -> Report:
    """The report over stored documents: what the playbook and `foundation gate` both call.

    `profile` is a choice of `criteria.load_profiles`, for all hosts or by host (`auto` for those
    not named). With `expected`, exactly these hosts are judged and a host without documents is
    MISSING; without, every host that has a folder. `now` has a time zone.
    Raises FoundationError when no verdict is possible: unreadable folder, profile or waivers.
    """
    choices = {} if isinstance(profile, str) else profile
    default = load_profiles(profile if isinstance(profile, str) else AUTO)
    profiles = {host: load_profiles(choice) for host, choice in choices.items()}
    waivers = load_waivers(waivers_file)
    for host in expected or ():
        folder(documents_dir, host)
    # With nothing stored yet, hosts that are expected are MISSING: that is a verdict.
    stored = expected is None or Path(documents_dir).exists()
    documents = DocumentFolder(documents_dir) if stored else {}
    return evaluate(default, documents, waivers, now, expected, host_profiles=profiles)


def failures(report: Report, host: str, workstream: str) -> list[str]:
    """What a report says failed on a host in one workstream, a line each."""
    return [
        f"{entry['title']}: {entry['message']}"
        for entry in report["hosts"][host]["criteria"]
        if entry["workstream"] == workstream and entry["outcome"] == FAIL
    ]


def write_report(report: Report, path: Path) -> None:
    """Write a gate report atomically. Raises StorageError, DocumentError."""
    write(report, path)


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
    by_place = {(waiver.host, waiver.criterion): waiver for waiver in waivers}
    used: set[tuple[str, str]] = set()
    messages: dict[str, None] = {}
    entries: dict[str, Any] = {}
    totals = {name: [0, 0] for name in WORKSTREAMS}
    for host in hosts:
        choice = (host_profiles or {}).get(host, profiles)
        profile, results = _judge_host(host, documents.get(host, {}), choice, now)
        for index, result in enumerate(results):
            place = (host, result.criterion.id)
            waiver = by_place.get(place)
            if waiver is not None and result.outcome == FAIL and now.date() <= waiver.expires:
                used.add(place)
                results[index] = _waive(result, waiver)
            counts = totals[result.criterion.workstream]
            counts[0] += results[index].passes
            counts[1] += 1
        entries[host] = {
            "verdict": _host_verdict(results),
            "profile": profile.name,
            "criteria": [result.entry() for result in results],
        }
        if profile.note:
            messages[f"{profile.name}: {profile.note}"] = None
    if not hosts:
        messages[NO_HOSTS] = None
    messages |= dict.fromkeys(_waiver_messages(by_place, used, entries, now))
    if expected_hosts is not None and (others := sorted(set(documents) - set(hosts))):
        messages[f"not judged, since not expected: {', '.join(others)}"] = None
    workstreams = {
        name: {
            "title": title,
            "status": COMPLETE if totals[name][0] == totals[name][1] > 0 else INCOMPLETE,
            "passed": totals[name][0],
            "total": totals[name][1],
        }
        for name, title in WORKSTREAMS.items()
    }
    complete = all(entry["status"] == COMPLETE for entry in workstreams.values())
    return {
        "schema_version": "1.0",
        "kind": "gate_report",
        "generated_at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "verdict": PASSED if hosts and complete else FAILED,
        "workstreams": workstreams,
        "hosts": entries,
        "messages": list(messages),
    }


def _judge_host(
    host: str,
    given: Mapping[str, Document | DocumentError],
    profiles: Sequence[Profile],
    now: datetime,
) -> tuple[Profile, list[Result]]:
    evidence = Evidence(host, given)
    profile = next((one for one in profiles if evidence.applies(one)), profiles[-1])
    evidence.apply(profile, now)
    results = [judge(criterion, evidence, profile) for criterion in profile.criteria]
    return profile, results + regressions(evidence, profile)


def _host_verdict(results: Iterable[Result]) -> str:
    outcomes = {result.outcome for result in results if not result.passes}
    for outcome in (FAIL, INVALID):
        if outcome in outcomes:
            return outcome.upper()
    # What remains is missing, or skipped where the profile does not say it is optional.
    return MISSING.upper() if outcomes else PASS.upper()


def _waive(result: Result, waiver: Waiver) -> Result:
    ticket = f", {waiver.ticket}" if waiver.ticket else ""
    message = f"waived until {waiver.expires}{ticket}: {waiver.reason}; {result.message}"
    return Result(result.criterion, WAIVED, message, result.action, result.measured)


def _waiver_messages(
    waivers: Mapping[tuple[str, str], Waiver],
    used: Collection[tuple[str, str]],
    entries: Mapping[str, Any],
    now: datetime,
) -> Iterable[str]:
    """Why a waiver had no effect: a reader would otherwise believe that it has."""
    for (host, criterion), waiver in waivers.items():
        if (host, criterion) in used:
            continue
        found = [e for e in entries.get(host, {}).get("criteria", ()) if e["id"] == criterion]
        if now.date() > waiver.expires:
            reason = f"expired on {waiver.expires}"
        elif host not in entries:
            reason = "no such host was judged"
        elif not found:
            reason = "no such criterion was judged"
        else:
            reason = f"only a failure can be waived, the outcome is {found[0]['outcome']}"
        yield f"waiver without effect: {host}, {criterion}: {reason}"
