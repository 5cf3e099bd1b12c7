"""Action plugin: keep documents on the controller. Documented in library/foundation_store.py."""

from __future__ import annotations

from typing import Any, ClassVar

from foundation import documents
from foundation.action import PROJECT, ControllerAction


class ActionModule(ControllerAction):
    """Validates the documents of one host and writes each of them atomically."""

    argument_spec: ClassVar[dict[str, Any]] = {
        "baseline_dir": {"type": "str", "default": "bench/baselines"},
        "documents": {"type": "dict", "required": True},
    }

    def act(self, wanted: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Keep the documents."""
        host = variables["inventory_hostname"]
        paths = []
        for kind, document in wanted["documents"].items():
            documents.validate(document, kind=kind, host=host)
            paths.append(documents.path(PROJECT / wanted["baseline_dir"], host, kind))
            if not self.check_mode:
                documents.write(document, paths[-1])
        return {"paths": [str(path) for path in paths]}
