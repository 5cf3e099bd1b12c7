"""Whether this process runs in a container, and of which engine and image."""

from __future__ import annotations

import os
import re
from typing import Any

from ..core.system import Note, System

IMAGE_DIGEST_VARIABLE = "FOUNDATION_IMAGE_DIGEST"
"""Who starts a container names its image here: a container cannot tell from inside."""

_DIGEST = re.compile(r"^(?:[^\s@]+@)?(sha256:[0-9a-f]{64})$")
# Names that stand in the cgroup paths and mount sources of each engine, most specific first.
_TRACES = (
    ("podman", re.compile(r"libpod[-_/]|/containers/storage/")),
    ("docker", re.compile(r"/docker[-/]|/docker\.service|/var/lib/docker/")),
    ("containerd", re.compile(r"kubepods|cri-containerd|/containerd/")),
    ("lxc", re.compile(r"/lxc[./]|lxcfs")),
)

# Lines of mountinfo: see proc_pid_mountinfo(5).
_ON_ROOT = re.compile(r"(?:\S+ ){4}/ ")
_DISK_ROOT = re.compile(r"(?:\S+ ){3}/ / .* - (?:ext[234]|xfs|btrfs|f2fs) /dev/\S+ ")


def container(system: System, note: Note) -> dict[str, Any]:
    """The `container` object of the environment document."""
    inside, engine = _engine(system)
    if inside is None:
        note("unreadable", "container: neither /proc/1/cgroup nor /proc/self/mountinfo is readable")
    return {
        "inside": inside,
        "engine": engine,
        "image_digest": image_digest(note) if inside else None,
    }


def image_digest(note: Note) -> str | None:
    """The `sha256:` digest of the image that the starter of this container named, or None."""
    value = os.environ.get(IMAGE_DIGEST_VARIABLE, "")
    if not value:
        note(
            "not_told",
            f"container: the image digest is unknown inside; start the container with "
            f"{IMAGE_DIGEST_VARIABLE} set to it",
        )
        return None
    matched = _DIGEST.match(value)
    if matched is None:
        note("invalid", f"container: {IMAGE_DIGEST_VARIABLE} is not a sha256 digest")
        return None
    return matched[1]


def _engine(system: System) -> tuple[bool | None, str | None]:
    """Whether inside, and the engine's name.

    Markers come first because a cgroup namespace hides the path: /run/.containerenv is
    podman's, /.dockerenv docker's, and systemd's container interface leaves the name in
    /run/systemd/container or in the variable `container`. A virtual machine made from an image
    keeps the marker files, but its root is a whole disk, which no engine gives a container.
    """
    mounts = system.read("/proc/self/mountinfo")
    # Outside a container docker's own mounts appear too; only the root mount tells.
    root_mounts = [line for line in (mounts or "").splitlines() if _ON_ROOT.match(line)]
    if not any(_DISK_ROOT.match(line) for line in root_mounts):
        if system.exists("/run/.containerenv"):
            return True, "podman"
        if system.exists("/.dockerenv"):
            return True, "docker"
    named = system.read("/run/systemd/container")
    if not named and system.live:
        named = os.environ.get("container")  # noqa: SIM112 - systemd's name is in lower case
    if named:
        return True, named
    cgroup = system.read("/proc/1/cgroup")
    if cgroup is None and mounts is None:
        return None, None
    text = "\n".join([cgroup or "", *root_mounts])
    for engine, pattern in _TRACES:
        if pattern.search(text):
            return True, engine
    return False, None
