"""The chart of a host's history: every figure over time, as a part of its baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..documents.figure_labels import chart_group, family
from ..profiles.constraints import four_digits
from .style import BLACK, DARK_GREY, LINES, MARKERS, Panel, compose
from .subject import Subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 2
_NARROWEST_PERCENT = 10.0  # below this, noise would look like a cliff


def history(subject: Subject) -> Figure | None:
    """One panel for each chart group; 100 % is the baseline, or the first valid run without one."""
    entries = subject.history.entries
    groups: dict[str, dict[str, None]] = {}
    for one in entries:
        for name, figure in one["figures"].items():
            groups.setdefault(chart_group(name, figure), {}).setdefault(name)
    panels = [
        panel
        for group, names in groups.items()
        if (panel := _panel(subject, group, list(names))) is not None
    ]
    if not panels:
        return None
    rows = [panels[start : start + _COLUMNS] for start in range(0, len(panels), _COLUMNS)]
    first, last = (entries[place]["collected_at"][:10] for place in (0, -1))
    runs = "1 run" if len(entries) == 1 else f"{len(entries)} runs"
    days = first if first == last else f"{first} to {last}"
    notes = ["A grey cross is a figure that was not valid. The number beside a name is its 100 %."]
    if subject.baseline is not None:
        notes.append("The dotted line marks when the baseline was measured.")
    title = f"{subject.host}: history of its figures"
    return compose(title, f"{subject.device}, {runs}, {days}", rows, 2.0 + 4.0 * len(rows), notes)


def _panel(subject: Subject, group: str, names: Sequence[str]) -> Panel | None:
    lines = {
        name: (reference, _points(subject, name))
        for name in names
        if (reference := _reference(subject, name)) is not None
    }
    if not lines:
        return None
    baseline = subject.baseline
    accepted = {} if baseline is None else baseline["data"]["figures"]
    several = len({family(name) for name in names}) > 1

    def draw(axes: Axes) -> None:
        for index, (name, ((value, unit), points)) in enumerate(lines.items()):
            own = name if several else name.partition(".")[2]
            _draw_line(
                axes,
                index,
                f"{own.replace('_', ' ')}: {four_digits(value)} {unit}",
                [(when, 100 * found / value, good) for when, found, good in points],
            )
        axes.axhline(100, color=BLACK, linewidth=1)
        if baseline is not None and any(name in accepted for name in lines):
            moment: Any = _time(baseline)  # matplotlib draws dates, and its types do not say so
            axes.axvline(moment, color=BLACK, linestyle=":", linewidth=1.8)
        axes.set_title(group)
        axes.set_ylabel(f"% of {_what(sum(name in accepted for name in lines), len(lines))}")
        low, high = axes.get_ylim()
        axes.set_ylim(min(low, 100 - _NARROWEST_PERCENT), max(high, 100 + _NARROWEST_PERCENT))
        _set_time_axis(axes)
        axes.grid(axis="both")
        # As wide as the panel and below its dates: there it hides nothing.
        axes.legend(
            loc="upper left",
            bbox_to_anchor=(0, -0.16, 1, 0),
            mode="expand",
            ncols=2,
            fontsize=9.5,
            handlelength=1.4,
            frameon=False,
            borderaxespad=0,
        )

    return Panel(draw)


def _draw_line(
    axes: Axes, index: int, label: str, points: Sequence[tuple[Any, float, bool]]
) -> None:
    color, marker = LINES[index % len(LINES)], MARKERS[index % len(MARKERS)]
    look: dict[str, Any] = {"color": color, "marker": marker, "markersize": 5, "label": label}
    look["linestyle"] = "-" if index < len(LINES) else "--"
    cross: dict[str, Any] = {"color": DARK_GREY, "marker": "x", "linestyle": "", "markersize": 8}
    for valid, style in ((True, look), (False, cross)):
        shown = [(when, value) for when, value, good in points if good is valid]
        axes.plot([when for when, _ in shown], [value for _, value in shown], **style)


def _set_time_axis(axes: Axes) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.yaxis.set_major_locator(MaxNLocator(7, integer=True))


def _what(in_baseline: int, of: int) -> str:
    """What counts as 100 % in a panel."""
    if in_baseline == of:
        return "the baseline"
    return "the baseline or first valid run" if in_baseline else "the first valid run"


def _points(subject: Subject, name: str) -> list[tuple[datetime, float, bool]]:
    """When, how much, and whether it was valid."""
    return [
        (_time(one), one["figures"][name]["value"], not one["figures"][name]["faults"])
        for one in subject.history.entries
        if name in one["figures"]
    ]


def _reference(subject: Subject, name: str) -> tuple[float, str] | None:
    """What counts as 100 %, and its unit."""
    candidates = [] if subject.baseline is None else [subject.baseline["data"]["figures"].get(name)]
    candidates += [one["figures"].get(name) for one in subject.history.entries]
    for figure in candidates:
        if figure is not None and figure["value"] > 0 and not figure.get("faults"):
            return figure["value"], figure["unit"]
    return None


def _time(document: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(document["collected_at"])
