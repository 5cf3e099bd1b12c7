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
_DENIED = re.compile(r"permission denied|access denied|not permitted", re.IGNORECASE)


def read(system: System, note: Note) -> tuple[bool | None, str | None]:
    """(synchronized, the service that answered); (None, None) where it is unknown.

    timedatectl reads the kernel's own flag, which chronyd and ntpd set as well. The file that
    systemd-timesyncd leaves after its first success says less: it counts only where timedatectl
    is absent or refuses this user.
    """
    reasons = []
    may_ask_the_file = False
    for ask in (_timedatectl, _chronyc):
        try:
            answer = ask(system)
        except CommandError as error:
            reasons.append(str(error))
            if ask is _timedatectl:
                refused = _DENIED.search(f"{error} {error.errors}") is not None
                may_ask_the_file = error.code == "missing" or refused
            continue
        if answer is not None:
            return answer, ask.__name__.lstrip("_")
        reasons.append(f"{ask.__name__.lstrip('_')}: printed no answer")
    if may_ask_the_file:
        if system.exists(_MARKER):
            return True, "systemd-timesyncd"
        reasons.append(f"no {_MARKER}")
    note("missing", f"time_synchronized: it is not known ({'; '.join(reasons)})")
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
