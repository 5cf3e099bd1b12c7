"""What a run came to: typed, and each conclusion from more than one witness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ..core.errors import DocumentError, one_line
from ..documents import store
from ..documents.schema_registry import version
from .playbook import Ended
from .record import Record

State = Literal["passed", "not_passed", "no_result", "cancelled", "timed_out"]
Outcome = Literal["ok", "failed", "unreachable", "not_reached"]

# A file's time stamp may lie behind the clock by a tick, or on a file server by its clock's error.
_CLOCK_SLACK_SECONDS = 2.0


@dataclass(frozen=True)
class HostOutcome:
    """What became of one host.

    outcome: `ok`; `failed` or `unreachable` with the task and the message; `not_reached` where
        nothing was asked of it to the end, with the reason as the message.
    documents: by kind, the files that this run wrote of it.
    stale_documents: by kind, those beside them that an earlier run has left.
    verdict: the gate's, of PASS, FAIL, INVALID and MISSING; None after `run_foundation`.
    """

    host: str
    outcome: Outcome
    task: str | None = None
    message: str = ""
    documents: Mapping[str, Path] = field(default_factory=dict)
    stale_documents: Mapping[str, Path] = field(default_factory=dict)
    verdict: str | None = None


@dataclass(frozen=True)
class RunResult:
    """What a run came to.

    state: `passed`: every host is ok, and after `run_gate` the verdict is PASSED; `not_passed`;
        `no_result` where the run did not come to its end or contradicts itself (`problems` says
        how); `cancelled`; `timed_out`.
    verdict: the gate's, PASSED or FAILED, from the report that this run wrote; None without one.
    exit_status: ansible-playbook's; None where a signal ended it.
    documents_dir: where the documents of all hosts are.
    report: the file of the gate's report, and `gate_report` its content; None without one.
    problems: what concerns the run as a whole, a line each.
    """

    command: Literal["foundation", "gate"]
    state: State
    hosts: Mapping[str, HostOutcome]
    exit_status: int | None
    check: bool
    documents_dir: Path
    problems: tuple[str, ...]
    started_at: datetime
    finished_at: datetime
    verdict: str | None = None
    report: Path | None = None
    gate_report: Mapping[str, Any] | None = None

    @property
    def passed(self) -> bool:
        """Whether everything that was asked for was done, and for the gate that it passed."""
        return self.state == "passed"

    @property
    def cancelled(self) -> bool:
        """Whether the caller ended it."""
        return self.state == "cancelled"

    def document(self) -> dict[str, Any]:
        """The same as JSON, by the schema `run_result`."""
        return {
            "schema_version": version("run_result"),
            "kind": "run_result",
            "command": self.command,
            "started_at": _stamp(self.started_at),
            "finished_at": _stamp(self.finished_at),
            "state": self.state,
            "verdict": self.verdict,
            "exit_status": self.exit_status,
            "check": self.check,
            "documents_dir": str(self.documents_dir),
            "report": None if self.report is None else str(self.report),
            "hosts": {
                host: {
                    "outcome": one.outcome,
                    "task": one.task,
                    "message": one.message,
                    "verdict": one.verdict,
                    "documents": {kind: str(path) for kind, path in one.documents.items()},
                    "stale_documents": {k: str(path) for k, path in one.stale_documents.items()},
                }
                for host, one in self.hosts.items()
            },
            "problems": list(self.problems),
        }


def host_outcomes(ended: Ended) -> dict[str, HostOutcome]:
    """What became of each host that the run was for, and of any other that took part."""
    record = ended.record
    hosts = dict.fromkeys((*record.hosts(), *record.failures, *record.unreachable))
    return {host: _outcome(host, ended) for host in hosts}


def _outcome(host: str, ended: Ended) -> HostOutcome:
    record = ended.record
    stats = record.stats or {}
    if host in record.unreachable:
        fault = record.unreachable[host]
        return HostOutcome(host, "unreachable", fault.task, fault.message)
    last = record.last_task.get(host)
    failures = record.failures.get(host, [])
    if len(failures) > _count(stats, "rescued", host):
        return HostOutcome(host, "failed", failures[-1].task, failures[-1].message)
    failed = _count(stats, "failures", host) - (host == record.judge)
    if failed > 0 or _count(stats, "dark", host) > 0:
        message = "Ansible counts a failure that none of its events reports"
        return HostOutcome(host, "failed", last, message)
    reason = _not_reached(host, ended)
    return HostOutcome(host, "not_reached", last, reason) if reason else HostOutcome(host, "ok")


def _not_reached(host: str, ended: Ended) -> str | None:
    """Why a host without a fault was not brought to the end; None where it was."""
    record = ended.record
    if ended.reason is not None:
        return f"the run was ended: {ended.reason}"
    if record.stats is None:
        return "the run broke off"
    if host not in record.left_out and not _count(record.stats, "processed", host):
        return "no task was run on it"
    return record.left_out.get(host)


def _count(stats: Mapping[str, Any], what: str, host: str) -> int:
    counts = stats.get(what)
    number = counts.get(host, 0) if isinstance(counts, dict) else 0
    return number if isinstance(number, int) else 0


def run_problems(ended: Ended, outcomes: Mapping[str, HostOutcome]) -> list[str]:
    """What speaks against taking the run as complete, a line each."""
    record, status = ended.record, ended.exit_status
    if ended.reason is not None:
        return [f"the run was ended before its time: {ended.reason}"]
    problems = [f"ansible-playbook: {line}" for line in dict.fromkeys(record.errors)]
    ending = "without an exit status" if status is None else f"with exit status {status}"
    if record.stats is None:
        problems.append(f"ansible-playbook ended {ending} before the end of the run")
    elif not record.hosts() and not problems and record.judge is None:
        problems.append("no hosts: name some in the inventory, or correct --limit")
    bad = [name for name, one in outcomes.items() if one.outcome in ("failed", "unreachable")]
    if bad and status == 0:
        problems.append(f"ansible-playbook ended {ending}, though not ok: {', '.join(bad)}")
    if status != 0 and record.stats is not None and not bad and not problems and not record.judge:
        problems.append(f"ansible-playbook ended {ending}, and nothing says why")
    return problems


def written(
    record: Record, documents_dir: Path, started: datetime
) -> tuple[dict[str, dict[str, Path]], list[str]]:
    """The documents by host that this run says it wrote and that are on the disk, whole and new.

    Second, what is wrong with the others, a line each.
    """
    found: dict[str, dict[str, Path]] = {}
    problems = []
    for host, paths in record.stored.items():
        for path in paths:
            fault = _document_fault(path, host, started)
            if fault is None:
                found.setdefault(host, {})[path.stem] = path
            else:
                problems.append(f"{path}: {fault}")
    return found, problems


def _document_fault(path: Path, host: str, started: datetime) -> str | None:
    try:
        if is_older(path, started):
            return "of an earlier run, though this one said that it wrote it"
        store.load(path, host)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except DocumentError as error:
        return one_line(str(error)).removeprefix(f"{path}: ")
    return None


def is_older(path: Path, started: datetime) -> bool:
    """Whether a file was last written before a run began. Raises OSError."""
    return path.stat().st_mtime < started.timestamp() - _CLOCK_SLACK_SECONDS


def stale(documents_dir: Path, host: str, new: Mapping[str, Path]) -> dict[str, Path]:
    """The host's collected documents that this run did not write."""
    try:
        paths = {kind: store.path(documents_dir, host, kind) for kind in store.COLLECTED_KINDS}
    except DocumentError:
        return {}
    return {kind: path for kind, path in paths.items() if kind not in new and path.exists()}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
