"""A gate report and the documents that it judged, held against each other.

What follows the gate (hand-off, completion summaries) speaks of both. A report of documents that
have changed since would vouch for something that it never saw, so the documents are judged again
as of the report's own time, and every outcome must come out the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..core.errors import DocumentError, FoundationError, ProfileError
from ..core.exit_status import ExitStatus
from ..documents import store
from ..profiles.criteria import Profile, load_profiles
from .criterion_result import FAIL, WAIVED, figure_faults
from .evidence import Evidence
from .gate import COMPLETE, Report, judge_folder
from .report_entries import complete

GATE_AGAIN = "run ansible-playbook gate.yml again"
_NAMED = 3  # of a long list, in a message of one line


class RefusedError(FoundationError):
    """The report does not allow what was asked of it."""

    exit_status = ExitStatus.NOT_PASSED


@dataclass(frozen=True)
class Host:
    """One host of a report: its entry, its documents, and the profile that it was judged by."""

    name: str
    entry: Mapping[str, Any]
    evidence: Evidence
    profile: Profile

    def document(self, kind: str) -> store.Document | None:
        """The document of a kind, or None where nothing that can be trusted is there."""
        return None if kind in self.evidence.blockers else self.evidence.readable.get(kind)

    def faults(self, figure: str) -> list[str]:
        """What speaks against a figure of the benchmark document, as the gate says it."""
        found = figure_faults(figure, self.evidence, self.profile)
        return [f"{fault.evidence} ({fault.rule})" for fault in found]


@dataclass(frozen=True)
class VerifiedReport:
    """A report that fits the documents below a folder."""

    report: Report
    documents_dir: Path
    choices: Mapping[str, str]

    def hosts(self) -> Iterator[Host]:
        """The judged hosts by name; each host's documents are read when it is its turn."""
        stored = store.load_folder(self.documents_dir)
        now = _time(self.report)
        for name, entry in sorted(self.report["hosts"].items()):
            evidence = Evidence(name, stored.get(name, {}))
            profiles = load_profiles(self.choices[name])
            profile = evidence.select_profile(profiles)
            evidence.apply(profile, now)
            yield Host(name, entry, evidence, profile)

    def require_complete(self, workstream: str, what: str) -> None:
        """Raises RefusedError, which names what is missing, unless a workstream is complete."""
        entry = self.report["workstreams"][workstream]
        if entry["status"] == COMPLETE:
            return
        hosts = self.report["hosts"]
        blocked = [
            f"{name}: {', '.join(_few(ids))}"
            for name, host in sorted(hosts.items())
            if (ids := _blocking(host, workstream))
        ]
        reason = f"; missing: {'; '.join(_few(blocked))}" if blocked else ""
        raise RefusedError(
            f"{what} refused: {workstream} is {entry['status']}, {entry['passed']} of "
            f"{entry['total']} criteria pass{reason if hosts else '; no hosts were judged'}; do "
            "what the gate says, then run ansible-playbook foundation.yml and gate.yml"
        )


def load(documents_dir: Path, report_path: Path, profile: str | None = None) -> VerifiedReport:
    """The report in a file, once it is certain that it is about these documents.

    `profile` is what the gate was asked to judge by, needed for a profile file: a report names
    profiles, not files. Raises RefusedError where the documents are of another state than those
    that were judged, DocumentError or ProfileError where that is not known.
    """
    if not Path(report_path).exists():
        raise DocumentError(
            f"{report_path}: there is no gate report: run ansible-playbook gate.yml, or name one "
            "with --gate"
        )
    report = store.load(report_path)
    if report["kind"] != "gate_report":
        raise DocumentError(f"{report_path}: found kind {report['kind']}, not a gate report")
    complete(report)
    choices = {name: profile or entry["profile"] for name, entry in report["hosts"].items()}
    for name, choice in choices.items():
        try:
            load_profiles(choice)
        except ProfileError as error:
            if profile is not None:
                raise
            raise ProfileError(
                f"{report_path}: {name} was judged by the profile {choice}, which does not come "
                "with this package: name its file with --profile"
            ) from error
    _refuse_other_times(report, store.load_folder(documents_dir))
    again = judge_folder(documents_dir, choices, None, list(choices), now=_time(report))
    _refuse_other_outcomes(report, again)
    return VerifiedReport(report, Path(documents_dir), choices)


def _time(report: Report) -> datetime:
    return datetime.fromisoformat(report["generated_at"])


def _refuse_other_times(report: Report, stored: store.DocumentFolder) -> None:
    """A report that says which documents it judged: each must be there as it was, and no other."""
    for name, entry in report["hosts"].items():
        if "documents" not in entry:
            continue
        judged: Mapping[str, str] = entry["documents"]
        found = stored.get(name, {})
        for kind in dict.fromkeys((*judged, *store.COLLECTED_KINDS)):
            document = found.get(kind)
            # One that cannot be read has no time: judging again says what is wrong with it.
            if kind not in judged and isinstance(document, DocumentError):
                continue
            now = document.get("collected_at") if isinstance(document, dict) else None
            if now != judged.get(kind):
                raise RefusedError(
                    f"the gate report does not fit the documents: {name}: the {kind} document "
                    f"that was judged is of {judged.get(kind, 'no time, there was none')}, the "
                    f"stored one of {now or 'no time, there is none'}; {GATE_AGAIN}"
                )


def _refuse_other_outcomes(report: Report, again: Report) -> None:
    """Waivers are not known here, so a waived criterion must be one that fails without."""
    waived = dict.fromkeys(report["workstreams"], 0)
    for name, entry in report["hosts"].items():
        stored = {one["id"]: one for one in entry["criteria"]}
        found = {one["id"]: one for one in again["hosts"][name]["criteria"]}
        for identifier in dict.fromkeys((*stored, *found)):
            mine, other = _outcome(stored.get(identifier)), _outcome(found.get(identifier))
            if mine != other:
                raise RefusedError(
                    f"the gate report does not fit the documents: {name}: {identifier} is "
                    f"{' with '.join(mine)} in the report and {' with '.join(other)} when judged "
                    f"again as of {report['generated_at']}; {GATE_AGAIN}"
                )
        for one in stored.values():
            waived[one["workstream"]] += one["outcome"] == WAIVED
    for workstream, entry in again["workstreams"].items():
        counted = report["workstreams"][workstream]
        wanted = (entry["passed"] + waived[workstream], entry["total"])
        complete = wanted[0] == wanted[1] > 0
        if (counted["passed"], counted["total"], counted["status"] == COMPLETE) != (
            *wanted,
            complete,
        ):
            raise RefusedError(
                f"the gate report does not fit the documents: {workstream} is "
                f"{counted['status']} with {counted['passed']} of {counted['total']} in the "
                f"report, and {wanted[0]} of {wanted[1]} when judged again; {GATE_AGAIN}"
            )


def _outcome(criterion: Mapping[str, Any] | None) -> tuple[str, ...]:
    if criterion is None:
        return ("absent",)
    outcome = FAIL if criterion["outcome"] == WAIVED else str(criterion["outcome"])
    return (outcome, str(criterion["measured"] or "no value"))


def _blocking(host: Mapping[str, Any], workstream: str) -> list[str]:
    return [
        f"{one['id']} ({one['outcome']})"
        for one in host["criteria"]
        if one["workstream"] == workstream and one["blocks"]
    ]


def _few(names: list[str]) -> list[str]:
    rest = len(names) - _NAMED
    return [*names[:_NAMED], f"and {rest} more"] if rest > 0 else names
