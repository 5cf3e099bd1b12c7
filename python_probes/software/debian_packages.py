"""Debian packages: dpkg's status file, and dpkg-query where the root has none."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

from ..core.system import CommandError, Note, System

_STATUS = "/var/lib/dpkg/status"
_STANZA_FIELD = re.compile(r"(Package|Status|Version): *(.*)$")
# "hold" is what apt-mark does to a package that is installed.
_INSTALLED = re.compile(r"^(install|hold) ok installed$")
_FORMAT = r"-f=${Package}\t${Version}\t${Status}\n"
_NAME_AND_VERSION = 2


def installed(system: System, note: Note) -> dict[str, str]:
    """Version by name of every installed package; empty on a host without dpkg.

    Two architectures of one package always have the same version.
    """
    found = parse_status(system.lines(_STATUS))
    if found:
        return found
    try:
        return parse_query(system.run("dpkg-query", "-W", _FORMAT))
    except CommandError as error:
        if error.code != "missing":
            note(error.code, f"packages: {error}")
        return {}


def parse_status(lines: Iterable[str]) -> dict[str, str]:
    """The installed packages of a dpkg status file; a stanza that was cut off does not count.

    The file grows with every package, so it is read line by line.
    """
    found = {}
    fields: dict[str, str] = {}
    for line in itertools.chain(lines, [""]):
        field = _STANZA_FIELD.match(line)
        if field:
            fields[field[1]] = field[2].strip()
        elif not line:
            if _INSTALLED.match(fields.get("Status", "")) and fields.get("Version"):
                found[fields.get("Package", "")] = fields["Version"]
            fields = {}
    return found


def parse_query(text: str) -> dict[str, str]:
    """The installed packages of `dpkg-query -W` output: name, version and perhaps the status."""
    found = {}
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) < _NAME_AND_VERSION or not fields[1]:
            continue
        if len(fields) > _NAME_AND_VERSION and not _INSTALLED.match(fields[2].strip()):
            continue
        found[fields[0].partition(":")[0]] = fields[1].strip()
    return found


def upstream(version: str) -> str:
    """The upstream version of a Debian version: no epoch, nothing after the last hyphen."""
    return re.sub(r"^\d+:", "", version).rpartition("-")[0] or re.sub(r"^\d+:", "", version)


def with_version(packages: dict[str, str], name: str) -> str | None:
    """`name version` of an installed package, or None."""
    return f"{name} {packages[name]}" if name in packages else None
