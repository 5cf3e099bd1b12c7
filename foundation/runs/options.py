"""What was asked for as ansible-playbook's options: checked, and no value can become an option."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import RunError, shorten

Inventory = str | Path | Sequence[str | Path]
Words = str | Sequence[str]
ExtraVariables = Mapping[str, Any] | Sequence[str]


@dataclass(frozen=True)
class Options:
    """What `run_foundation` and `run_gate` have in common; `runner.py` describes each."""

    inventory: Inventory | None
    limit: Words | None
    tags: Words | None
    extra_variables: ExtraVariables | None
    check: bool
    forks: int | None
    verbosity: int

    def arguments(self) -> list[str]:
        """The options for ansible-playbook. Raises RunError."""
        arguments = [f"--inventory={source}" for source in _sources(self.inventory)]
        arguments += [f"--limit={_at_file(one)}" for one in _joined(self.limit, "limit")]
        arguments += [f"--tags={one}" for one in _joined(self.tags, "tags")]
        arguments += [f"--extra-vars={_at_file(one)}" for one in self._extra_strings()]
        if self.forks is not None:
            if self.forks < 1:
                raise RunError(f"forks: {self.forks}: a number from 1 is needed")
            arguments.append(f"--forks={self.forks}")
        if any("\0" in argument for argument in arguments):
            raise RunError("an argument has a zero byte, which no program can be given: remove it")
        arguments += ["-v"] * self.verbosity
        return [*arguments, "--check"] if self.check else arguments

    def variables(self, **paths: str | Path | None) -> dict[str, Any]:
        """The extra variables of a mapping, and paths that were given, which win, as absolute."""
        extra = self.extra_variables
        given = dict(extra) if isinstance(extra, Mapping) else {}
        return given | {
            name: str(Path(path).absolute()) for name, path in paths.items() if path is not None
        }

    def _extra_strings(self) -> Sequence[str]:
        extra = self.extra_variables
        if isinstance(extra, str):
            raise RunError("extra_variables: a mapping or a list is needed, not one string")
        return () if extra is None or isinstance(extra, Mapping) else extra


def _sources(inventory: Inventory | None) -> list[str]:
    if inventory is None:
        return []
    given = [inventory] if isinstance(inventory, str | Path) else list(inventory)
    if not given:
        raise RunError("inventory: empty: name something or leave it out")
    sources = []
    for one in given:
        if isinstance(one, str) and "," in one:
            sources.append(one)
            continue
        path = Path(one).absolute()
        if not str(one) or not path.exists():
            raise RunError(
                f"inventory {shorten(str(one))}: no such file; a list of hosts has a comma: 'host,'"
            )
        sources.append(str(path))
    return sources


def _joined(value: Words | None, name: str) -> list[str]:
    """One value for an option, or none."""
    if value is None:
        return []
    text = value if isinstance(value, str) else ",".join(value)
    if not text.strip(", "):
        raise RunError(f"{name}: empty: name something or leave it out")
    return [text]


def _at_file(value: str) -> str:
    """`@file`, as Ansible takes it, from the caller's current directory."""
    return f"@{Path(value[1:]).absolute()}" if value.startswith("@") else value
