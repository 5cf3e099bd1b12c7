"""NVMe health: the SMART log, which nvme-cli can read as root."""

from __future__ import annotations

import json
import re
from typing import Any

from ..core.parsing import integer
from ..core.system import CommandError, Note, System

_KELVIN = 273  # as nvme-cli converts
_DENIED = re.compile(r"permission denied|operation not permitted", re.IGNORECASE)


def health(system: System, controller: str, note: Note) -> dict[str, Any] | None:
    """The SMART / Health Information log (NVMe base specification, log 02h), or None."""
    try:
        output = system.run("nvme", "smart-log", "-o", "json", f"/dev/{controller}")
        log = json.loads(output)
        if not isinstance(log, dict):
            raise TypeError("no JSON object")  # noqa: TRY301 - handled with the other bad answers
    except CommandError as error:
        if _DENIED.search(f"{error} {error.output}"):
            note("no_permission", f"{controller}: health: the SMART log needs root")
        else:
            note(error.code, f"{controller}: health: {error}")
        return None
    except (ValueError, TypeError):
        note("unreadable", f"{controller}: health: nvme smart-log printed no JSON object")
        return None
    warning = log.get("critical_warning")
    if isinstance(warning, dict):  # newer versions spell the bits out beside their sum
        warning = warning.get("value")
    kelvin = integer(log.get("temperature"))
    section = {
        "critical_warning": integer(warning),
        "temperature_celsius": None if not kelvin else kelvin - _KELVIN,
        "available_spare_percent": integer(log.get("avail_spare")),
        "percentage_used": integer(log.get("percent_used", log.get("percentage_used"))),
        "media_errors": integer(log.get("media_errors")),
        "unsafe_shutdowns": integer(log.get("unsafe_shutdowns")),
    }
    lost = [name for name, value in section.items() if value is None]
    if lost:
        note("missing", f"{controller}: health: the SMART log has no {', '.join(lost)}")
    return section
