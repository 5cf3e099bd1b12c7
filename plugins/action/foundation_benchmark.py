"""Action plugin: the benchmark with its progress. Documented in library/foundation_benchmark.py."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from foundation.runs import benchmark_watch


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs the module as Ansible itself would, and is watched meanwhile."""

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Run the module."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        result.update(benchmark_watch.execute(self, task_vars or {}))
        return result
