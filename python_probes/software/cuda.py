"""CUDA toolkits and nvcc, which on a Spark is installed and not on PATH."""

from __future__ import annotations

import json
import re
from typing import Any

from ..core.parsing import first_match, version_numbers
from ..core.sysfs import target
from ..core.system import CommandError, Note, System
from .debian_packages import upstream

_PREFIX = "/usr/local"
_DEFAULT = f"{_PREFIX}/cuda"
_NVCC_VERSION = r"release [\d.]+, V(\d+(?:\.\d+)+)"
_DENIED = "permission denied"
_NVCC_RELEASE = r"release (\d+\.\d+), V"


def collect(system: System, packages: dict[str, str], note: Note) -> dict[str, Any]:
    """The cuda part of the software section."""
    default = _folder(system, _DEFAULT)
    toolkits = _toolkits(system, default, packages)
    if not toolkits:
        note("missing", f"cuda.toolkits: none below {_PREFIX}")
    for toolkit in toolkits:
        if toolkit["version"] is None:
            where = f"cuda.toolkits: {toolkit['path']}"
            note("missing", f"{where}: no version in version.json, dpkg or nvcc")
    if toolkits and default is None:
        note("missing", f"cuda.default_path: {_DEFAULT} leads to no toolkit")
    return {"default_path": default, "toolkits": toolkits, **_nvcc(system, default, toolkits, note)}


def _folder(system: System, name: str) -> str | None:
    place = target(system, name)
    return place if place and system.exists(place) else None


def _toolkits(
    system: System, default: str | None, packages: dict[str, str]
) -> list[dict[str, Any]]:
    """Each toolkit once, by its real folder; newest first."""
    names = [name for name in system.list(_PREFIX) if re.fullmatch(r"cuda-\d+(\.\d+)*", name)]
    places = {_folder(system, f"{_PREFIX}/{name}") for name in names} | {default}
    found = [
        {"path": place, "version": _version(system, place) or _otherwise(system, place, packages)}
        for place in places
        if place
    ]
    return sorted(
        found, key=lambda kit: (version_numbers(kit["version"]), kit["path"] or ""), reverse=True
    )


def _version(system: System, folder: str, component: str = "cuda") -> str | None:
    """A component's version from version.json, or the toolkit's from the older version.txt."""
    try:
        components = json.loads(system.read(f"{folder}/version.json") or "")
        version = components[component]["version"]
    except (ValueError, KeyError, TypeError):
        if component != "cuda":
            return None
        return first_match(r"^CUDA Version (\d+(?:\.\d+)+)", system.read(f"{folder}/version.txt"))
    return version if isinstance(version, str) and re.match(r"\d", version) else None


def _otherwise(system: System, folder: str, packages: dict[str, str]) -> str | None:
    """A toolkit's version by its package, or the release that its own nvcc names."""
    name = "cuda-toolkit-" + folder.rpartition("cuda-")[2].replace(".", "-")
    if name in packages:
        return upstream(packages[name])
    try:
        output = system.run(str(system.path(f"{folder}/bin/nvcc")), "--version")
    except CommandError:
        return None
    return first_match(_NVCC_RELEASE, output)


def _nvcc(
    system: System, default: str | None, toolkits: list[dict[str, Any]], note: Note
) -> dict[str, Any]:
    on_path = system.which("nvcc")
    if on_path:
        version, reason, _ = _ask(system, "nvcc")
        if version is None:
            note("unusable", f"cuda.nvcc_version: {reason}")
        return _found(on_path, version, "nvcc", on_path=True)
    for folder in dict.fromkeys([default, *(kit["path"] for kit in toolkits)]):
        if folder is None or not system.exists(f"{folder}/bin/nvcc"):
            continue
        version, reason, may_not_run = _ask(system, str(system.path(f"{folder}/bin/nvcc")))
        witness = "nvcc"
        # A replay on another architecture cannot run it; version.json names it too. One that runs
        # and fails is broken, whatever the file beside it says.
        if may_not_run:
            version, witness = _version(system, folder, "cuda_nvcc"), "version.json"
        if version is None:
            note("unusable", f"cuda.nvcc_version: {reason}")
        return _found(f"{folder}/bin/nvcc", version, witness, on_path=False)
    note("missing", "cuda.nvcc_path: nvcc is neither on PATH nor in a toolkit; install one")
    return _found(None, None, None, on_path=False)


def _found(
    path: str | None, version: str | None, witness: str | None, *, on_path: bool
) -> dict[str, Any]:
    return {
        "nvcc_path": path,
        "nvcc_version": version,
        "nvcc_on_path": on_path,
        "nvcc_source": witness if version else None,
    }


def _ask(system: System, nvcc: str) -> tuple[str | None, str, bool]:
    """(its version, else why there is none, whether it could not be started here at all)."""
    try:
        output = system.run(nvcc, "--version")
    except CommandError as error:
        may_not_run = error.code == "unusable" and (
            not system.live or _DENIED in str(error).lower()
        )
        return None, str(error).replace(str(system.root), "", 1), may_not_run
    return first_match(_NVCC_VERSION, output), "nvcc printed no version", False
