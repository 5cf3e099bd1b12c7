"""What the launcher knows and the generator in a container cannot: it comes as one argument."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class LaunchContext:
    """The host's side of a run."""

    engine: str = "none"
    identity: dict[str, Any] | None = None
    """The host's, as its own probes read it: a container hides half of it."""
    problems: list[dict[str, str]] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)
    """Seconds of the stages before the container's."""
    started: float | None = None
    """When the container was asked for: seconds since 1970."""
    out: str | None = None
    """The output folder as the user named it."""
    image: dict[str, Any] | None = None
    gpu_container: dict[str, Any] | None = None

    def argument(self) -> str:
        """For the generator's command line."""
        return f"--launch-context={json.dumps(asdict(self))}"

    @classmethod
    def parse(cls, text: str) -> LaunchContext:
        """The option's value as `argument` gave it. Raises ValueError or TypeError otherwise."""
        return cls(**json.loads(text))
