"""Charts with bars: how much of everything, and what the profile asks.

Each function takes a Subject and returns a chart, or None where nothing of it was measured.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from ..profiles.constraints import four_digits
from .style import BLUE, DARK_GREY, Bar, Panel, compose, draw_bars
from .subject import Subject, Targets

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_AXIS = 0.7  # how many bars wide an axis with its numbers is
_NARROWEST = 2.2  # for the title of a panel with one bar
_SPREAD_NOTE = "± is half of the interquartile range of the samples over their median."


def throughput(subject: Subject) -> Figure | None:
    """Matrix products by precision, over their size, and loads shaped like models."""
    rows = _filled(
        [
            _bar_panel(
                subject,
                f"Matrix product by precision{_size(subject)}",
                "gemm",
                _precision,
            ),
            _bar_panel(subject, "CPU", "cpu", _precision_of_cpu, only=("cpu.gemm_fp32",)),
        ],
        [
            _sweep_panel(subject),
            _bar_panel(subject, "Loads", ("attention", "convolution", "sustained"), _model),
        ],
    )
    return _chart(subject, "throughput by precision", rows)


def bandwidth(subject: Subject) -> Figure | None:
    """Memory of the GPU and of the CPU, and the way between them."""
    rows = _filled(
        [
            _bar_panel(subject, "GPU memory", "memory", _words),
            _bar_panel(subject, "Between host and GPU", "transfer", _words),
        ],
        [
            _bar_panel(subject, "Unified memory", "unified", _words),
            _bar_panel(
                subject,
                "CPU memory",
                "cpu",
                _words,
                only=[name for name in subject.figures if name != "cpu.gemm_fp32"],
            ),
        ],
    )
    return _chart(subject, "memory and transfers", rows)


def storage(subject: Subject) -> Figure | None:
    """The disk: rates in sequence, and requests at random by queue depth."""
    names = [name for name in subject.figures if name.startswith("storage.")]
    deep = [name for name in names if name.endswith("_64")]
    single = [name for name in names if "random" in name and name not in deep]
    sequential = [name for name in names if "random" not in name]
    rows = _filled(
        [
            _bar_panel(subject, "Sequential", "storage", _words, only=sequential),
            _bar_panel(subject, "Random, 1 request", "storage", _direction, only=single),
            _bar_panel(subject, "Random, 64 requests", "storage", _direction, only=deep),
        ]
    )
    return _chart(subject, "storage", rows)


def _chart(subject: Subject, title: str, rows: Sequence[Sequence[Panel]]) -> Figure | None:
    if not rows:
        return None
    height = 2.0 + 4.0 * len(rows)
    return compose(f"{subject.host}: {title}", subject.subtitle, rows, height, [_SPREAD_NOTE])


def _filled(*rows: Sequence[Panel | None]) -> list[list[Panel]]:
    """The panels that have something to show."""
    present = [[panel for panel in row if panel is not None] for row in rows]
    return [row for row in present if row]


def _bar_panel(
    subject: Subject,
    title: str,
    families: str | Sequence[str],
    label: Callable[[str], str],
    *,
    only: Iterable[str] | None = None,
) -> Panel | None:
    wanted = (families,) if isinstance(families, str) else families
    names = [name for name in subject.figures if name.partition(".")[0] in wanted]
    if only is not None:
        names = [name for name in names if name in set(only)]
    if not names:
        return None
    bars = [_bar(subject, name, label(name)) for name in names]
    units = " or ".join(dict.fromkeys(subject.figures[name]["unit"] for name in names))
    weight = max(_NARROWEST, len(bars) + _AXIS)
    return Panel(lambda axes: draw_bars(axes, title, units, bars), weight)


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


def _sweep_panel(subject: Subject) -> Panel | None:
    """One precision over the size of the product: where it saturates."""
    sizes: dict[int, str] = {}
    for name in subject.figures:
        _, _, size = name.rpartition("_")
        if name.startswith("sweep.bf16_") and size.isdigit():
            sizes[int(size)] = name
    if not sizes:
        return None
    whole = (subject.figures.get("gemm.bf16") or {"parameters": {}})["parameters"].get("size")
    if isinstance(whole, int):
        sizes.setdefault(whole, "gemm.bf16")
    points = [(size, sizes[size]) for size in sorted(sizes)]

    def draw(axes: Axes) -> None:
        values = [subject.figures[name]["value"] for _, name in points]
        places = range(len(points))
        axes.plot(places, values, color=BLUE, linewidth=2, zorder=1)
        for place, value, (_, name) in zip(places, values, points, strict=True):
            fault = ", ".join(subject.spoken_faults(name))
            axes.plot(
                place,
                value,
                marker="X" if fault else "o",
                markersize=9,
                color=DARK_GREY if fault else BLUE,
            )
            text = four_digits(value) if not fault else f"{four_digits(value)}\ninvalid: {fault}"
            axes.annotate(
                text,
                (place, value),
                (0, 9),
                textcoords="offset points",
                ha="center",
                fontsize=10,
                bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"},
            )
        axes.set_title("BF16 product over its size")
        axes.set_xticks(places, [str(size) for size, _ in points])
        axes.set_xlabel("rows and columns")
        axes.set_ylabel(subject.figures[points[0][1]]["unit"])
        axes.set_ylim(0, max(values) * 1.2)
        axes.set_xlim(-0.4, len(points) - 0.6)
        axes.grid(axis="y")

    return Panel(draw, len(points) + _AXIS)


def _size(subject: Subject) -> str:
    """The size that all matrix products share, as a title goes on with it; or nothing."""
    sizes = {
        figure["parameters"].get("size")
        for name, figure in subject.figures.items()
        if name.startswith("gemm.")
    }
    size = sizes.pop() if len(sizes) == 1 else None
    return "" if size is None else f", {size} x {size}"


def _precision(name: str) -> str:
    return name.partition(".")[2].upper()


def _precision_of_cpu(name: str) -> str:
    return f"{name.rpartition('_')[2].upper()}\nproduct"


def _model(name: str) -> str:
    family, _, precision = name.partition(".")
    return f"{family}\n{precision.upper()}"


def _words(name: str) -> str:
    """The figure's own name, in lines that stand below a bar."""
    text = name.partition(".")[2].replace("16_jobs", "16\N{NO-BREAK SPACE}jobs").replace("_", " ")
    return textwrap.fill(text.replace("cpu", "CPU").replace("gpu", "GPU"), 10)


def _direction(name: str) -> str:
    """`read` of `random_read_64`: the rest stands in the panel's title."""
    return "read" if "read" in name else "write"
