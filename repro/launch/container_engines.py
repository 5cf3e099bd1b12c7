"""Container engines: which of them answer here, and how they hand a GPU to a container."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass

from python_probes.core.system import CommandError, System
from python_probes.software import docker

from ..shared.smoke_test_status import PrerequisiteError

NONE = "none"
CONTAINER_ENGINES = ("docker", "podman")
_ANSWER_SECONDS = 20.0
_ALL_GPUS = ("--gpus", "all")
_ALL_CDI_GPUS = ("--device", "nvidia.com/gpu=all")


@dataclass(frozen=True)
class Engine:
    """A container engine that answered."""

    name: str
    gpu_arguments: tuple[str, ...]
    """What hands over every GPU; empty without a GPU or without what the engine needs for it."""
    no_gpu_reason: str
    user_arguments: tuple[str, ...]
    """What makes the files in the output folder the caller's."""


def choose(wanted: str, system: System) -> tuple[Engine | None, str]:
    """The engine to use: the one that is wanted, or of `auto` the first that answers.

    None stands for no container, and comes with the reason. Raises PrerequisiteError.
    """
    if wanted == NONE:
        return None, "the images were made without a container, as requested"
    reasons = []
    for name in CONTAINER_ENGINES if wanted == "auto" else (wanted,):
        try:
            return _ask(name, system), ""
        except CommandError as error:  # noqa: PERF203 - two rounds at most
            if wanted != "auto":
                raise PrerequisiteError(_advice(name, error)) from error
            reasons.append(str(error))
    return None, f"no container engine answers: {'; '.join(reasons)}"


def _advice(name: str, error: CommandError) -> str:
    if error.code == "missing":
        package = {"docker": "docker-ce or docker.io", "podman": "podman"}[name]
        what = f"--engine {name}: {name} is not installed; install it (apt install {package})"
    elif "permission denied" in f"{error} {error.output}".lower():
        what = (
            f"--engine {name}: this user may not use it ({error}); run with sudo, or: "
            f"sudo usermod -aG docker $USER, and log in again"
        )
    else:
        what = f"--engine {name}: it does not answer ({error}); see systemctl status {name}"
    return f"{what}; or without a container: --engine none"


def _ask(name: str, system: System) -> Engine:
    if shutil.which(name) is None:
        raise CommandError("missing", f"{name}: not found on PATH")
    text = system.run(name, "info", "--format", "{{json .}}", timeout=_ANSWER_SECONDS)
    has_gpu = _has_gpu(system)
    if name == "docker":
        return _docker(text, has_gpu)
    return _podman(text, has_gpu)


def _docker(text: str, has_gpu: bool) -> Engine:
    answer, _ = docker.parse_info(text)
    if not answer.get("server_version"):
        # The client exits 0 on some versions although the daemon is silent.
        raise CommandError("failed", "docker: the daemon does not answer", text)
    arguments: tuple[str, ...] = ()
    reason = "the host shows no NVIDIA GPU (nvidia-smi -L)"
    if has_gpu and "nvidia" in (answer.get("runtimes") or ()):
        arguments = _ALL_GPUS
    elif has_gpu and answer.get("cdi"):
        arguments = _ALL_CDI_GPUS
    elif has_gpu:
        reason = "Docker has no nvidia runtime; apply the role container_toolkit"
    return Engine("docker", arguments, reason, ("--user", f"{os.getuid()}:{os.getgid()}"))


def _podman(text: str, has_gpu: bool) -> Engine:
    try:
        rootless = bool(json.loads(text)["host"]["security"]["rootless"])
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError("failed", "podman: info gave no answer", text) from error
    user: tuple[str, ...] = ("--user", f"{os.getuid()}:{os.getgid()}")
    if rootless:
        user = ("--userns", "keep-id", *user)
    arguments: tuple[str, ...] = ()
    reason = "the host shows no NVIDIA GPU (nvidia-smi -L)"
    if has_gpu and docker.has_cdi_specification(System()):
        arguments = _ALL_CDI_GPUS
    elif has_gpu:
        reason = (
            "there is no CDI specification for podman; "
            "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"
        )
    # SELinux would keep the output folder from the container; a new label is the user's business.
    return Engine("podman", arguments, reason, (*user, "--security-opt", "label=disable"))


def _has_gpu(system: System) -> bool:
    """Whether the driver lists a GPU: a runtime that is registered without one fails every run."""
    if shutil.which("nvidia-smi") is None:
        return False
    try:
        return system.run("nvidia-smi", "-L", timeout=_ANSWER_SECONDS).startswith("GPU ")
    except CommandError:
        return False
