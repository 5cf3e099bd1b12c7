"""Is a host slower than it was? Figures against the baseline that a person accepted for it.

Every figure of this project is a rate: more is better. A figure may drop by the limit of its
family, or by some times the spread within the baseline's own run, whichever is more; both are
data of the profile (`regression` in schemas/profile.json). Without a baseline nothing is added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..core import workstreams
from ..documents.figure_labels import by_figure, component, family, is_sustained
from ..documents.store import BASELINE, Document
from ..profiles.constraints import Constraint, four_digits
from ..profiles.criteria import Criterion, Expression, Profile
from ..profiles.remediation import Remediation, collect
from .criterion_result import (
    FAIL,
    INVALID,
    MISSING,
    PASS,
    SKIPPED,
    CriterionResult,
    blocked,
    figure_faults,
    not_measured,
    untrusted,
)
from .evidence import Blocker, Evidence

WORKSTREAM = workstreams.BENCHMARK.name
_MACHINE = ("gpu_uuids", "serial_hash", "machine_id_hash")
_MAY_EXPLAIN = ("driver", "kernel")
_ACCEPT = "foundation accept-baseline --replace (or -e benchmark_replace_baseline=true)"
_SLOWER = Remediation(
    "Look at the figure's trace in benchmark.json and at reports/plots for when it dropped; undo "
    f"what changed since and measure again, or accept the new values with {_ACCEPT}",
    collect("benchmark"),
)
_FOREIGN = Remediation(f"Accept a run of this very machine as its baseline with {_ACCEPT}")
_AGAIN = Remediation("measure this host again", collect("benchmark"))


def regressions(evidence: Evidence, profile: Profile) -> list[CriterionResult]:
    """A result for each figure of the host's baseline; one where the baseline cannot be read.

    `evidence` has the profile applied. Raises nothing for any schema-valid document.
    """
    damaged = evidence.blockers.get(BASELINE)
    if damaged is not None:
        criterion = _criterion("baseline", "Benchmark baseline is readable", None)
        first = evidence.blockers.get("benchmark")
        if first is not None and first.outcome == MISSING:  # there is nothing to compare yet
            return [blocked(criterion, first)]
        return [blocked(criterion, replace(damaged, remediation=_FOREIGN))]
    baseline = evidence.readable.get(BASELINE)
    return [] if baseline is None else list(_compare_all(baseline, evidence, profile))


def allowed_drop(name: str, figure: Mapping[str, Any], profile: Profile) -> float | None:
    """By how much a figure may be below its baseline, as a part of it.

    `figure` is the baseline's. None where the profile has no limit for it.
    """
    work = component(name, figure, profile.limits.get("components", {}))
    limit: float | None = by_figure(profile.regression.get("limit", {}), name, work)
    if limit is None:
        return None
    spreads: float = profile.regression.get("spreads", 0)
    most: float = profile.regression.get("maximum", 1)
    # Beyond 1, every value would do.
    return min(max(limit, spreads * float(figure["spread"] or 0)), most)


def other_machine(baseline: Document, document: Document) -> str | None:
    """How a document's machine differs from that of the baseline, in one line.

    Unknown beside a value is a difference too: another board might be read no better.
    """
    ours, theirs = document["identity"], baseline["identity"]
    for key in _MACHINE:
        if ours[key] != theirs[key]:
            return (
                f"the baseline is of another machine: {key} is {_known(ours[key])}, the baseline "
                f"has {_known(theirs[key])}"
            )
    if all(ours[key] is None for key in _MACHINE):
        return f"nothing ties the baseline to this machine: {', '.join(_MACHINE)} are all unknown"
    return None


def _compare_all(
    baseline: Document, evidence: Evidence, profile: Profile
) -> Iterator[CriterionResult]:
    blocker = evidence.blockers.get("benchmark")
    if blocker is None:
        foreign = other_machine(baseline, evidence.readable["benchmark"])
        if foreign is not None:
            cause = {"document": BASELINE, "code": "other_machine"}
            blocker = Blocker(INVALID, cause, foreign, _FOREIGN)
    for name, accepted in baseline["data"]["figures"].items():
        drop = allowed_drop(name, accepted, profile)
        floor = None if drop is None else accepted["value"] * (1 - drop)
        title = f"{name} against its baseline"
        criterion = _criterion(name.replace(".", "_"), title, floor, accepted["unit"])
        if blocker is not None:
            result = blocked(criterion, blocker)
        else:
            result = _compare(
                criterion, name, drop, baseline=baseline, evidence=evidence, profile=profile
            )
        yield replace(result, figures=(name,))


def _criterion(name: str, title: str, floor: float | None, unit: str = "") -> Criterion:
    """The requirement as a criterion, so that waivers and reports treat it as any other."""
    require = Constraint("number", "is known", (), unit, "is known")
    if floor is not None:
        require = Constraint("number", ">=", (floor,), unit, f">= {four_digits(floor)} {unit}")
    return Criterion(
        id=f"regression_{name}",
        workstream=WORKSTREAM,
        title=title,
        document="benchmark",
        path=Expression("value", title),
        require=require,
        remediation=_SLOWER,
        source="The baseline that was accepted for the host",
        optional=True,
    )


def _compare(
    criterion: Criterion,
    name: str,
    drop: float | None,
    *,
    baseline: Document,
    evidence: Evidence,
    profile: Profile,
) -> CriterionResult:
    document = evidence.readable["benchmark"]
    accepted = baseline["data"]["figures"][name]
    data = document["data"]
    figure = data["figures"].get(name)
    if drop is None:
        message = f"the profile has no regression limit for {family(name)}"
        return CriterionResult(criterion, SKIPPED, message)
    if figure is None:
        return _absent(criterion, name, accepted["level"], document)
    if data["level"] != accepted["level"] and is_sustained(name, figure):
        message = (
            f"level {data['level']} lasts another time than the baseline's {accepted['level']}"
        )
        return CriterionResult(criterion, SKIPPED, message, remediation=_AGAIN)
    measured = _amount(figure["value"], figure["unit"])
    faults = figure_faults(name, evidence, profile, accepted["unit"])
    if faults:
        return untrusted(criterion, faults, measured)
    change = figure["value"] / accepted["value"] - 1
    before = f"{_amount(accepted['value'], accepted['unit'])} of {baseline['collected_at'][:10]}"
    since = _differences(baseline, document, accepted["level"])
    if change < -drop:
        message = (
            f"{measured} is {-change:.1%} below the baseline of {before}; at most {drop:.1%} "
            f"({_amount(drop * accepted['value'], accepted['unit'])}) is allowed{since}"
        )
        return CriterionResult(criterion, FAIL, message, measured)
    message = f"{measured}, {change:+.1%} against {before}; -{drop:.1%} is allowed{since}"
    return CriterionResult(criterion, PASS, message, measured)


def _absent(criterion: Criterion, name: str, level: str, document: Document) -> CriterionResult:
    """What a level does not plan is not a regression; what was tried is among the skipped."""
    data = document["data"]
    tried = any(entry["figure"] == name for entry in data["skipped"])
    if not tried and data["level"] != level:
        message = f"not measured at level {data['level']}; the baseline is of level {level}"
        return CriterionResult(criterion, SKIPPED, message, remediation=_AGAIN)
    return not_measured(criterion, name, document, _AGAIN)


def _differences(baseline: Document, document: Document, level: str) -> str:
    """What else differs from the baseline and may explain a change."""
    ours, theirs = document["identity"], baseline["identity"]
    found = [
        f"{key} {_known(theirs[key])} -> {_known(ours[key])}"
        for key in _MAY_EXPLAIN
        if ours[key] != theirs[key]
    ]
    before, now = ((one["build"] or {}).get("torch") for one in (theirs, ours))
    if before != now:
        found.append(f"torch {_known(before)} -> {_known(now)}")
    if document["data"]["level"] != level:
        found.append(f"level {level} -> {document['data']['level']}")
    return f"; since then: {', '.join(found)}" if found else ""


def _amount(value: float, unit: str) -> str:
    return f"{four_digits(value)} {unit}"


def _known(value: str | list[str] | None) -> str:
    if value is None:
        return "unknown"
    return (", ".join(value) or "none") if isinstance(value, list) else value
