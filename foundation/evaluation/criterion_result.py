"""One criterion over the evidence of one host: an outcome, and what a person needs to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..core.errors import Json, one_line
from ..documents.store import Document
from ..profiles.constraints import Constraint, WrongTypeError, check, render
from ..profiles.criteria import Criterion, Profile
from ..profiles.remediation import Remediation, collect
from . import validity
from .evidence import Blocker, Cause, Evidence, crashed, unread_problem, unread_reason

PASS, FAIL, INVALID, MISSING, SKIPPED, WAIVED = (
    "pass",
    "fail",
    "invalid",
    "missing",
    "skipped",
    "waived",
)
LONGEST_MESSAGE = 2000  # characters: one may name every figure

Entry = dict[str, Any]
"""An entry of the report for one criterion. Equal ones of several hosts may be one object."""
# What the criterion asks for does not help where a probe crashed.
_AFTER_A_CRASH = Remediation(
    "see why the probe that is named crashes: reboot; if it is the GPU's and crashes again, "
    "reinstall the NVIDIA driver for the running kernel (nvidia-smi crashes alike then, and sudo "
    "dmesg says where); then measure again",
    collect("hardware_baseline"),
)


@dataclass(slots=True)  # frozen takes three times as long to make, and there are many
class CriterionResult:
    """The outcome of a criterion. `measured` is None where there is no value.

    `cause` says why a figure is not trusted or a value is missing, `remediation` what is done
    about that where it is not the criterion's own. `required` is what the host was held to, where
    that is another value of its own; `figures` are those concerned, where they are others.
    """

    criterion: Criterion
    outcome: str
    message: str
    measured: str | None = None
    required: str | None = None
    cause: Cause | None = None
    remediation: Remediation | None = None
    figures: tuple[str, ...] | None = None
    counts: Mapping[str, int] | None = None
    warns: bool = False

    @property
    def blocks(self) -> bool:
        """Whether it keeps the host from passing."""
        if self.outcome == SKIPPED:
            return not self.criterion.optional
        return self.outcome in (FAIL, INVALID, MISSING)

    def key(self, host: str) -> tuple[Any, ...]:
        """Equal for results whose entries are: most are the same on many hosts."""
        return (
            self.criterion,
            self.outcome,
            self.message,
            self.measured,
            self.required,
            self.figures,
            self.cause and tuple(self.cause.values()),
            self.remediation,
            host if self._asks else None,
        )

    def entry(self, host: str) -> Entry:
        """The entry of the gate report.

        `figure` ties a criterion to the figure whose value it judges, so that a reader of the
        report can hold the one against the other; a criterion of anything else has no such key.
        """
        one = self.criterion
        figure = one.figure if one.path.text == "value" else None
        remediation = self.remediation or one.remediation
        todo = remediation.entry(host if self._asks else None)
        figures = self.figures
        if figures is None:
            figures = () if one.figure is None else (one.figure,)
        return {
            "id": one.id,
            "workstream": one.workstream,
            "title": one.title,
            "outcome": self.outcome,
            "blocks": self.blocks,
            "warns": self.warns,
            "cause": self.cause,
            "measured": self.measured,
            "required": self.required or one.required,
            "message": one_line(self.message, LONGEST_MESSAGE) or "no reason was given",
            "action": todo["text"],
            "remediation": todo,
            "figures": _listed(figures),
            **({} if self.counts is None else {"counts": self.counts}),
            **({} if figure is None else {"figure": figure}),
        }

    @property
    def _asks(self) -> bool:
        """Whether there is anything to do."""
        return self.warns or self.blocks


@lru_cache(maxsize=1024)
def _listed(figures: tuple[str, ...]) -> list[str]:
    """The same few lists again and again, each kept once."""
    return list(figures)


def revised(
    entry: Entry, host: str, outcome: str, message: str, cause: Cause | None, **changes: Any
) -> Entry:
    """An entry that keeps its host from passing for what shows beside other hosts only.

    `changes` are other keys of it, `remediation` as a Remediation.
    """
    if "remediation" in changes:
        changes["remediation"] = changes["remediation"].entry(host)
        changes["action"] = changes["remediation"]["text"]
    return {
        **entry,
        "outcome": outcome,
        "blocks": True,
        "warns": False,
        "cause": cause,
        "message": message,
        **changes,
    }


def judge(criterion: Criterion, evidence: Evidence, profile: Profile) -> CriterionResult:
    """Judge one criterion. Raises nothing for any schema-valid document."""
    skipped = _applicability(criterion, evidence)
    if skipped is not None:
        return skipped
    blocker = evidence.blockers.get(criterion.document)
    if blocker is not None:
        return blocked(criterion, blocker)
    if criterion.every_figure:
        return _judge_every_figure(criterion, evidence, profile)
    document = evidence.readable[criterion.document]
    if criterion.figure is None:
        return _compare(criterion, document, document)
    return _judge_figure(criterion, criterion.figure, evidence, profile)


def figure_faults(
    name: str, evidence: Evidence, profile: Profile, unit: str = ""
) -> list[validity.Fault]:
    """What speaks against a figure of the host's benchmark document under a profile.

    The one place that gathers what `validity.faults` looks at: the gate, baselines, the history,
    plots and targets all ask here. The document must be readable and the figure in it.
    """
    return validity.faults(evidence.run(profile), name, unit)


def untrusted(
    criterion: Criterion, faults: Sequence[validity.Fault], measured: str | None
) -> CriterionResult:
    """The result of a criterion whose figure breaks rules of validity; the first is the cause."""
    reasons = "; ".join(f"{fault.evidence} ({fault.rule})" for fault in faults)
    return CriterionResult(
        criterion,
        INVALID,
        f"not to be trusted: {reasons}",
        measured,
        cause={"rule": faults[0].rule},
        remediation=faults[0].remediation,
    )


def not_measured(
    criterion: Criterion, name: str, document: Document, remediation: Remediation | None = None
) -> CriterionResult:
    """The result of a criterion whose figure the benchmark document does not have."""
    reasons = [one["reason"] for one in document["data"]["skipped"] if one["figure"] == name]
    if not reasons:
        path = name.replace(".", "_")
        message = f"{name} was not measured"
        return _missing(criterion, document, path, message, remediation=remediation)
    message = f"{name} was not measured: {reasons[0]}"
    cause = {"document": "benchmark", "code": "not_measured"}
    return CriterionResult(criterion, MISSING, message, cause=cause, remediation=remediation)


def blocked(criterion: Criterion, blocker: Blocker) -> CriterionResult:
    """The result of a criterion whose document answers nothing."""
    return CriterionResult(
        criterion,
        blocker.outcome,
        blocker.message,
        cause=blocker.cause,
        remediation=blocker.remediation,
    )


def _missing(
    criterion: Criterion,
    document: Document,
    path: str,
    message: str,
    *,
    remediation: Remediation | None = None,
    measured: str | None = None,
) -> CriterionResult:
    """A value that the document does not have; the problem of the probe says why."""
    problem = unread_problem(path, document)
    cause = {"document": document["kind"], "code": "unread"}
    if problem is not None:
        cause = {key: problem[key] for key in ("probe", "code", "message")}
    message = f"{message}: {unread_reason(path, document)}"
    return CriterionResult(
        criterion, MISSING, message, measured, cause=cause, remediation=remediation
    )


def _applicability(criterion: Criterion, evidence: Evidence) -> CriterionResult | None:
    """Skipped where the criterion is not applicable; where that is not known, missing."""
    condition = criterion.when
    if condition is None:
        return None
    answer = evidence.answer(condition)
    if answer is True:
        return None
    if isinstance(answer, Blocker):
        return blocked(criterion, answer)
    path = condition.path.text
    if answer is None:
        message = f"whether this applies is not known: {path}"
        return _missing(criterion, evidence.readable[condition.document], path, message)
    message = f"not applicable: {path} {condition.require.text} does not hold"
    if criterion.optional:
        return CriterionResult(criterion, SKIPPED, message)
    message = f"required by this profile, but {message}"
    cause = {"document": condition.document, "code": "not_applicable"}
    return CriterionResult(criterion, SKIPPED, message, cause=cause)


def _judge_figure(
    criterion: Criterion, name: str, evidence: Evidence, profile: Profile
) -> CriterionResult:
    document = evidence.readable[criterion.document]
    figure = document["data"]["figures"].get(name)
    if figure is None:
        return not_measured(criterion, name, document)
    judges_value = criterion.path.text == "value"
    faults = figure_faults(name, evidence, profile, criterion.require.unit if judges_value else "")
    if not faults:
        return _compare(criterion, figure, document)
    value = criterion.path.search(figure)
    measured = None if value is None else render(criterion.require, value)
    return untrusted(criterion, faults, measured)


def _judge_every_figure(
    criterion: Criterion, evidence: Evidence, profile: Profile
) -> CriterionResult:
    """Count the figures that cannot be trusted: those that no criterion names are judged here."""
    document = evidence.readable["benchmark"]
    names = list(document["data"]["figures"])
    if not names:
        return _missing(criterion, document, "data.figures", "no figure was measured")
    groups: dict[tuple[str, str], list[str]] = {}
    first: validity.Fault | None = None
    for name in names:
        for fault in figure_faults(name, evidence, profile):
            groups.setdefault((fault.rule, fault.evidence), []).append(name)
            first = first or fault
    found = tuple(dict.fromkeys(name for group in groups.values() for name in group))
    measured = render(criterion.require, len(found))
    counts = {"figures": len(names)}
    if first is None:
        message = f"each of {len(names)} figures can be trusted"
        return CriterionResult(criterion, PASS, message, measured, counts=counts)
    reasons = "; ".join(
        f"{f'all {len(names)} figures' if len(group) == len(names) else ', '.join(group)}: "
        f"{text} ({rule})"
        for (rule, text), group in groups.items()
    )
    return CriterionResult(
        criterion,
        INVALID,
        f"not to be trusted: {reasons}",
        measured,
        cause={"rule": first.rule},
        remediation=first.remediation,
        figures=found,
        counts=counts,
    )


def _compare(criterion: Criterion, root: Mapping[str, Any], document: Document) -> CriterionResult:
    """Compare the value that the criterion's path finds below `root`."""
    value = criterion.path.search(root)
    if _unread(criterion.require, value):
        path = criterion.path.text
        remediation = _AFTER_A_CRASH if crashed(path, document) else None
        return _missing(criterion, document, path, "no answer", remediation=remediation)
    require, required = criterion.require, None
    try:
        if criterion.against is not None:
            operand = criterion.against.search(root)
            if operand is None:
                path = criterion.against.text
                message = f"nothing to compare with: {path}"
                measured = render(require, value)
                return _missing(criterion, document, path, message, measured=measured)
            require = require.close(operand)
            required = require.text
        measured = render(require, value)
        if not _holds(require, value):
            message = f"{measured} was measured, {require.text} is required"
            return CriterionResult(criterion, FAIL, message, measured, required)
        if criterion.warn is not None and not _holds(criterion.warn, value):
            message = f"{measured} was measured, {criterion.warn.text} is expected"
            return CriterionResult(criterion, PASS, message, measured, required, warns=True)
    except WrongTypeError as error:
        cause = {"document": document["kind"], "code": "wrong_type"}
        return CriterionResult(criterion, INVALID, str(error), cause=cause)
    return CriterionResult(criterion, PASS, f"{measured} meets {require.text}", measured, required)


def _unread(require: Constraint, value: Json) -> bool:
    """Whether any part of the answer is absent. An empty list is an answer only for a list."""
    if isinstance(value, list) and require.type != "list":
        return not value or any(item is None for item in value)
    return value is None


def _holds(require: Constraint, value: Json) -> bool:
    """Whether the value, or each value where the path finds several, meets the constraint."""
    if isinstance(value, list) and require.type != "list":
        return all(check(require, item) for item in value)
    return check(require, value)
