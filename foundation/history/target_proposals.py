"""Targets from what a fleet measured: a proposal for a profile, as a diff that a person accepts.

For each criterion of the profile that asks a figure to reach a number: a host's value is the
median of its valid runs, the fleet's is the median of its hosts, and the proposal lies some times
the spread below. Robust throughout (median, median absolute deviation), so that one odd host
neither moves a target nor hides; odd hosts are named and left out. Nothing is written.
"""

from __future__ import annotations

import difflib
import json
import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from ..core.errors import DocumentError, ProfileError
from ..documents import store
from ..evaluation.criterion_result import figure_faults
from ..evaluation.evidence import Evidence
from ..profiles.constraints import Constraint, four_digits
from ..profiles.criteria import Criterion, Profile
from . import run_history

_SIGMA = 1.4826
"""A normal distribution's standard deviation over its median absolute deviation."""
_OUTLIER = 3.5
"""Robust standard deviations; Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993."""
_STEPS = (5, 2, 1)
_FINENESS = 0.01  # a target is rounded by less than this part of it


@dataclass(frozen=True)
class HostValue:
    """What a host reached: the median of its valid runs, and their spread within a run."""

    host: str
    value: float
    spread: float
    last: str


@dataclass(frozen=True)
class Proposal:
    """What the fleet says of one criterion. `require` is None where nothing is proposed."""

    criterion: Criterion
    hosts: tuple[str, ...]
    outliers: tuple[HostValue, ...]
    reason: str
    median: float | None = None
    deviation: float | None = None
    require: str | None = None
    warn: str | None = None
    source: str | None = None


def propose(
    baseline_dir: Path, profile: Profile, k: float = 3.0, minimum_hosts: int = 3
) -> list[Proposal]:
    """A proposal for each criterion of the profile that asks a figure to reach a number.

    `k` is how many spreads below the median the requirement lies; a warning lies half as far.
    Raises DocumentError when the folder of documents cannot be read.
    """
    fleet = [
        (evidence, _past(baseline_dir, evidence)) for evidence in _matching(baseline_dir, profile)
    ]
    found = []
    for criterion in profile.criteria:
        if criterion.figure is None or criterion.require.floor is None:
            continue
        values = [
            value
            for evidence, past in fleet
            if (value := _host_value(criterion, evidence, past, profile)) is not None
        ]
        found.append(_proposal(criterion, values, k, minimum_hosts))
    return found


def rewrite(text: str, proposals: Sequence[Proposal]) -> str:
    """A profile's YAML with the proposals in place; all else stays, byte by byte.

    Criteria that the profile inherits are not in its text and stay as they are.
    Raises ProfileError for text that is not YAML.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ProfileError(f"the profile cannot be read: {error}") from error
    wanted = {one.criterion.id: one for one in proposals if one.require is not None}
    edits: list[tuple[int, int, str]] = []
    for node in _criteria(root):
        keys = {key.value: value for key, value in node.value}
        proposal = wanted.get(keys["id"].value)
        if proposal is None:
            continue
        for key, new in (
            ("require", proposal.require),
            ("warn", proposal.warn),
            ("source", proposal.source),
        ):
            if new is not None and key in keys:
                edits.append(_edit(text, keys[key], new))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def diff(path: Path, proposals: Sequence[Proposal], relative_to: Path) -> str:
    """The unified diff of a profile's file, for `git apply` in `relative_to`; empty without one.

    Raises ProfileError.
    """
    try:
        old = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: cannot be read: {error}; check the path") from error
    new = rewrite(old, proposals)
    if new == old:
        return ""
    absolute = path.resolve()
    base = relative_to.resolve()
    name = absolute.relative_to(base if absolute.is_relative_to(base) else "/").as_posix()
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{name}", f"b/{name}"
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def summary(proposals: Sequence[Proposal]) -> Iterator[str]:
    """The proposals as lines for a person."""
    for one in proposals:
        yield f"{one.criterion.id}: {one.reason}"
        for outlier in one.outliers:
            value = _amount(outlier.value, one.criterion.require)
            yield f"  left out as an outlier: {outlier.host} ({value})"


def _matching(baseline_dir: Path, profile: Profile) -> Iterator[Evidence]:
    """The hosts that the profile is for and whose benchmark can be read."""
    for host, stored in store.load_folder(baseline_dir).items():
        evidence = Evidence(host, stored)
        if "benchmark" in evidence.readable and evidence.applies(profile):
            yield evidence


def _past(baseline_dir: Path, evidence: Evidence) -> list[run_history.Entry]:
    """The host's earlier runs with the GPUs that it has now."""
    current = evidence.readable["benchmark"]
    try:
        entries = run_history.load(run_history.path(baseline_dir, evidence.host)).entries
    except DocumentError:
        return []
    return [
        one
        for one in entries
        if one["collected_at"] != current["collected_at"]
        and one["identity"]["gpu_uuids"] == current["identity"]["gpu_uuids"]
    ]


