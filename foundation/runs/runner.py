"""The two playbooks from Python: `run_foundation` and `run_gate`, over ansible-runner.

    from foundation import run_gate
    result = run_gate("inventory/sparks.yml")
    print(result.verdict, [name for name, one in result.hosts.items() if one.verdict != "PASS"])

Several may run at once, in threads or processes. Each runs in the project's folder with the
project's ansible.cfg, whatever the current directory is; relative paths are the caller's.
docs/python-api.md has more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ..core.errors import DocumentError, RunError, shorten
from ..core.project import PROJECT
from ..documents import store
from ..evaluation.gate import PASSED
from ..profiles.criteria import is_path
from .events import Event
from .options import ExtraVariables, Inventory, Options, Words
from .playbook import Cancel, Ended, play
from .result import (
    HostOutcome,
    RunResult,
    State,
    host_outcomes,
    is_older,
    run_problems,
    stale,
    written,
)

_DEFAULT_DOCUMENTS = PROJECT / "bench" / "baselines"


def run_foundation(
    inventory: Inventory | None = None,
    *,
    limit: Words | None = None,
    tags: Words | None = None,
    extra_variables: ExtraVariables | None = None,
    check: bool = False,
    forks: int | None = None,
    timeout: float | None = None,
    verbosity: int = 0,
    baseline_dir: str | Path | None = None,
    progress: Callable[[Event], None] | None = None,
    cancel: Cancel | None = None,
) -> RunResult:
    """Run foundation.yml: provision where that is asked for, and measure.

    inventory: a path, several, or hosts in a string with a comma (`"spark-01,"`); the project's
        default, this machine, when not given.
    limit, tags: as ansible-playbook takes them, or a list.
    extra_variables: a mapping, which no command line shows; or strings as after `-e`.
    check: change nothing and write nothing.
    timeout: seconds for the whole run; it is ended then, as by `cancel`.
    verbosity: 0 to 6, how many times `-v`.
    baseline_dir: where documents are kept; `bench/baselines` of the project when not given.
    progress: called with each event, in the thread that called this. What it raises ends the run.
    cancel: a `threading.Event`, or a function that is asked several times a second. The hosts'
        benchmarks are ended too; that takes up to half a minute.

    Returns also where hosts fail. Raises RunError when there can be no run.
    """
    options = Options(inventory, limit, tags, extra_variables, check, forks, verbosity)
    started = datetime.now(UTC)
    ended = play(
        _playbook("foundation.yml"),
        options.arguments(),
        options.variables(baseline_dir=baseline_dir),
        progress=progress,
        cancel=cancel,
        timeout=timeout,
    )
    return foundation_result(ended, started, check, baseline_dir)


def run_gate(
    inventory: Inventory | None = None,
    *,
    limit: Words | None = None,
    extra_variables: ExtraVariables | None = None,
    check: bool = False,
    forks: int | None = None,
    timeout: float | None = None,
    verbosity: int = 0,
    baseline_dir: str | Path | None = None,
    report: str | Path | None = None,
    profile: str | Path | None = None,
    waivers: str | Path | None = None,
    progress: Callable[[Event], None] | None = None,
    cancel: Cancel | None = None,
) -> RunResult:
    """Run gate.yml: ask every host who it is, and judge all of them.

    report: the file of the gate's report; `reports/gate.json` of the project when not given.
    profile: a profile's name or file, for all hosts; the inventory's, else `auto`, when not given.
    waivers: the waivers file. The rest is as for `run_foundation`.

    The verdict is read from the report on the disk, which must be whole, of this run, and say what
    the run said. With `check` nothing is written, and the verdict is the run's own word.
    """
    options = Options(inventory, limit, None, extra_variables, check, forks, verbosity)
    variables = options.variables(
        baseline_dir=baseline_dir, gate_report=report, gate_waivers=waivers
    )
    if profile is not None:
        named = isinstance(profile, str) and not is_path(profile)
        variables["acceptance_profile"] = profile if named else str(Path(profile).absolute())
    started = datetime.now(UTC)
    ended = play(
        _playbook("gate.yml"),
        options.arguments(),
        variables,
        progress=progress,
        cancel=cancel,
        timeout=timeout,
    )
    return gate_result(ended, started, check, baseline_dir)


def foundation_result(
    ended: Ended, started: datetime, check: bool, baseline_dir: str | Path | None = None
) -> RunResult:
    """What a run of foundation.yml came to."""
    outcomes = host_outcomes(ended)
    problems = run_problems(ended, outcomes)
    folder = _documents_dir(ended, baseline_dir)
    if not check:
        new, faults = written(ended.record, folder, started)
        problems += faults
        for host, one in outcomes.items():
            mine = new.get(host, {})
            outcomes[host] = replace(one, documents=mine, stale_documents=stale(folder, host, mine))
    good = all(one.outcome == "ok" for one in outcomes.values())
    return RunResult(
        command="foundation",
        state=_state(ended, problems, good),
        hosts=outcomes,
        exit_status=ended.exit_status,
        check=check,
        documents_dir=folder,
        problems=tuple(problems),
        started_at=started,
        finished_at=datetime.now(UTC),
    )


def gate_result(
    ended: Ended, started: datetime, check: bool, baseline_dir: str | Path | None = None
) -> RunResult:
    """What a run of gate.yml came to."""
    finished = datetime.now(UTC)
    outcomes = host_outcomes(ended)
    problems = run_problems(ended, outcomes)
    verdict = path = report = None
    answer = ended.record.gate
    if answer is not None and ended.reason is None:
        if check:
            verdict = str(answer["verdict"])
        else:
            path = Path(str(answer.get("report")))
            try:
                report = _read_report(path, str(answer["verdict"]), started, finished, outcomes)
            except DocumentError as error:
                reason = str(error).removeprefix(f"{path}: ")
                problems.append(f"{path}: {reason}; run the gate again, with a report of its own")
                path = None
            else:
                verdict = report["verdict"]
                outcomes = {
                    host: replace(one, verdict=report["hosts"][host]["verdict"])
                    for host, one in outcomes.items()
                }
    elif ended.reason is None:
        problems.append("the gate gave no verdict")
    if verdict is not None and (verdict == PASSED) != (ended.exit_status == 0):
        problems.append(
            f"the verdict is {verdict}, though ansible-playbook ended with {ended.exit_status}"
        )
    state = _state(ended, problems, verdict == PASSED)
    return RunResult(
        command="gate",
        state=state,
        verdict=verdict if state in ("passed", "not_passed") else None,
        hosts=outcomes,
        exit_status=ended.exit_status,
        check=check,
        documents_dir=_documents_dir(ended, baseline_dir),
        report=path,
        gate_report=report,
        problems=tuple(problems),
        started_at=started,
        finished_at=finished,
    )


def _read_report(
    path: Path,
    verdict: str,
    started: datetime,
    finished: datetime,
    hosts: Mapping[str, HostOutcome],
) -> dict[str, Any]:
    """The report that this run wrote. Raises DocumentError where the file is another one."""
    try:
        old = is_older(path, started)
    except OSError as error:
        raise DocumentError(f"cannot be read: {error.strerror}") from error
    if old:
        raise DocumentError("of an earlier run, though this one said that it wrote it")
    report = store.load(path)
    store.validate(report, "gate_report")
    made = datetime.fromisoformat(report["generated_at"])
    # The stamp has whole seconds.
    if not started - timedelta(seconds=1) <= made <= finished:
        raise DocumentError(f"generated_at {report['generated_at']} is not within this run")
    if report["verdict"] != verdict:
        raise DocumentError(f"it says {report['verdict']}, the run said {verdict}")
    if others := sorted(set(report["hosts"]) ^ set(hosts)):
        raise DocumentError(f"of other hosts than this run's, which differ in {shorten(others)}")
    return report


def _state(ended: Ended, problems: Sequence[str], good: bool) -> State:
    if ended.reason is not None:
        return ended.reason
    if problems:
        return "no_result"
    return "passed" if good else "not_passed"


def _documents_dir(ended: Ended, baseline_dir: str | Path | None) -> Path:
    """Where documents are: as asked for, or as the run says (an inventory may set it)."""
    if baseline_dir is not None:
        return Path(baseline_dir).absolute()
    said = (path.parent.parent for paths in ended.record.stored.values() for path in paths)
    return next(said, _DEFAULT_DOCUMENTS)


def _playbook(name: str) -> Path:
    path = PROJECT / name
    if not path.is_file():
        raise RunError(
            f"{path}: no such playbook: run from a checkout of the project, installed by make setup"
        )
    return path
