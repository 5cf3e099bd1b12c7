"""The smoke test in a container: nothing of it is left behind, however it ends."""

from __future__ import annotations

import argparse
import contextlib
import secrets
import subprocess
import time
from typing import Any

from python_probes.core import document
from python_probes.core.arguments import FAILED, SUCCESS
from python_probes.core.identifiers import hide_network_addresses
from python_probes.core.system import System, end_group
from python_probes.software.container import IMAGE_DIGEST_VARIABLE

from ..shared import host_identity, output_folder
from ..shared.launch_context import LaunchContext
from ..shared.smoke_test_status import end_with
from .command_budget import GRACE_SECONDS, Budget, BudgetError, StageError
from .container_engines import Engine
from .image_source import ImageSource

_INSIDE = "/out"
_NVIDIA_SMI_SECONDS = 60.0
# The generator names the stage that it is in and ends itself; this is for one that cannot.
_GRACE_SECONDS = 45.0
_STOP_SECONDS = 20.0
_ENGINE_FAILURES = (125, 126, 127)  # see docker-run(1), "Exit status"
_KILLED = 137  # 128 + SIGKILL


def run(options: argparse.Namespace, engine: Engine, budget: Budget) -> int:
    """Have the image, or make and save it, and run it; the exit status.

    Raises PrerequisiteError, StageError, BudgetError and OSError.
    """
    source = ImageSource(engine, budget, options.build_arg, options.wheels)
    if options.save or options.prepare:
        image = source.ready(options.archive)
        if options.save:
            source.save(image["name"], options.save)
        print(image["name"], image["digest"], "new" if source.is_new else "unchanged")
        return SUCCESS
    shown = str(options.out)
    # A folder that cannot be written is an error before the build, not after it.
    with output_folder.taken(options.out, shown):
        image = source.ready(options.archive)
    context = LaunchContext(engine=engine.name, image=image, out=shown)
    note = document.noter(context.problems, "gpu_container")
    if engine.gpu_arguments:
        context.gpu_container = _nvidia_smi(engine, image, budget)
    else:
        note(
            "not_run",
            f"gpu_container: nvidia-smi was not run in a container: {engine.no_gpu_reason}",
        )
    context.identity = host_identity.read(System(), context.problems)
    context.stages = budget.stages
    return _run_container(options, engine, image, context, budget)


def _nvidia_smi(engine: Engine, image: dict[str, Any], budget: Budget) -> dict[str, Any]:
    """Whether a container gets at the GPU: the outcome of nvidia-smi in one."""
    arguments = ["run", "--rm", *engine.gpu_arguments]
    described = " ".join([engine.name, *arguments, image["name"], "nvidia-smi"])
    command = [engine.name, *arguments, "--network", "none", "--entrypoint", "nvidia-smi"]
    try:
        output = budget.run("nvidia_smi", [*command, image["digest"]], at_most=_NVIDIA_SMI_SECONDS)
    except StageError as error:
        status, output = error.status, str(error)
    else:
        status = 0
    output = hide_network_addresses(output[:4000])
    return {"command": described, "exit_status": status, "output": output}


def _run_container(
    options: argparse.Namespace,
    engine: Engine,
    image: dict[str, Any],
    context: LaunchContext,
    budget: Budget,
) -> int:
    name = f"dgx-spark-foundation-repro-{secrets.token_hex(4)}"
    source = str(options.out.resolve()).replace('"', '""')
    command = [
        engine.name, "run", "--rm", "--name", name, "--pull", "never", "--no-healthcheck",
        "--network", "none", "--read-only", "--tmpfs", "/tmp",  # noqa: S108 - the container's
        "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
        "--mount", f'type=bind,"source={source}",target={_INSIDE}',
        "--env", f"{IMAGE_DIGEST_VARIABLE}={image['digest']}",
        *engine.user_arguments, *engine.gpu_arguments, image["digest"],
        f"--count={options.count}", f"--seed={options.seed}", f"--timeout={options.timeout}",
        f"--host={options.host}", f"--out={_INSIDE}",
    ]  # fmt: skip
    context.started = time.time()
    command.append(context.argument())
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        status = process.wait(max(budget.left, 0.0) + _GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        raise BudgetError(
            f"stage container: over budget, {budget.seconds - budget.left:.1f} s of "
            f"{budget.seconds:g} s used; it did not end and was stopped"
        ) from None
    finally:
        if process.poll() is None:
            _stop(engine, name, process)
    if status in _ENGINE_FAILURES:
        raise StageError(f"{engine.name} did not start the container (status {status})", status)
    if status == _KILLED:
        return end_with("the container was killed, by the kernel if memory ran out (dmesg)", FAILED)
    return status


def _stop(engine: Engine, name: str, process: subprocess.Popen[bytes]) -> None:
    """Stop the container, end the command that shows it, and remove what is left.

    In this order: a command that is still starting the container would start it afterwards.
    """
    _ask(engine, "stop", "--time", "5", name)
    end_group(process, GRACE_SECONDS)
    _ask(engine, "rm", "--force", name)


def _ask(engine: Engine, *arguments: str) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            [engine.name, *arguments],
            capture_output=True,
            timeout=_STOP_SECONDS,
            check=False,
            start_new_session=True,
        )
