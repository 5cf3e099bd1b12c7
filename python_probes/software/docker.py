"""Docker engine, and whether containers can get at the GPU."""

from __future__ import annotations

import json
import re
from typing import Any

from ..core.parsing import colon_fields, first_match
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
_DENIED = re.compile(r"permission denied", re.IGNORECASE)


def collect(system: System, packages: dict[str, str], note: Note) -> dict[str, Any]:
    """The docker part of the software section."""
    package = next(filter(None, (with_version(packages, name) for name in _PACKAGES)), None)
    snap = system.exists("/snap/bin/docker") or system.exists(_SNAP)
    if snap and package is None:
        version = first_match(r"^version: *(\S+)", system.read(f"{_SNAP}/current/meta/snap.yaml"))
        package = f"docker (snap) {version}" if version else "docker (snap)"
    info, client, here = _info(system, note)
    if here and client is None:
        client = _client_version(system, note)
    if here and package is None:
        note("missing", f"docker.package: dpkg knows none of {', '.join(_PACKAGES)}; "
             "installed by other means")  # fmt: skip
    runtimes = info.get("runtimes")
    registered, source = _registration(system, info) if here or package else (None, None)
    if registered is None and (here or package):
        note("unreadable", "docker.nvidia_runtime_registered: docker info does not tell, and "
             f"{_DAEMON} is absent, unreadable or not valid JSON")  # fmt: skip
    return {
        "client_version": client,
        "server_version": info.get("server_version"),
        "package": package,
        "snap": snap,
        "runtimes": runtimes,
        "nvidia_runtime_registered": registered,
        "nvidia_runtime_source": source,
        "storage_driver": info.get("storage_driver"),
        "cgroup_driver": info.get("cgroup_driver"),
    }


def _info(system: System, note: Note) -> tuple[dict[str, Any], str | None, bool]:
    """(what the daemon says, the client's version, whether the command is there)."""
    text, failure = "", None
    for arguments in (("docker", "info", "--format", "{{json .}}"), ("docker", "info")):
        try:
            text, failure = system.run(*arguments), None
        except CommandError as error:
            text, failure = error.output, error
        if failure and failure.code == "missing":
            note("missing", f"docker.client_version: {failure}; install Docker Engine")
            return {}, None, False
        if failure is None or failure.code != "failed" or _DENIED.search(f"{failure} {text}"):
            break
    info, client = parse_info(text)
    if info.get("server_version") is None:
        reason = failure or "docker info names no server version"
        if _DENIED.search(f"{reason} {text}"):
            note(
                "no_permission",
                f"{_DAEMON_FIELDS}: the daemon does not answer this user; run as root, or add the "
                "user to the group docker",
            )
        else:
            note("failed" if failure is None else failure.code, f"{_DAEMON_FIELDS}: {reason}")
        return {}, client, True
    lost = [field for field, value in info.items() if value is None]
    if lost:
        note("missing", f"docker: `docker info` does not tell {', '.join(lost)}")
    return info, client, True


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
    ids = [d.get("ID") for d in devices if isinstance(d, dict)] if isinstance(devices, list) else []
    info = {
        "server_version": answer.get("ServerVersion") or None,
        "storage_driver": answer.get("Driver") or None,
        "cgroup_driver": answer.get("CgroupDriver") or None,
        "runtimes": sorted(runtimes) if isinstance(runtimes, dict) else None,
        "cdi": any(str(name).startswith(_CDI_KIND) for name in ids),
    }
    version = client.get("Version") if isinstance(client, dict) else None
    return info, version if isinstance(version, str) and version else None


def _parse_text(text: str) -> tuple[dict[str, Any], str | None]:
    head, _, server = text.partition("\nServer:")
    fields = colon_fields(server or text)
    info = {
        "server_version": fields.get("Server Version") or None,
        "storage_driver": fields.get("Storage Driver") or None,
        "cgroup_driver": fields.get("Cgroup Driver") or None,
        "runtimes": sorted(fields["Runtimes"].split()) if "Runtimes" in fields else None,
        "cdi": f"cdi: {_CDI_KIND}" in text,
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


def _registration(system: System, info: dict[str, Any]) -> tuple[bool | None, str | None]:
    """(registered, source); None where daemon.json is the only witness and cannot be read."""
    if info.get("runtimes") is not None:
        if _NVIDIA in info["runtimes"]:
            return True, "docker info"
        return (True, "cdi") if info["cdi"] else (False, "docker info")
    runtimes = _configured_runtimes(system)
    if _NVIDIA in (runtimes or {}):
        return True, "daemon.json"
    if _has_cdi_specification(system):
        return True, "cdi"
    return (None, None) if runtimes is None else (False, "daemon.json")


def _configured_runtimes(system: System) -> dict[str, Any] | None:
    """The runtimes of daemon.json: none where its folder lacks it, None where nobody can say."""
    text = system.read(_DAEMON)
    if text is None:
        # A file that cannot be read is no absence, and neither is a folder that was not captured.
        return {} if system.exists(_FOLDER) and not system.exists(_DAEMON) else None
    try:
        runtimes = json.loads(text or "{}").get("runtimes") or {}
    except (ValueError, AttributeError):
        return None
    return runtimes if isinstance(runtimes, dict) else None


def _has_cdi_specification(system: System) -> bool:
    return any(
        _CDI_KIND in (system.read(f"{folder}/{name}") or "")
        for folder in _CDI_FOLDERS
        for name in system.list(folder)
        if name.endswith((".yaml", ".yml", ".json"))
    )
