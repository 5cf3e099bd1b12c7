"""One figure over the hosts of a fleet, drawn as a strip: inline SVG, no numbers of its own.

A strip has a mark for each host, the median of the trusted values, and what is required where the
report says it exactly. Whether a value fails is the gate's outcome, never compared again here.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from ..core.errors import one_line
from ..profiles.constraints import Constraint, four_digits

OK, FAILING, UNTRUSTED = "ok", "failing", "untrusted"
_WIDTH, _HEIGHT, _LEFT, _RIGHT = 320, 96, 12, 308
_LINE, _AXIS = 50, 74  # where the marks and the axis are
_ROWS = (0, -6, 6, -12, 12)  # marks that would hide each other move aside
_MARK = 5  # pixels that a mark takes
_SINGLE_MARKS = 60  # with more hosts than that, marks without a name are one path
_NARROWEST = 0.04  # of the median: a healthy fleet must not look scattered
_FAR = 2.0  # a requirement beyond this factor of the median is named, not drawn
_ALIGN = 80  # pixels from the edge within which a label starts or ends at its line
_TICKS = 4
_SHAPES = {
    OK: "M{x:.0f} {y}h0",
    FAILING: "M{x:.0f} {y}m-4.5 4h9l-4.5-8z",
    UNTRUSTED: "M{x:.0f} {y}m-3.5-3.5l7 7m0-7l-7 7",
}


@dataclass(frozen=True)
class Value:
    """A host's value of a figure; `kind` is OK, FAILING or UNTRUSTED."""

    host: str
    number: float
    kind: str = OK


@dataclass(frozen=True)
class Scale:
    """The numbers at the two ends of the axis."""

    low: float
    high: float

    def place(self, number: float) -> float:
        """Where a number is, in pixels; beyond an end, at it."""
        part = (number - self.low) / (self.high - self.low)
        return _LEFT + min(max(part, 0), 1) * (_RIGHT - _LEFT)

    def holds(self, number: float) -> bool:
        """Whether a number lies between the ends."""
        return self.low <= number <= self.high


def median(values: Sequence[Value]) -> float | None:
    """The median of the values that can be trusted; None where there is none."""
    trusted = [value.number for value in values if value.kind != UNTRUSTED]
    return statistics.median(trusted) if trusted else None


def scale(values: Sequence[Value], required: Constraint | None) -> Scale:
    """An axis for the trusted values and what is required; for all values where none is trusted.

    `values` is not empty and every number is finite.
    """
    middle = median(values)
    shown = [value.number for value in values if value.kind != UNTRUSTED or middle is None]
    if required is not None and middle is not None:
        floor = float(required.operands[0])
        if abs(middle) / _FAR <= abs(floor) <= abs(middle) * _FAR and floor * middle > 0:
            shown.append(floor)
    low, high = min(shown), max(shown)
    room = max(_NARROWEST * max(abs(low), abs(high)) - (high - low), 0) / 2
    room += 0.06 * (high - low) or (0 if room else 1.0)
    return Scale(low - room, high + room)


def draw(values: Sequence[Value], unit: str, required: Constraint | None, label: str) -> Markup:
    """The strip as an SVG element that a screen reader calls `label`."""
    axis = scale(values, required)
    parts = list(_axis(axis))
    if required is not None and axis.holds(float(required.operands[0])):
        parts += _line(axis, float(required.operands[0]), "required", f"required {required.text}")
    middle = median(values)
    if middle is not None and len(values) > 1:
        parts += _line(axis, middle, "median", f"median {four_digits(middle)}")
    parts += _marks(values, unit, axis)
    name = escape(one_line(label, 2000))
    return Markup(  # noqa: S704 - every text in it is escaped
        f'<svg class="strip" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{name}">'
        f"{''.join(parts)}</svg>"
    )


def _axis(axis: Scale) -> Iterator[str]:
    yield f'<path class="axis" d="M{_LEFT} {_AXIS}H{_RIGHT}"/>'
    step = _step((axis.high - axis.low) / _TICKS)
    tick = math.ceil(axis.low / step) * step
    while tick <= axis.high:
        x = axis.place(tick)
        yield f'<path class="axis" d="M{x:.1f} {_AXIS}v4"/>'
        number = four_digits(0.0 if abs(tick) < step / 2 else tick)
        yield f'<text x="{x:.1f}" y="{_AXIS + 17}" text-anchor="middle">{number}</text>'
        tick += step


def _step(about: float) -> float:
    """The next round number (1, 2, 5 times a power of ten) from `about` on."""
    power = 10.0 ** math.floor(math.log10(about))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= about)


def _line(axis: Scale, number: float, kind: str, text: str) -> Iterator[str]:
    x = axis.place(number)
    anchor = "start" if x < _ALIGN else "end" if x > _WIDTH - _ALIGN else "middle"
    y = 12 if kind == "required" else 27
    yield f'<path class="{kind}" d="M{x:.1f} {y + 4}V{_AXIS}"/>'
    yield f'<text class="t-{kind}" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _marks(values: Sequence[Value], unit: str, axis: Scale) -> Iterator[str]:
    """Marks from left to right; the remarkable ones last, so that nothing covers them."""
    taken: Counter[int] = Counter()
    merged = ""
    named: dict[str, list[str]] = {OK: [], FAILING: [], UNTRUSTED: []}
    for value in sorted(values, key=lambda one: one.number):
        x = axis.place(value.number)
        column = int(x / _MARK)
        path = _SHAPES[value.kind].format(x=x, y=_LINE + _ROWS[taken[column] % len(_ROWS)])
        taken[column] += 1
        if value.kind == OK and len(values) > _SINGLE_MARKS:
            merged += path
            continue
        text = f"{one_line(value.host)}: {four_digits(value.number)} {one_line(unit)}"
        text += {OK: "", FAILING: ", does not pass", UNTRUSTED: ", not to be trusted"}[value.kind]
        title = f"<title>{escape(text)}</title>"
        named[value.kind].append(f'<path class="mark {value.kind}" d="{path}">{title}</path>')
    if merged:
        yield f'<path class="mark ok" d="{merged}"/>'
    for marks in named.values():
        yield from marks
