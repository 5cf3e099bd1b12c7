"""Debian packages, from dpkg's status file."""

from __future__ import annotations

import itertools
import re

from ..core.system import System

_STATUS = "/var/lib/dpkg/status"
_STANZA_FIELD = re.compile(r"(Package|Status|Version): *(.*)$")
# "hold" is what apt-mark does to a package that is installed.
_INSTALLED = re.compile(r"^(install|hold) ok installed$")


def installed(system: System) -> dict[str, str]:
    """Version by name of every installed package; empty on a host without dpkg.

    Two architectures of one package always have the same version. A stanza of dpkg's status file
    that was cut off does not count.
    """
    found = {}
    fields: dict[str, str] = {}
    for line in itertools.chain(system.lines(_STATUS), [""]):  # it grows with every package
        field = _STANZA_FIELD.match(line)
        if field:
            fields[field[1]] = field[2].strip()
        elif not line:
            if _INSTALLED.match(fields.get("Status", "")) and fields.get("Version"):
                found[fields.get("Package", "")] = fields["Version"]
            fields = {}
    return found


def upstream(version: str) -> str:
    """The upstream version of a Debian version: no epoch, nothing after the last hyphen."""
    return re.sub(r"^\d+:", "", version).rpartition("-")[0] or re.sub(r"^\d+:", "", version)


def with_version(packages: dict[str, str], name: str) -> str | None:
    """`name version` of an installed package, or None."""
    return f"{name} {packages[name]}" if name in packages else None
