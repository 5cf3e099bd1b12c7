"""Action plugin: keep documents on the controller. Documented in library/foundation_store.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from foundation.documents import store
from foundation.history import run_history
from foundation.profiles.criteria import load_profiles
from foundation.runs.controller_action import PROJECT, ControllerAction


class ActionModule(ControllerAction):
    """Validates the documents of one host, writes each atomically, and keeps the history."""

    argument_spec: ClassVar[dict[str, Any]] = {
        "baseline_dir": {"type": "str", "default": "bench/baselines"},
        "documents": {"type": "dict", "required": True},
        "profile": {"type": "str", "default": "auto"},
    }

    def act(self, wanted: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Keep the documents."""
        host = variables["inventory_hostname"]
        paths = []
        for kind, document in wanted["documents"].items():
            store.validate(document, kind=kind, host=host)
            paths.append(store.path(PROJECT / wanted["baseline_dir"], host, kind))
            if not self.check_mode:
                store.write(document, paths[-1])
        if "benchmark" in wanted["documents"] and not self.check_mode:
            self._remember(PROJECT / wanted["baseline_dir"], host, wanted["profile"])
        return {"paths": [str(path) for path in paths]}

    def _remember(self, baseline_dir: Path, host: str, profile: str) -> None:
        """Append the run to the host's history, judged with what else is stored of it."""
        profiles = load_profiles(self.profile_choice(profile))
        stored = store.load_folder(baseline_dir)[host]
        run_history.append(
            run_history.path(baseline_dir, host), run_history.entry(host, stored, profiles)
        )
