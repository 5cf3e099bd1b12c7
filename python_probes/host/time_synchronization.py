"""Whether the clock follows a time server, and who says so."""

from __future__ import annotations

import re

from ..core.parsing import colon_fields
from ..core.system import CommandError, Note, System

_TIMEDATECTL = (
    ("timedatectl", "show", "-p", "NTPSynchronized", "--value"),
    ("timedatectl", "show"),
    ("timedatectl",),  # before systemd 239
)
_ANSWER = re.compile(
    r"^\s*(?:(?:NTPSynchronized=|System clock synchronized:\s*|NTP synchronized:\s*)?(yes|no))\s*$",
    re.MULTILINE,
)
_MARKER = "/run/systemd/timesync/synchronized"


def read(system: System, note: Note) -> tuple[bool | None, str | None]:
    """(synchronized, the service that answered); (None, None) where nobody can say.

    timedatectl reads the kernel's own flag, which chronyd and ntpd set as well.
    """
    reasons = []
    for ask in (_timedatectl, _chronyc):
        try:
            answer = ask(system)
        except CommandError as error:
            reasons.append(str(error))
            continue
        if answer is not None:
            return answer, ask.__name__.lstrip("_")
        reasons.append(f"{ask.__name__.lstrip('_')}: printed no answer")
    if system.exists(_MARKER):
        return True, "systemd-timesyncd"
    note("missing", f"time_synchronized: nobody can say ({'; '.join(reasons)}; no {_MARKER})")
    return None, None


def _timedatectl(system: System) -> bool | None:
    failure = None
    for arguments in _TIMEDATECTL:
        try:
            output = system.run(*arguments)
        except CommandError as error:
            if error.code != "failed":
                raise
            failure = failure or error
            continue
        found = _ANSWER.search(output)
        if found:
            return found[1] == "yes"
    if failure:
        raise failure
    return None


def _chronyc(system: System) -> bool | None:
    status = colon_fields(system.run("chronyc", "tracking")).get("Leap status")
    return None if status is None else status != "Not synchronised"
