"""Charts with lines: latency by percentile, and a load over time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..profiles.constraints import four_digits
from .style import BLUE, DARK_GREY, GREEN, LINES, MARKERS, ORANGE, VERMILLION, Panel, compose
from .subject import Subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MINUTES_FROM = 300
_PERCENTILES = {"p50": "50 %", "p95": "95 %", "p99": "99 %", "p99_9": "99.9 %"}


def storage_latency(subject: Subject) -> Figure | None:
    """How long single requests to the disk take, by percentile."""
    found = {
        name: figure["latency_microseconds"]
        for name, figure in subject.figures.items()
        if any((figure.get("latency_microseconds") or {}).values())
    }
    if not found:
        return None

    def draw(axes: Axes) -> None:
        axes.set_yscale("log")
        axes.set_ylabel("completion latency in µs (logarithmic)")
        axes.set_xlabel("percentile: so many of the requests are at least as fast")
        axes.set_xticks(range(len(_PERCENTILES)), list(_PERCENTILES.values()))
        axes.grid(which="major", axis="both")
        axes.grid(which="minor", axis="y", alpha=0.5)
        for index, (name, latency) in enumerate(found.items()):
            invalid = ", ".join(subject.faults[name])
            values = [latency[key] or math.nan for key in _PERCENTILES]
            label = name.partition(".")[2].replace("_", " ")
            axes.plot(
                range(len(values)),
                values,
                color=DARK_GREY if invalid else LINES[index % len(LINES)],
                marker=MARKERS[index % len(MARKERS)],
                linestyle=":" if invalid else "-",
                linewidth=2,
                markersize=8,
                label=f"{label} (invalid: {invalid})" if invalid else label,
            )
        axes.yaxis.set_major_formatter(lambda value, _: four_digits(value))
        axes.legend(loc="upper left", fontsize=10)
        axes.margins(x=0.05, y=0.12)

    title = f"{subject.host}: storage latency"
    return compose(title, subject.subtitle, [[Panel(draw)]], 7.0, ())


def soak(subject: Subject) -> Figure | None:
    """A load over time: what it yields, and how clock, power and temperature go."""
    found = [
        name for name, one in subject.figures.items() if any((one.get("series") or {}).values())
    ]
    if not found:
        return None
    name = found[0]
    figure = subject.figures[name]
    series = figure["series"]
    last = max(series["seconds"], default=0)
    scale, unit = (60, "minutes") if last > _MINUTES_FROM else (1, "seconds")
    lines = (
        ("value", name, figure["unit"], BLUE),
        ("sm_clock_mhz", "SM clock", "MHz", GREEN),
        ("power_watts", "power", "W", VERMILLION),
        ("temperature_celsius", "temperature", "°C", ORANGE),
    )
    drawn = [one for one in lines if any(value is not None for value in series[one[0]])]

    def panel(key: str, label: str, symbol: str, color: str, *, lowest: bool) -> Panel:
        def draw(axes: Axes) -> None:
            points = [
                (second / scale, math.nan if value is None else value)
                for second, value in zip(series["seconds"], series[key], strict=False)
            ]
            known = sorted(value for _, value in points if not math.isnan(value))
            axes.plot(*zip(*points, strict=True), color=color, linewidth=1.8)
            median = known[len(known) // 2]
            axes.set_title(
                f"{label}: median {four_digits(median)} {symbol}, "
                f"{four_digits(known[0])} to {four_digits(known[-1])}"
            )
            axes.set_ylabel(symbol)
            axes.grid(axis="both")
            axes.set_xlim(0, max(last / scale, 1e-9))
            low, high = axes.get_ylim()
            room = max(high - low, 0.1 * abs(median)) - (high - low)
            axes.set_ylim(low - room / 2, high + room / 2)
            if lowest:
                axes.set_xlabel(f"{unit} since the load began")
            else:
                axes.tick_params(labelbottom=False)

        return Panel(draw)

    rows = [[panel(*one, lowest=one is drawn[-1])] for one in drawn]
    notes = []
    reasons = (figure["trace"] or {}).get("event_reasons")
    if reasons:
        notes.append(f"The GPU gave as reasons for its clock: {', '.join(reasons)}.")
    if faults := subject.faults[name]:
        notes.append(f"This figure is invalid: {', '.join(faults)}.")
    title = f"{subject.host}: sustained load"
    return compose(title, subject.subtitle, rows, 2.0 + 1.9 * len(rows), notes)
