"""Charts with bars: how much of everything, and what the profile asks.

A panel is a chart group: the figures say themselves which one they belong to. Each function takes
a Subject and returns a chart, or None where nothing of it was measured.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..documents.figure_labels import STORAGE, chart_group, component, family
from ..profiles.constraints import four_digits
from .style import BLACK, BLUE, DARK_GREY, GREY, ORANGE, VERMILLION, Panel, compose
from .subject import Subject, Targets

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_AXIS = 0.7  # how many bars wide an axis with its numbers is
_NARROWEST = 2.2  # for the title of a panel with one bar
_WIDEST_ROW = 13.0
_LINE = 0.052  # a line of text, as a part of a panel's height
_THOUSANDS_FROM = 1e5
_TENTH_PERCENT = 0.001
_SPREAD_NOTE = "± is half of the interquartile range of the samples over their median."
_PRECISION = re.compile(r"\b((bf|fp|int|nvfp|tf)\d+|[cg]pu)\b")


def throughput(subject: Subject) -> Figure | None:
    """What was computed: all that is neither bytes moved nor the disk's."""
    return _chart(subject, "throughput", lambda disk, unit: not disk and unit != "GB/s")


def bandwidth(subject: Subject) -> Figure | None:
    """Memory of the GPU and of the CPU, and the way between them."""
    return _chart(subject, "memory and transfers", lambda disk, unit: not disk and unit == "GB/s")


def storage(subject: Subject) -> Figure | None:
    """The disk: rates in sequence, and requests at random by queue depth."""
    return _chart(subject, "storage", lambda disk, _: disk)


def _chart(subject: Subject, title: str, shows: Callable[[bool, str], bool]) -> Figure | None:
    groups: dict[str, list[str]] = {}
    for name, figure in subject.figures.items():
        if shows(component(name, figure, {}) == STORAGE, figure["unit"]):
            groups.setdefault(chart_group(name, figure), []).append(name)
    if not groups:
        return None
    rows = list(_rows(_panel(subject, group, names) for group, names in groups.items()))
    height = 2.0 + 4.0 * len(rows)
    return compose(f"{subject.host}: {title}", subject.subtitle, rows, height, [_SPREAD_NOTE])


def _rows(panels: Iterator[Panel]) -> Iterator[list[Panel]]:
    """Panels side by side as long as their bars stay legible."""
    row: list[Panel] = []
    for panel in panels:
        if row and sum(one.weight for one in (*row, panel)) > _WIDEST_ROW:
            yield row
            row = []
        row.append(panel)
    yield row


def _panel(subject: Subject, group: str, names: Sequence[str]) -> Panel:
    sizes = {subject.figures[name]["parameters"].get("size") for name in names}
    if len(names) > 1 and len(sizes) == 1 and isinstance(side := sizes.pop(), int):
        group = f"{group}, {side} x {side}"
    weight = max(_NARROWEST, len(names) + _AXIS)
    return Panel(lambda axes: _draw(axes, subject, group, names), weight)


def _draw(axes: Axes, subject: Subject, title: str, names: Sequence[str]) -> None:
    """Bars from zero, with value and spread above, and the profile's targets across."""
    figures = [subject.figures[name] for name in names]
    targets = [subject.targets.get(name, Targets()) for name in names]
    spreads = [(one["spread"] or 0) / 2 * one["value"] for one in figures]
    top = max(one["value"] + spread for one, spread in zip(figures, spreads, strict=True))
    top = max(top, *(value or 0 for one in targets for value in (one.required, one.expected)))
    unit = " or ".join(dict.fromkeys(one["unit"] for one in figures))
    scale = 1000 if top >= _THOUSANDS_FROM else 1
    texts = [
        "\n".join(_text(one["value"] / scale, one["spread"], subject.faults[name]))
        for name, one in zip(names, figures, strict=True)
    ]
    several = len({family(name) for name in names}) > 1
    axes.set_title(title)
    axes.set_ylabel(unit if scale == 1 else f"thousand {unit}")
    axes.grid(axis="y")
    # The room for the text is a part of the panel's height, which is about 20 lines.
    lines = max(text.count("\n") + 1 for text in texts)
    axes.set_ylim(0, top / scale / (1 - _LINE * (lines + 0.5)))
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_xticks(range(len(names)), [_label(name, with_family=several) for name in names])
    for place, (one, target) in enumerate(zip(figures, targets, strict=True)):
        value, half = one["value"] / scale, spreads[place] / scale
        _draw_bar(
            axes, place, value, half, texts[place], invalid=bool(subject.faults[names[place]])
        )
        for number, color, style, label in (
            (target.required, VERMILLION, "-", "required by the profile"),
            (target.expected, ORANGE, "--", "expected by the profile"),
        ):
            if number:
                ends = (place - 0.45, place + 0.45)
                axes.hlines(
                    number / scale, *ends, color, linestyle=style, linewidth=2.5, label=label
                )


def _draw_bar(
    axes: Axes, place: int, value: float, half: float, text: str, *, invalid: bool
) -> None:
    look: dict[str, Any] = {"color": BLUE}
    if invalid:
        look = {"color": GREY, "edgecolor": DARK_GREY, "hatch": "///"}
    axes.bar(place, value, width=0.7, **look)
    if half:
        axes.errorbar(place, value, yerr=half, color=BLACK, capsize=5, linewidth=1.2)
    axes.annotate(
        text,
        (place, value + half),
        xytext=(0, 4),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=10,
        color=DARK_GREY if invalid else BLACK,
        bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"},
    )


def _text(value: float, spread: float | None, faults: Sequence[str]) -> list[str]:
    """What stands above a bar, line by line."""
    lines = [four_digits(value)]
    if faults:
        return [*lines, "invalid:", *faults[:2], *(["..."] if faults[2:] else [])]
    if spread is None:
        return lines
    half = spread / 2
    return [*lines, f"±{half:.1%}" if half >= _TENTH_PERCENT or not half else f"±{100 * half:.1g}%"]


def _label(name: str, *, with_family: bool) -> str:
    """The figure's own name, in lines that stand below a bar."""
    text = name.partition(".")[2].replace("16_jobs", "16\N{NO-BREAK SPACE}jobs").replace("_", " ")
    text = textwrap.fill(_PRECISION.sub(lambda found: found[0].upper(), text), 10)
    return f"{family(name)}\n{text}" if with_family else text
