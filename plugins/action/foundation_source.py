"""Action plugin: pack what runs on hosts. Documented in library/foundation_source.py."""

from __future__ import annotations

from typing import Any

from foundation.core.project import PROJECT
from foundation.distribution.source_archive import pack
from foundation.runs.controller_action import ControllerAction
from python_probes.core.source import describe
from python_probes.core.system import System


class ActionModule(ControllerAction):
    """Packs the sources unless the same content is packed already."""

    def act(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Pack."""
        packed = pack(PROJECT, PROJECT / ".foundation")
        # Without an answer the environment document says itself that the revision is not known.
        revision = describe(System(), lambda code, message: None, PROJECT)
        return {"archive": str(packed.path), "sha256": packed.sha256, "revision": revision}
