"""What a run of the benchmark knows so far, and the document made of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from ..collect import identity
from ..core.document import build, noter
from ..core.identifiers import Identifiers
from ..core.system import System
from ..software import container
from .conditions import cpu_device

_NOT_REACHED = "not reached: the run ended before this figure"
_NO_BUILD = {"torch": None, "cuda": None, "arch_list": None, "threads": None}


@dataclass
class BenchmarkResults:
    """Filled as the run goes on; `names` are the planned figures in their order."""

    system: System
    level: str
    host: str
    names: list[str]
    begin: float
    ready: dict[str, Any] = field(default_factory=dict)
    conditions: dict[str, Any] = field(default_factory=dict)
    telemetry: dict[str, Any] = field(default_factory=dict)
    dcgm: dict[str, Any] | None = None
    figures: dict[str, Any] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    resumed: list[dict[str, Any]] = field(default_factory=list)
    under_way: dict[str, int] = field(default_factory=dict)
    problems: list[dict[str, str]] = field(default_factory=list)
    nvml_answers: bool = True

    def identify(self, seconds: float) -> None:
        """Read the identity of the host, for at most `seconds`."""
        early: list[dict[str, str]] = []
        self._identifiers = Identifiers(self.system, noter(early, "identifiers"))
        self._identity, problems, self.nvml_answers = identity.read(
            self.system, self._identifiers, seconds
        )
        inside = container.container(self.system, noter([], "container"))
        self._image_digest = inside["image_digest"]
        self.problems += early + problems

    @property
    def identity(self) -> dict[str, Any]:
        """The state of the host that the figures belong to."""
        made_with = self.ready.get("build") or _NO_BUILD
        redacted: dict[str, Any] = self._identifiers.redact(
            {
                **self._identity,
                "build": {"torch": made_with["torch"], "cuda": made_with["cuda"]},
                "image_digest": self._image_digest,
            }
        )
        return redacted

    def document(self, *, finished: bool) -> dict[str, Any]:
        """The document; one that is not finished also says what is under way."""
        done = [*self.figures, *self.skipped]
        waiting = {name: _NOT_REACHED for name in self.names if name not in done}
        return build(
            "benchmark",
            self.host,
            self.identity,
            {
                "level": self.level,
                "device": self.ready.get("device") or cpu_device(self.system),
                "build": self.ready.get("build") or _NO_BUILD,
                "conditions": self.conditions,
                "telemetry": self.telemetry,
                **({} if self.dcgm is None else {"dcgm": self.dcgm}),
                "figures": {
                    name: self.figures[name] for name in self.names if name in self.figures
                },
                "skipped": [
                    {"figure": name, "reason": reason}
                    for name, reason in (self.skipped | waiting).items()
                ],
                "resumed": self.resumed,
                **({} if finished else {"under_way": self.under_way}),
                "duration_seconds": round(time.monotonic() - self.begin, 3),
            },
            self.problems,
            identifiers=self._identifiers,
        )
