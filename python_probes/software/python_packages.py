"""Every installed Python distribution of the running interpreter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import metadata

from ..core.system import Note


def packages(
    note: Note, distributions: Iterable[metadata.Distribution] | None = None
) -> list[dict[str, str | None]]:
    """The `packages` list of the environment document: normalised names, sorted.

    Names are normalised as the packaging specification says (lower case, single hyphens). Where
    one name is found twice, the first on Python's path counts, as for an import.
    """
    found: dict[str, str | None] = {}
    nameless = 0
    for distribution in metadata.distributions() if distributions is None else distributions:
        name, version = _name_and_version(distribution)
        if name is None:
            nameless += 1
            continue
        found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), version)
    if nameless:
        note("unreadable", f"packages: {nameless} installed distributions have no name")
    for name in sorted(name for name, version in found.items() if version is None):
        note("unreadable", f"packages: {name} has no version; install it again")
    return [{"name": name, "version": found[name]} for name in sorted(found)]


def _name_and_version(distribution: metadata.Distribution) -> tuple[str | None, str | None]:
    """Both are None where the METADATA file is absent, empty or cut off."""
    try:
        fields = distribution.metadata
        # Python 3.14 may raise KeyError where earlier ones give None.
        version = fields["Version"] if "Version" in fields else None  # noqa: SIM401 - it has no get
        return fields["Name"], version
    except (OSError, KeyError, TypeError):
        return None, None