def _host_value(
    criterion: Criterion, evidence: Evidence, past: Sequence[run_history.Entry], profile: Profile
) -> HostValue | None:
    """A host's value for a criterion, of its valid runs; None where there is none.

    The history holds the figures' values, so what else a criterion looks at (a clock in the
    trace) comes from the current document alone.
    """
    name, unit = str(criterion.figure), criterion.require.unit
    if criterion.when is not None and evidence.answer(criterion.when) is not True:
        return None
    judges_value = criterion.path.text == "value"
    document = evidence.readable["benchmark"]
    runs: list[tuple[str, float, float]] = []
    figure = document["data"]["figures"].get(name)
    if figure is not None and not figure_faults(
        name, evidence, profile, unit if judges_value else ""
    ):
        value = criterion.path.search(figure)
        if isinstance(value, int | float) and value > 0:
            spread = (figure["spread"] or 0) * value if judges_value else 0.0
            runs.append((document["collected_at"], float(value), spread))
    for entry in past if judges_value else ():
        found = entry["figures"].get(name)
        if found is not None and not found["faults"] and found["unit"] == unit:
            runs.append(
                (entry["collected_at"], found["value"], (found["spread"] or 0) * found["value"])
            )
    if not runs:
        return None
    return HostValue(
        evidence.host,
        statistics.median(value for _, value, _ in runs),
        statistics.median(spread for _, _, spread in runs),
        max(moment for moment, _, _ in runs),
    )


def _proposal(
    criterion: Criterion, values: Sequence[HostValue], k: float, minimum_hosts: int
) -> Proposal:
    kept, outliers = _without_outliers(values)
    names = tuple(one.host for one in kept)
    if len(kept) < minimum_hosts:
        hosts = "host has" if len(kept) == 1 else "hosts have"
        reason = f"nothing proposed: {len(kept)} {hosts} a valid figure, {minimum_hosts} are needed"
        return Proposal(criterion, names, outliers, reason)
    require = criterion.require
    median, deviation = _centre(kept)
    lowest = median - k * deviation
    if lowest <= 0:
        reason = (
            f"nothing proposed: the hosts differ too much (median {_amount(median, require)}, "
            f"spread {_amount(deviation, require)})"
        )
        return Proposal(criterion, names, outliers, reason, median, deviation)
    month = max(one.last for one in kept)[:7]
    basis = (
        f"{len(kept)} hosts, median {_amount(median, require)}, spread "
        f"{_amount(deviation, require)}, k {k:g}, {month}"
    )
    new = f"{require.operator} {_amount_exactly(rounded_down(lowest), require)}"
    warn = None
    if criterion.warn is not None and criterion.warn.floor is not None:
        expected = rounded_down(median - k / 2 * deviation)
        warn = f"{criterion.warn.operator} {_amount_exactly(expected, criterion.warn)}"
    texts = (require.text, criterion.warn.text if warn and criterion.warn else None)
    if (new, warn) == texts:
        return Proposal(criterion, names, outliers, f"{new} stays ({basis})", median, deviation)
    reason = f"{require.text} -> {new} ({basis})"
    return Proposal(
        criterion, names, outliers, reason, median, deviation, new, warn, f"Measured: {basis}"
    )


def _without_outliers(
    values: Sequence[HostValue],
) -> tuple[list[HostValue], tuple[HostValue, ...]]:
    """The hosts that belong together, and those far from their median."""
    if not values:
        return [], ()
    median, deviation = _centre(values)
    odd = tuple(one for one in values if abs(one.value - median) > _OUTLIER * deviation)
    return [one for one in values if one not in odd], odd


def _centre(values: Sequence[HostValue]) -> tuple[float, float]:
    """Median and robust standard deviation; never less than the spread within the hosts' runs."""
    median = statistics.median(one.value for one in values)
    among = _SIGMA * statistics.median(abs(one.value - median) for one in values)
    return median, max(among, statistics.median(one.spread for one in values))


def rounded_down(value: float) -> float:
    """A positive number cut to a step of 1, 2 or 5 that is at most a hundredth of it."""
    finest = value * _FINENESS
    power = 10.0 ** math.floor(math.log10(finest))
    step = next(one * power for one in _STEPS if one * power <= finest * (1 + 1e-9))
    return float(f"{math.floor(value / step * (1 + 1e-12)) * step:.6g}")


def _amount(value: float, constraint: Constraint) -> str:
    return f"{four_digits(value)} {constraint.unit}".strip()


def _amount_exactly(value: float, constraint: Constraint) -> str:
    """A rounded number as a constraint's text takes it: no exponent."""
    text = f"{value:.12f}".rstrip("0").rstrip(".")
    return f"{text} {constraint.unit}".strip()


def _criteria(root: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    if not isinstance(root, yaml.MappingNode):
        return
    for key, value in root.value:
        if key.value == "criteria" and isinstance(value, yaml.SequenceNode):
            yield from value.value


def _edit(text: str, node: yaml.Node, new: str) -> tuple[int, int, str]:
    """Where the scalar is and what replaces it: quoted, which is right in any place."""
    start, end = node.start_mark.index, node.end_mark.index
    # The mark of a folded scalar lies behind its last line break.
    end = start + len(text[start:end].rstrip())
    return start, end, json.dumps(new, ensure_ascii=False)
