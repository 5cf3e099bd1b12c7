"""The figures of a gate report as strips, one for each figure and profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ..evaluation.criterion_result import FAIL, WAIVED
from ..profiles.constraints import Constraint, ConstraintError, four_digits, parse
from . import strip_plot
from .findings import natural
from .strip_plot import FAILING, OK, UNTRUSTED, Value
from .text import count, few

_NAMES = 6  # as many hosts as a sentence names
_SINGLE = 1
_SMALLEST, _LARGEST = 1e-300, 1e300  # beyond, steps of an axis are 0 or infinite


@dataclass(frozen=True)
class Strip:
    """A figure of the hosts that one profile judges.

    `values` are sorted from low to high.
    """

    figure: str
    title: str
    unit: str
    profile: str
    values: tuple[Value, ...]
    picture: Markup
    sentences: tuple[str, ...]
    troubled: bool


def linked(report: Mapping[str, Any]) -> bool:
    """Whether any criterion of the report names the figure that it judges."""
    return any("figure" in e for host in report["hosts"].values() for e in host["criteria"])


def strips(report: Mapping[str, Any]) -> list[Strip]:
    """The strips of a report, those with values that need attention first."""
    hosts: Mapping[str, Any] = report["hosts"]
    several = len({host["profile"] for host in hosts.values() if host["figures"]}) > 1
    found: dict[tuple[str, str, str], dict[str, Mapping[str, Any]]] = {}
    for name in sorted(hosts, key=natural):
        for figure, given in hosts[name]["figures"].items():
            # A document may hold what no axis has a place for.
            if given["value"] == 0 or _SMALLEST < abs(given["value"]) < _LARGEST:
                place = (figure, given["unit"], hosts[name]["profile"])
                found.setdefault(place, {})[name] = given
    outliers = {one["figure"]: one["hosts"] for one in report["fleet"]["outliers"]}
    made = []
    for (figure, unit, profile), given in found.items():
        judged = {
            name: [e for e in hosts[name]["criteria"] if e.get("figure") == figure]
            for name in given
        }
        odd = [name for name in given if name in outliers.get(figure, ())]
        named = (figure, unit, profile if several else "")
        made.append(_strip(named, given, judged, odd))
    return sorted(made, key=lambda strip: not strip.troubled)


def _strip(
    place: tuple[str, str, str],
    given: Mapping[str, Mapping[str, Any]],
    judged: Mapping[str, Sequence[Mapping[str, Any]]],
    odd: Sequence[str],
) -> Strip:
    figure, unit, profile = place
    values = [
        Value(name, float(one["value"]), _kind(one, judged[name])) for name, one in given.items()
    ]
    values.sort(key=lambda value: value.number)
    entries = [entry for host in judged.values() for entry in host]
    title = str(entries[0]["title"]) if entries else figure
    required = _required([entry["required"] for entry in entries], unit)
    sentences = tuple(_sentences(values, unit, required, odd))
    named = title if title == figure else f"{title} ({figure})"
    return Strip(
        figure=figure,
        title=title,
        unit=unit,
        profile=profile,
        values=tuple(values),
        picture=strip_plot.draw(values, unit, required, f"{named}: {' '.join(sentences)}"),
        sentences=sentences,
        troubled=bool(odd) or any(value.kind != OK for value in values),
    )


def _kind(figure: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> str:
    if not figure["trusted"]:
        return UNTRUSTED
    return FAILING if any(e["outcome"] in (FAIL, WAIVED) for e in entries) else OK


def _required(texts: Iterable[str], unit: str) -> Constraint | None:
    """What is required as a number in the figure's unit; None where it is not exactly that.

    The most, where several criteria judge the figure.
    """
    found = []
    for text in dict.fromkeys(texts):
        try:
            constraint = parse(text, "number")
        except ConstraintError:
            continue
        if constraint.unit == unit and constraint.operator in (">=", ">", "<=", "<", "=="):
            found.append(constraint)
    return max(found, key=lambda one: float(one.operands[0]), default=None)


def _sentences(
    values: Sequence[Value], unit: str, required: Constraint | None, odd: Sequence[str]
) -> Iterable[str]:
    """What the picture shows, for everyone."""
    trusted = [value for value in values if value.kind != UNTRUSTED]
    middle = strip_plot.median(values)
    if middle is None:
        yield f"No value of {count(len(values), 'host')} can be trusted."
    elif len(trusted) == _SINGLE:
        yield f"{trusted[0].host}: {four_digits(middle)} {unit}."
    else:
        low, high = trusted[0], trusted[-1]
        yield (
            f"{count(len(trusted), 'host')}: median {four_digits(middle)} {unit}, "
            f"lowest {four_digits(low.number)} ({low.host}), "
            f"highest {four_digits(high.number)} ({high.host})."
        )
    if required is not None:
        axis = strip_plot.scale(values, required)
        where = "" if axis.holds(float(required.operands[0])) else " (off the axis)"
        yield f"Required {required.text}{where}."
    for kind, text in ((FAILING, "Does not pass"), (UNTRUSTED, "Not to be trusted")):
        names = [value.host for value in values if value.kind == kind]
        if names:
            yield f"{text}: {_list(names)}."
    if odd:
        yield f"Outlier: {_list(odd)}."


def _list(names: Sequence[str]) -> str:
    return few(sorted(names, key=natural), _NAMES)
