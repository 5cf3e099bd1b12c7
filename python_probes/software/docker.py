"""Docker engine, and whether containers can get at the GPU."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from ..core.parsing import colon_fields, first_match, version_numbers
from ..core.system import CommandError, Note, System
from .debian_packages import with_version

_PACKAGES = ("docker-ce", "docker.io", "moby-engine")
_SNAP = "/snap/docker"
_FOLDER = "/etc/docker"
_DAEMON = f"{_FOLDER}/daemon.json"
_CDI_FOLDERS = ("/etc/cdi", "/var/run/cdi", "/run/cdi")
_CDI_KIND = "nvidia.com/gpu"
_NVIDIA = "nvidia"
_DAEMON_FIELDS = "docker: server_version, runtimes, storage_driver, cgroup_driver"
_CDI_BY_DEFAULT = (28, 3)
_OPTIONAL = {"cdi_folders"}
_DENIED = re.compile(r"permission denied", re.IGNORECASE)


def collect(system: System, packages: dict[str, str], note: Note) -> dict[str, Any]:
    """The docker part of the software section.

    The daemon is the witness for the engine and for what containers can get at. What lies on the
    disk (the client, daemon.json) stands in for it only where it refuses this user; where it does
    not answer at all, nothing is known.
    """
    package = next(filter(None, (with_version(packages, name) for name in _PACKAGES)), None)
    snap = system.exists("/snap/bin/docker") or system.exists(_SNAP)
    if snap and package is None:
        version = first_match(r"^version: *(\S+)", system.read(f"{_SNAP}/current/meta/snap.yaml"))
        package = f"docker (snap) {version}" if version else "docker (snap)"
    info, client, here, refused = _info(system, note)
    if here and client is None:
        client = _client_version(system, note)
    if here and package is None:
        note("missing", f"docker.package: dpkg knows none of {', '.join(_PACKAGES)}; "
             "installed by other means")  # fmt: skip
    server = info.get("server_version")
    by_client = refused and client is not None
    registered, source = None, None
    if server is not None or refused:
        registered, source = _registration(system, info, client)
    if registered is None and (here or package):
        note(
            "unreadable",
            "docker.nvidia_runtime_registered: docker info does not tell"
            + (f", and {_DAEMON} is absent, unreadable or not valid JSON" if refused else ""),
        )
    return {
        "client_version": client,
        "server_version": server,
        "engine_source": "docker info" if server else "docker client" if by_client else None,
        "package": package,
        "snap": snap,
        "runtimes": info.get("runtimes"),
        "nvidia_runtime_registered": registered,
        "nvidia_runtime_source": source,
        "storage_driver": info.get("storage_driver"),
        "cgroup_driver": info.get("cgroup_driver"),
    }


def _info(system: System, note: Note) -> tuple[dict[str, Any], str | None, bool, bool]:
    """(the daemon's facts, the client's version, whether the command is there, and is refused)."""
    text, failure, errors, said = "", None, "", ""
    for arguments in (("docker", "info", "--format", "{{json .}}"), ("docker", "info")):
        try:
            text, failure, errors = system.run(*arguments), None, ""
        except CommandError as error:
            text, failure, errors = error.output, error, error.errors
        if failure and failure.code == "missing":
            note("missing", f"docker.client_version: {failure}; install Docker Engine")
            return {}, None, False, False
        said = _server_errors(text)
        errors += said
        # A client that does not know --format is asked without it.
        if failure is None or failure.code != "failed" or said or _DENIED.search(errors):
            break
    info, client = parse_info(text)
    if info.get("server_version") is None:
        if _DENIED.search(errors):
            note(
                "no_permission",
                f"{_DAEMON_FIELDS}: the daemon does not answer this user; run as root, or add the "
                "user to the group docker",
            )
            return {}, client, True, True
        reason = said or failure or "docker info names no server version"
        note(
            "failed" if failure is None else failure.code,
            f"{_DAEMON_FIELDS}: the daemon does not answer: {reason}",
        )
        return {}, client, True, False
    lost = [field for field, value in info.items() if value is None and field not in _OPTIONAL]
    if lost:
        note("missing", f"docker: `docker info` does not tell {', '.join(lost)}")
    return info, client, True, False


def _server_errors(text: str) -> str:
    """What the client says of a daemon that it cannot ask: in its JSON, or after ERROR."""
    try:
        answer = json.loads(text)
    except ValueError:
        return "\n".join(line for line in text.splitlines() if line.startswith("ERROR:"))
    errors = answer.get("ServerErrors") if isinstance(answer, dict) else None
    return "\n".join(map(str, errors)) if isinstance(errors, list) else ""


def parse_info(text: str) -> tuple[dict[str, Any], str | None]:
    """(the daemon's facts, the client's version) from `docker info`, as JSON or as text."""
    try:
        answer = json.loads(text)
    except ValueError:
        return _parse_text(text)
    if not isinstance(answer, dict):
        return {}, None
    client = answer.get("ClientInfo")
    runtimes = answer.get("Runtimes")
    devices = answer.get("DiscoveredDevices")
    folders = answer.get("CDISpecDirs")
    ids = [d.get("ID") for d in devices if isinstance(d, dict)] if isinstance(devices, list) else []
    info = {
        "server_version": answer.get("ServerVersion") or None,
        "storage_driver": answer.get("Driver") or None,
        "cgroup_driver": answer.get("CgroupDriver") or None,
        "runtimes": sorted(runtimes) if isinstance(runtimes, dict) else None,
        "cdi": any(str(name).startswith(_CDI_KIND) for name in ids),
        # The daemon names the folders where its feature cdi is on.
        "cdi_folders": folders if isinstance(folders, list) else None,
    }
    version = client.get("Version") if isinstance(client, dict) else None
    return info, version if isinstance(version, str) and version else None


def _parse_text(text: str) -> tuple[dict[str, Any], str | None]:
    head, _, server = text.partition("\nServer:")
    fields = colon_fields(server or text)
    listed = re.search(r"CDI spec directories:((?:\n\s+/\S+)+)", text)
    info = {
        "server_version": fields.get("Server Version") or None,
        "storage_driver": fields.get("Storage Driver") or None,
        "cgroup_driver": fields.get("Cgroup Driver") or None,
        "runtimes": sorted(fields["Runtimes"].split()) if "Runtimes" in fields else None,
        "cdi": f"cdi: {_CDI_KIND}" in text,
        "cdi_folders": re.findall(r"(?m)^\s+(/\S+)$", listed[1]) if listed else None,
    }
    return info, colon_fields(head).get("Version") if server else None


def _client_version(system: System, note: Note) -> str | None:
    code, reason = "unreadable", "the docker command is not Docker's"
    for argument in ("--version", "version"):
        try:
            output = system.run("docker", argument)
        except CommandError as error:
            # `docker version` fails, after what the client says, where the daemon is silent.
            output, code, reason = error.output, error.code, str(error)
        version = first_match(r"^(?:[Dd]ocker version| Version:) *([^\s,]+)", output)
        if version is not None:
            return version
        if code == "timeout":
            break
    note(code, f"docker.client_version: {reason}")
    return None


def _registration(
    system: System, info: dict[str, Any], client: str | None
) -> tuple[bool | None, str | None]:
    """(whether containers get at the GPU, the source); None where it is unknown.

    By the runtime `nvidia`, or by a CDI specification where the daemon's feature cdi is on. Before
    28.2 `docker info` lists no devices found by CDI, so the folders are always looked at.
    """
    daemon = _configuration(system)
    runtimes = info.get("runtimes")
    witness = "docker info" if info else "daemon.json"
    if not info:
        runtimes = None if daemon is None else daemon.get("runtimes") or {}
    if isinstance(runtimes, list | dict) and _NVIDIA in runtimes:
        return True, witness
    if info.get("cdi") or _cdi_is_on(system, info, daemon or {}, client):
        return True, "cdi"
    return (False, witness) if isinstance(runtimes, list | dict) else (None, None)


def _cdi_is_on(
    system: System, info: dict[str, Any], daemon: dict[str, Any], client: str | None
) -> bool:
    """Whether there is a specification for NVIDIA GPUs, and the daemon heeds it."""
    folders = info.get("cdi_folders") or []
    if not has_cdi_specification(system, folders):
        return False
    features = daemon.get("features")
    wanted = features.get("cdi") if isinstance(features, dict) else None
    by_default = not info and version_numbers(client) >= _CDI_BY_DEFAULT
    return bool(folders) or (by_default if wanted is None else wanted is True)


def _configuration(system: System) -> dict[str, Any] | None:
    """daemon.json: empty where its folder lacks it, None where it is unknown."""
    text = system.read(_DAEMON)
    if text is None:
        # A file that cannot be read is no absence, and neither is a folder that was not captured.
        return {} if system.exists(_FOLDER) and not system.exists(_DAEMON) else None
    try:
        content = json.loads(text or "{}")
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def has_cdi_specification(system: System, folders: Iterable[object] = ()) -> bool:
    """Whether NVIDIA GPUs are described in the usual folders of CDI or in these."""
    return any(
        _CDI_KIND in (system.read(f"{folder}/{name}") or "")
        for folder in dict.fromkeys((*_CDI_FOLDERS, *map(str, folders)))
        for name in system.list(folder)
        if name.endswith((".yaml", ".yml", ".json"))
    )
