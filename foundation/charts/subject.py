"""What charts are drawn from: one host's run, how it was judged, and what came before it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..documents import figure_labels
from ..documents.store import Document
from ..history.run_history import History


@dataclass(frozen=True)
class Targets:
    """What a profile asks of a figure, in the figure's unit."""

    required: float | None = None
    expected: float | None = None


@dataclass(frozen=True)
class Subject:
    """What is drawn of a host. `faults` has by figure the names of the rules that it breaks."""

    host: str
    benchmark: Document
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)
    targets: Mapping[str, Targets] = field(default_factory=dict)
    baseline: Document | None = None
    history: History = field(default_factory=History)

    @property
    def figures(self) -> Mapping[str, Mapping[str, Any]]:
        """The figures that can be drawn."""
        found: Mapping[str, Mapping[str, Any]] = self.benchmark["data"]["figures"]
        return {name: one for name, one in found.items() if 0 < one["value"] < math.inf}

    @property
    def device(self) -> str:
        """What did the work, as a person names it."""
        data = self.benchmark["data"]["device"]
        return str(data["name"] or data["kind"].upper())

    @property
    def subtitle(self) -> str:
        """Where, how and when it was measured."""
        moment = self.benchmark["collected_at"].replace("T", " ").replace("Z", " UTC")
        return f"{self.device}, level {self.benchmark['data']['level']}, {moment}"

    def spoken_faults(self, name: str) -> list[str]:
        """The rules that a figure breaks, as words; none for a valid figure."""
        return [rule.replace("_", " ") for rule in self.faults.get(name, ())]

    def chart_group(self, name: str) -> str:
        """The title of the panel that shows a figure of the run."""
        return figure_labels.chart_group(name, self.figures[name])

    def component(self, name: str) -> str | None:
        """What did the work for a figure of the run, as its document says."""
        return figure_labels.component(name, self.figures[name], {})
