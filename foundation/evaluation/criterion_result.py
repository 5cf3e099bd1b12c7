"""One criterion over the evidence of one host: an outcome, and what a person needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..core.errors import Json, one_line
from ..documents.store import Document
from ..profiles.constraints import Constraint, WrongTypeError, check, render
from ..profiles.criteria import Criterion, Profile
from . import validity
from .evidence import Blocker, Evidence, crashed, unread_reason

PASS, FAIL, INVALID, MISSING, SKIPPED, WAIVED = (
    "pass",
    "fail",
    "invalid",
    "missing",
    "skipped",
    "waived",
)
WARNING = "warning: "
REQUIRED = "required by this profile, yet "
"""How the message of a skip begins that keeps a host from passing."""
# What the criterion asks to be done is no cure for a probe that crashed.
_AFTER_A_CRASH = (
    "see why the probe that is named crashes: reboot; if it is the GPU's and crashes again, "
    "reinstall the NVIDIA driver for the running kernel (nvidia-smi crashes alike then, and sudo "
    "dmesg says where); then run foundation.yml --tags WS-01"
)
_LONGEST_MESSAGE = 2000  # characters: one may name every figure


@dataclass(frozen=True)
class Result:
    """The outcome of a criterion. `measured` is None where there is no value.

    `required` is what the host was held to, where that is another value of its own.
    """

    criterion: Criterion
    outcome: str
    message: str
    action: str
    measured: str | None = None
    required: str | None = None

    @property
    def passes(self) -> bool:
        """Whether the host may pass with it."""
        return self.outcome in (PASS, WAIVED) or (
            self.outcome == SKIPPED and self.criterion.optional
        )

    def entry(self) -> dict[str, Any]:
        """The entry of the gate report.

        `figure` ties a criterion to the figure whose value it judges, so that a reader of the
        report can hold the one against the other; a criterion of anything else has no such key.
        """
        figure = self.criterion.figure if self.criterion.path.text == "value" else None
        return {
            "id": self.criterion.id,
            "workstream": self.criterion.workstream,
            "title": self.criterion.title,
            "outcome": self.outcome,
            "measured": self.measured,
            "required": self.required or self.criterion.required,
            "message": one_line(self.message, _LONGEST_MESSAGE) or "no reason was given",
            "action": one_line(self.action),
            **({} if figure is None else {"figure": figure}),
        }


def judge(criterion: Criterion, evidence: Evidence, profile: Profile) -> Result:
    """Judge one criterion. Raises nothing for any schema-valid document."""
    skipped = _applicability(criterion, evidence)
    if skipped is not None:
        return skipped
    blocker = evidence.blockers.get(criterion.document)
    if blocker is not None:
        return _blocked(criterion, blocker)
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
    document = evidence.readable["benchmark"]
    benchmark = document["data"]
    figure = benchmark["figures"][name]
    memo = evidence.memo(profile)
    # The unit is looked at by one rule, which the figure's own meets as none does.
    place = ("faults", name, "" if unit == figure["unit"] else unit)
    if place not in memo:
        memo[place] = validity.faults(
            validity.Measurement(
                name=name,
                figure=figure,
                benchmark=benchmark,
                environment=_data("environment", evidence),
                hardware=_data("hardware_baseline", evidence),
                limits=profile.limits,
                unit=unit,
                collected_at=document["collected_at"],
                memo=memo,
            )
        )
    found: list[validity.Fault] = memo[place]
    return found


def _data(kind: str, evidence: Evidence) -> dict[str, Any]:
    """What a document says; nothing where it is absent or of another state of the host."""
    if kind in evidence.blockers:
        return {}
    data: dict[str, Any] = evidence.readable[kind]["data"]
    return data


def _applicability(criterion: Criterion, evidence: Evidence) -> Result | None:
    """Skipped where the criterion is not applicable; where that is not known, missing."""
    condition = criterion.when
    if condition is None:
        return None
    answer = evidence.answer(condition)
    if answer is True:
        return None
    if isinstance(answer, Blocker):
        return _blocked(criterion, answer)
    path = condition.path.text
    if answer is None:
        reason = unread_reason(path, evidence.readable[condition.document])
        message = f"whether this applies is not known: {path}: {reason}"
        return Result(criterion, MISSING, message, criterion.action)
    message = f"not applicable: {path} {condition.require.text} does not hold"
    if not criterion.optional:
        message = REQUIRED + message
    return Result(criterion, SKIPPED, message, criterion.action)


def _judge_figure(criterion: Criterion, name: str, evidence: Evidence, profile: Profile) -> Result:
    document = evidence.readable[criterion.document]
    benchmark = document["data"]
    figure = benchmark["figures"].get(name)
    if figure is None:
        reasons = [entry["reason"] for entry in benchmark["skipped"] if entry["figure"] == name]
        reason = reasons[0] if reasons else unread_reason(name.replace(".", "_"), document)
        return Result(criterion, MISSING, f"{name} was not measured: {reason}", criterion.action)
    judges_value = criterion.path.text == "value"
    faults = figure_faults(name, evidence, profile, criterion.require.unit if judges_value else "")
    if not faults:
        return _compare(criterion, figure, document)
    message = f"not to be trusted: {'; '.join(f'{f.evidence} ({f.rule})' for f in faults)}"
    value = criterion.path.search(figure)
    measured = None if value is None else render(criterion.require, value)
    return Result(criterion, INVALID, message, faults[0].cure, measured)


def _judge_every_figure(criterion: Criterion, evidence: Evidence, profile: Profile) -> Result:
    """Count the figures that cannot be trusted: those that no criterion names are judged here."""
    document = evidence.readable["benchmark"]
    names = list(document["data"]["figures"])
    if not names:
        reason = unread_reason("data.figures", document)
        return Result(criterion, MISSING, f"no figure was measured: {reason}", criterion.action)
    figures_by_fault: dict[tuple[str, str], list[str]] = {}
    cures: list[str] = []
    for name in names:
        for fault in figure_faults(name, evidence, profile):
            figures_by_fault.setdefault((fault.rule, fault.evidence), []).append(name)
            cures.append(fault.cure)
    untrusted = {name for group in figures_by_fault.values() for name in group}
    measured = render(criterion.require, len(untrusted))
    if not untrusted:
        message = f"each of {len(names)} figures can be trusted"
        return Result(criterion, PASS, message, criterion.action, measured)
    told = (
        f"{f'all {len(names)} figures' if len(group) == len(names) else ', '.join(group)}: "
        f"{text} ({rule})"
        for (rule, text), group in figures_by_fault.items()
    )
    message = f"not to be trusted: {'; '.join(told)}"
    return Result(criterion, INVALID, message, cures[0], measured)


def _compare(criterion: Criterion, root: Mapping[str, Any], document: Document) -> Result:
    """Compare the value that the criterion's path finds below `root`."""
    value = criterion.path.search(root)
    if _unread(criterion.require, value):
        path = criterion.path.text
        message = f"no answer: {unread_reason(path, document)}"
        action = _AFTER_A_CRASH if crashed(path, document) else criterion.action
        return Result(criterion, MISSING, message, action)
    require, required = criterion.require, None
    try:
        if criterion.against is not None:
            operand = criterion.against.search(root)
            if operand is None:
                reason = unread_reason(criterion.against.text, document)
                message = f"nothing to compare with: {criterion.against.text}: {reason}"
                measured = render(require, value)
                return Result(criterion, MISSING, message, criterion.action, measured)
            require = require.close(operand)
            required = require.text
        measured = render(require, value)
        if not _holds(require, value):
            message = f"{measured} was measured, {require.text} is required"
            return Result(criterion, FAIL, message, criterion.action, measured, required)
        if criterion.warn is not None and not _holds(criterion.warn, value):
            message = f"{WARNING}{measured} was measured, {criterion.warn.text} is expected"
            return Result(criterion, PASS, message, criterion.action, measured, required)
    except WrongTypeError as error:
        return Result(criterion, INVALID, str(error), criterion.action)
    message = f"{measured} meets {require.text}"
    return Result(criterion, PASS, message, criterion.action, measured, required)


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


def _blocked(criterion: Criterion, blocker: Blocker) -> Result:
    return Result(criterion, blocker.outcome, blocker.message, blocker.action)
