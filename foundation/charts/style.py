"""How every chart looks: one palette, one size of type, bars that say what may not be trusted.

Colours are those of Okabe and Ito (Color Universal Design, 2008), which people with any common
colour blindness tell apart; a line style or a hatch always says the same once more. Charts are
matplotlib Figure objects on the Agg canvas: no pyplot, so no state of the process is touched
but the settings that `settings` puts back.
"""

from __future__ import annotations

import contextlib
import io
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..profiles.constraints import four_digits

if TYPE_CHECKING:  # matplotlib costs half a second, and the gate draws nothing
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK, YELLOW = "#E69F00", "#56B4E9", "#000000", "#B8A800"
LINES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK, YELLOW)
GREY, DARK_GREY, PALE = "#D9D9D9", "#6B6B6B", "#E6E6E6"
MARKERS = "osD^vPX*"
DOTS_PER_INCH = 100
WIDTH_INCHES = 12.0
_NOTE_COLUMNS = 150
WHOLE = 5.0
_SLOTS = 5.0  # a row is at least so many bars wide
_LINE = 0.052  # a line of text, as a part of a panel's height
_THOUSANDS_FROM = 1e5
_TENTH_PERCENT = 0.001
_SETTINGS: dict[Any, Any] = {
    "font.size": 11.0,
    "axes.titlesize": 12.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-4, 7),
    "grid.color": PALE,
    "hatch.linewidth": 0.6,
    "timezone": "UTC",
}


@dataclass(frozen=True)
class Bar:
    """One figure as a bar. `faults` says in a word or two each why it is not valid."""

    label: str
    value: float
    spread: float | None
    faults: Sequence[str] = ()
    required: float | None = None
    expected: float | None = None

    @property
    def top(self) -> float:
        """Where the bar ends with half of its spread."""
        return self.value * (1 + (self.spread or 0) / 2)

    @property
    def text(self) -> list[str]:
        """What stands above the bar, line by line."""
        lines = [four_digits(self.value)]
        if self.faults:
            return [*lines, "invalid:", *(self.faults[:2]), *(["..."] if self.faults[2:] else [])]
        return lines if self.spread is None else [*lines, f"±{_percent(self.spread / 2)}"]


@dataclass(frozen=True)
class Panel:
    """A part of a chart: what draws it, and how wide it is: in bars, all included.

    Those of the default width stand in even columns.
    """

    draw: Callable[[Axes], None]
    weight: float = WHOLE


@contextlib.contextmanager
def settings() -> Iterator[None]:
    """Draw with this project's settings whatever the user's matplotlibrc says."""
    import matplotlib as mpl  # noqa: PLC0415 - see above

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def compose(
    title: str, subtitle: str, rows: Sequence[Sequence[Panel]], height: float, notes: Sequence[str]
) -> Figure:
    """A chart of rows of panels, with its title above and notes below. `height` is in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415

    layout = ConstrainedLayoutEngine(
        rect=(0, 0, 0.99, 1), w_pad=0.1, h_pad=0.1, wspace=0.04, hspace=0.04
    )
    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DOTS_PER_INCH, layout=layout)
    FigureCanvasAgg(figure)
    figure.suptitle(f"{title}\n{subtitle}", x=0.01, ha="left", fontsize=14)
    outer = figure.add_gridspec(len(rows), 1)
    columns = max(len(row) for row in rows)
    even = figure.add_gridspec(len(rows), columns)
    for number, row in enumerate(rows):
        weights = [panel.weight for panel in row]
        # A row with little in it keeps its bars as wide as those of other rows.
        rest = [_SLOTS - sum(weights)] if sum(weights) < _SLOTS else []
        inner = outer[number].subgridspec(1, len(weights + rest), width_ratios=weights + rest)
        for column, panel in enumerate(row):
            # Panels of one width share a grid, which aligns their axes across rows.
            place = even[number, column] if panel.weight == WHOLE else inner[column]
            panel.draw(figure.add_subplot(place))
    _add_legend(figure)
    if notes:
        text = "\n".join(line for note in notes for line in textwrap.wrap(note, _NOTE_COLUMNS))
        figure.supxlabel(text, x=0.01, ha="left", fontsize=10, color=DARK_GREY)
    return figure


def _add_legend(figure: Figure) -> None:
    """One legend of the targets for all panels, beside the title: there it hides no bar."""
    found: dict[str, Any] = {}
    for axes in figure.axes:
        if axes.get_legend() is None:
            handles, labels = axes.get_legend_handles_labels()
            found |= dict(zip(labels, handles, strict=True))
    if found:
        figure.legend(
            list(found.values()), list(found), loc="upper right", fontsize=10, frameon=False
        )


def png(figure: Figure) -> bytes:
    """The chart as a PNG file, the same bytes for the same figures: no date, no program name."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def draw_bars(axes: Axes, title: str, unit: str, bars: Sequence[Bar]) -> None:
    """Bars from zero, with value and spread above, and the profile's targets across."""
    top = max(max(bar.top, bar.required or 0, bar.expected or 0) for bar in bars)
    if top >= _THOUSANDS_FROM:
        top, unit, bars = top / 1000, f"thousand {unit}", [_in_thousands(bar) for bar in bars]
    axes.set_title(title)
    axes.set_ylabel(unit)
    axes.grid(axis="y")
    # The room for the text is a part of the panel's height, which is about 20 lines.
    lines = max(len(bar.text) for bar in bars)
    axes.set_ylim(0, (top or 1) / (1 - _LINE * (lines + 0.5)))
    axes.set_xlim(-0.6, len(bars) - 0.4)
    axes.set_xticks(range(len(bars)), [bar.label for bar in bars])
    for place, bar in enumerate(bars):
        _draw_bar(axes, place, bar)


def _percent(part: float) -> str:
    return f"{part:.1%}" if part >= _TENTH_PERCENT or not part else f"{100 * part:.1g}%"


def _in_thousands(bar: Bar) -> Bar:
    def scaled(value: float | None) -> float | None:
        return None if value is None else value / 1000

    return replace(
        bar,
        value=bar.value / 1000,
        required=scaled(bar.required),
        expected=scaled(bar.expected),
    )


def _draw_bar(axes: Axes, place: int, bar: Bar) -> None:
    look: dict[str, Any] = {"color": BLUE}
    if bar.faults:
        look = {"color": GREY, "edgecolor": DARK_GREY, "hatch": "///"}
    axes.bar(place, bar.value, width=0.7, **look)
    if bar.spread:
        half = bar.spread * bar.value / 2
        axes.errorbar(place, bar.value, yerr=half, color=BLACK, capsize=5, linewidth=1.2)
    axes.annotate(
        "\n".join(bar.text),
        (place, bar.top),
        xytext=(0, 4),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=10,
        color=DARK_GREY if bar.faults else BLACK,
        bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"},
    )
    for value, color, style, label in (
        (bar.required, VERMILLION, "-", "required by the profile"),
        (bar.expected, ORANGE, "--", "expected by the profile"),
    ):
        if value:
            axes.hlines(
                value,
                place - 0.45,
                place + 0.45,
                color,
                linestyle=style,
                linewidth=2.5,
                label=label,
            )
