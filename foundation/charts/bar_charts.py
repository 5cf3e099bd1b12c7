"""Charts with bars: how much of everything, and what the profile asks.

A panel is a chart group: the figures say themselves which one they belong to. Each function takes
a Subject and returns a chart, or None where nothing of it was measured.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ..documents.figure_labels import STORAGE, family
from .style import Bar, Panel, compose, draw_bars
from .subject import Subject, Targets

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_AXIS = 0.7  # how many bars wide an axis with its numbers is
_NARROWEST = 2.2  # for the title of a panel with one bar
_WIDEST_ROW = 13.0
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
        if shows(subject.component(name) == STORAGE, figure["unit"]):
            groups.setdefault(subject.chart_group(name), []).append(name)
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
    several = len({family(name) for name in names}) > 1
    bars = [_bar(subject, name, _label(name, with_family=several)) for name in names]
    units = " or ".join(dict.fromkeys(subject.figures[name]["unit"] for name in names))
    sizes = {subject.figures[name]["parameters"].get("size") for name in names}
    if len(names) > 1 and len(sizes) == 1 and isinstance(side := sizes.pop(), int):
        group = f"{group}, {side} x {side}"
    weight = max(_NARROWEST, len(bars) + _AXIS)
    return Panel(lambda axes: draw_bars(axes, group, units, bars), weight)


def _bar(subject: Subject, name: str, label: str) -> Bar:
    figure = subject.figures[name]
    targets = subject.targets.get(name, Targets())
    return Bar(
        label,
        figure["value"],
        figure["spread"],
        subject.spoken_faults(name),
        targets.required,
        targets.expected,
    )


def _label(name: str, *, with_family: bool) -> str:
    """The figure's own name, in lines that stand below a bar."""
    text = name.partition(".")[2].replace("16_jobs", "16\N{NO-BREAK SPACE}jobs").replace("_", " ")
    text = textwrap.fill(_PRECISION.sub(lambda found: found[0].upper(), text), 10)
    return f"{family(name)}\n{text}" if with_family else text
