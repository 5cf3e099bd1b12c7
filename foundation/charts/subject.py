"""What charts are drawn from: one host's run, how it was judged, and what came before it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..documents.store import Document
from ..history.run_history import History


@dataclass(frozen=True)
class Targets:
    """What a profile asks of a figure, in the figure's unit."""

    required: float | None = None
    expected: float | None = None


@dataclass(frozen=True)
class Subject:
    """What is drawn of a host. `faults` names, by figure of the run, the rules that it breaks."""

    host: str
    benchmark: Document
    faults: Mapping[str, Sequence[str]]
    targets: Mapping[str, Targets]
    baseline: Document | None
    history: History

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
