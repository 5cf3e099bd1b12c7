"""What a person does about a finding: a text, and the command that follows where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..core.errors import one_line

GATE = "ansible-playbook gate.yml"
"""Without --limit: a gate over some of the hosts is a verdict over these alone."""
_LIMIT = "--limit {host}"
_TAGS = {
    "hardware_baseline": "WS-01",
    "environment": "WS-01",
    "reproducibility": "WS-02",
    "benchmark": "WS-03",
}
_MOST = 20  # hosts that one command names


def collect(kind: str | None = None) -> str:
    """The command that collects a kind of document of a host anew; without `kind`, every kind."""
    tags = f" --tags {_TAGS[kind]}" if kind in _TAGS else ""
    return f"ansible-playbook foundation.yml {_LIMIT}{tags}"


@dataclass(frozen=True)
class Remediation:
    """`command` is a shell command in which `{host}` stands for the host; None without one."""

    text: str
    command: str | None = None

    @classmethod
    def of(cls, given: str | Mapping[str, Any], kind: str) -> Remediation:
        """What a profile says: a text, after which the document is collected anew, or both."""
        if isinstance(given, str):
            return cls(given, collect(kind))
        return cls(given["text"], given["command"])

    def entry(self, host: str | None) -> dict[str, str | None]:
        """The `remediation` of the report for a host; without a host, as there is nothing to type.

        Equal ones of several entries may be one object.
        """
        command = self.command and host and self.command.replace("{host}", host)
        return _entry(self.text, command or None)


@lru_cache(maxsize=4096)
def _entry(text: str, command: str | None) -> dict[str, str | None]:
    return {"text": one_line(text), "command": command}


def for_hosts(commands: Mapping[str, str | None]) -> str | None:
    """One command for several hosts, from the commands of each by host.

    None where they have no command in common, or are too many to name.
    """
    templates = {c and c.replace(f"--limit {host}", _LIMIT) for host, c in commands.items()}
    template = templates.pop()
    if template is None or templates or (_LIMIT in template and len(commands) > _MOST):
        return None
    return template.replace("{host}", ",".join(commands))
