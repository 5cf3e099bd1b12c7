"""The gate report as test cases, one per host and criterion: what JUnit and CTRF have in common.

Programs that read test results know passed, failed and skipped, and look at nothing else to tell
green from red. So a case that keeps the gate from passing is never `skipped` here, and a report
that failed without any such case (no hosts, nothing measured) gets one of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..core.errors import one_line
from ..evaluation.criterion_result import FAIL, INVALID, PASS

GATE = "phase gate"
"""The suite of the case that speaks of no host: no host is called so, names have no spaces."""
VERDICT = "verdict"
_LONGEST = 4000  # characters of one text; a message has 2,000 at most


class Status(Enum):
    """What a reader of test results makes of an outcome."""

    PASSED = "passed"
    FAILED = "failed"  # there is evidence against the host: fail, invalid
    ERROR = "error"  # there is no evidence: missing, or skipped though required
    SKIPPED = "skipped"  # not applicable, or a failure that is waived


@dataclass(frozen=True)
class Case:
    """One criterion of one host. All texts are one line without control characters."""

    suite: str
    workstream: str
    name: str
    title: str
    outcome: str
    status: Status
    message: str
    measured: str
    required: str
    remediation: str
    command: str | None = None
    warns: bool = False

    @property
    def class_name(self) -> str:
        """Where the case belongs: unique with `name` over the report, the same in every report.

        Jenkins takes what precedes the last dot for a package and the rest for a class. With the
        workstream last, a host name that has dots stays in one piece.
        """
        return f"{self.suite}.{self.workstream}" if self.workstream else self.suite

    @property
    def summary(self) -> str:
        """Title and reason on one line."""
        return f"{self.title}: {self.message}"

    @property
    def details(self) -> str:
        """All there is to know, a line each."""
        lines = [self.summary, f"measured: {self.measured}", f"required: {self.required}"]
        if self.status in (Status.FAILED, Status.ERROR):
            lines.append(f"do: {self.remediation}")
            lines += [f"run: {self.command}"] if self.command else []
        return "\n".join(lines)


def cases(report: Mapping[str, Any]) -> dict[str, list[Case]]:
    """The cases of a gate report by suite: a suite per host, and `GATE` where no host says it."""
    suites = {name: _host_cases(name, host) for name, host in report["hosts"].items()}
    stopped = any(
        entry["blocks"] for host in report["hosts"].values() for entry in host["criteria"]
    )
    if not suites or (report["verdict"] != "PASSED" and not stopped):
        suites[GATE] = [_verdict_case(report)]
    return suites


def _host_cases(name: str, host: Mapping[str, Any]) -> list[Case]:
    found = []
    for entry in host["criteria"]:
        measured, command = entry["measured"], entry["remediation"]["command"]
        found.append(
            Case(
                suite=name,
                workstream=entry["workstream"],
                name=plain(entry["id"]),
                title=plain(entry["title"]),
                outcome=entry["outcome"],
                status=_status(entry),
                message=plain(entry["message"]),
                measured="nothing" if measured is None else plain(measured),
                required=plain(entry["required"]),
                remediation=plain(entry["remediation"]["text"]),
                command=None if command is None else plain(command),
                warns=entry["warns"],
            )
        )
    return found


def _status(entry: Mapping[str, Any]) -> Status:
    outcome = entry["outcome"]
    if entry["blocks"]:
        return Status.FAILED if outcome in (FAIL, INVALID) else Status.ERROR
    return Status.PASSED if outcome == PASS else Status.SKIPPED


def _verdict_case(report: Mapping[str, Any]) -> Case:
    reason = "; ".join(report["messages"]) or "no host has a criterion that says why"
    return Case(
        suite=GATE,
        workstream="",
        name=VERDICT,
        title="Phase gate",
        outcome=report["verdict"],
        status=Status.FAILED,
        message=plain(reason),
        measured=f"{len(report['hosts'])} hosts, verdict {report['verdict']}",
        required="at least one host, and every workstream complete",
        remediation="Name the hosts in the inventory, then ansible-playbook foundation.yml",
    )


def plain(text: str) -> str:
    """A text of a report on one line that every format can hold: XML forbids most controls."""
    return one_line(text, _LONGEST) or "(blank)"
