"""How every chart looks: one palette, one size of type, one layout.

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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
