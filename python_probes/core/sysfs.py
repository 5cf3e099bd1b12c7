"""Where the links of /sys lead; they count as evidence even where their target was not captured."""

from __future__ import annotations

from .system import System


def target(system: System, name: str) -> str | None:
    """The machine's own path that `name` leads to, or None where nothing is there.

    A captured tree often holds a link such as `device/driver` and not the folder it points to.
    """
    try:
        place = system.resolve(name)
    except OSError:  # a loop of links
        return None
    return place if place != name or system.exists(name) else None


def target_name(system: System, name: str) -> str | None:
    """The last part of where a link leads, such as mlx5_core; None for a folder in its place."""
    found = (target(system, name) or name).rpartition("/")[2]
    return found if found != name.rpartition("/")[2] else None
