"""What a benchmark family declares of itself, once: everything else derives from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .context import BenchmarkContext

GPU, CPU, STORAGE = "gpu", "cpu", "storage"

Measure = Callable[[BenchmarkContext, str, float], dict[str, Any]]
"""`measure(context, figure, budget_seconds)`: the figure, its labels still to come."""


@dataclass(frozen=True)
class FigurePlan:
    """A figure's unit, and the seconds that it is expected to take at the levels that measure it.

    The level `soak` measures what `quick` does. A `sustained` load is made for just these
    seconds, at `soak` for as long as is asked. `chart_group` is that of the family where empty.
    """

    unit: str
    quick: float | None = None
    full: float | None = None
    sustained: bool = False
    chart_group: str = ""


@dataclass(frozen=True)
class Family:
    """Figures that one function measures; `figures` are in the order of their measurement.

    `component` does the work (GPU, CPU or STORAGE): without a CUDA device a GPU's figures are
    skipped, and the controller judges by the rules for the component. `chart_group` is the title
    of the panel that draws the figures. docs/benchmarks.md lists all families.
    """

    name: str
    measure: Measure
    component: str
    chart_group: str
    figures: Mapping[str, FigurePlan]

    def labels(self, figure: str) -> dict[str, str]:
        """What the document has of a figure beside what was measured."""
        plan = self.figures[figure]
        return {
            "unit": plan.unit,
            "component": self.component,
            "chart_group": plan.chart_group or self.chart_group,
        }
