"""The reproducibility smoke test: makes pixel-art sprites with a small diffusion model from a seed,
on CUDA or the CPU, and proves that they can be made again."""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import folder
from ending import FAILED, SUCCESS, UNUSABLE, say
from engines import CONTAINER_ENGINES, NONE, Engine, EngineError, choose
from generators import PrerequisiteError
from image_source import PROJECT, ImageSource
from options import shared_options
from outside import Outside
from processes import Budget, BudgetError, StageError, end
from python_probes.collect import identity
from python_probes.core import document, interruption
from python_probes.core.arguments import Parser
from python_probes.core.identifiers import Identifiers, hide_network_addresses
from python_probes.core.supervise import run_probes
from python_probes.core.system import System
from python_probes.software.container import IMAGE_DIGEST_VARIABLE

_INSIDE = "/out"
_PROBE_SECONDS = 20.0
_NVIDIA_SMI_SECONDS = 60.0
# The generator names the stage that it is in and ends itself; this is for one that cannot.
_GRACE_SECONDS = 45.0
_STOP_SECONDS = 20.0
_ENGINE_FAILURES = (125, 126, 127)  # see docker-run(1), "Exit status"
_KILLED = 137  # 128 + SIGKILL
_EPILOG = (
    "Writes image_00.png ..., contact_sheet.png, manifest.json, environment.json and "
    "reproducibility.json. Exit status: 0 passed; 1 the smoke test failed; 2 usage, or something "
    "is missing."
)


def main() -> int:
    """Run the test in a container or without; the exit status that the help promises."""
    options = _parser().parse_args()
    interruption.raise_on_signals()
    budget = Budget(options.timeout)
    try:
        return _run(options, budget)
    except interruption.Interrupted as signal:
        return say(f"stopped by {signal.name}; the container is removed", signal.exit_status)
    except (PrerequisiteError, EngineError, StageError) as error:
        return say(str(error), UNUSABLE)
    except BudgetError as error:
        return say(str(error), FAILED)
    except OSError as error:
        return say(f"{error.filename or options.out}: {error.strerror or error}", UNUSABLE)


def _run(options: argparse.Namespace, budget: Budget) -> int:
    engine, options.problem = _engine(options)
    about_image = options.archive or options.prepare or options.save
    if engine is not None:
        try:
            return _in_container(options, engine, budget)
        except PrerequisiteError as error:
            if options.engine != "auto" or about_image:
                raise
            print(f"repro: {error}; going on without a container", file=sys.stderr)
            options.problem = str(error)
    elif about_image:
        raise PrerequisiteError(
            f"an image needs docker or podman (apt install docker.io): {options.problem}"
        )
    return _without_container(options, budget)


def _engine(options: argparse.Namespace) -> tuple[Engine | None, str]:
    """The engine to use, or None and why. Raises EngineError and PrerequisiteError."""
    if options.model is None:
        return choose(options.engine, System())
    if options.engine in CONTAINER_ENGINES:
        raise PrerequisiteError(
            "--model: the image has no diffusers; run it with --engine none and a Python that has"
        )
    return None, "a pipeline of the user's own is run without a container"


def _in_container(options: argparse.Namespace, engine: Engine, budget: Budget) -> int:
    source = ImageSource(engine, budget, options.build_arg, options.wheels)
    if options.save or options.prepare:
        image = source.ready(options.archive)
        if options.save:
            source.save(image["name"], options.save)
        print(image["name"], image["digest"], "new" if source.is_new else "unchanged")
        return SUCCESS
    shown = str(options.out)
    with folder.taken(options.out, shown):  # what cannot be written is told before a build
        image = source.ready(options.archive)
    outside = Outside(engine=engine.name, image=image, out=shown)
    note = document.noter(outside.problems, "gpu_container")
    if engine.gpu_arguments:
        outside.gpu_container = _nvidia_smi(engine, image, budget)
    else:
        note(
            "not_run",
            f"gpu_container: nvidia-smi was not run in a container: {engine.no_gpu_reason}",
        )
    outside.identity = _identity(outside.problems)
    outside.stages = budget.stages
    return _run_container(options, engine, image, outside, budget)


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


def _identity(problems: list[dict[str, str]]) -> dict[str, Any]:
    """Whose the images are, read on the host: a container hides half of it."""
    system = System()
    identifiers = Identifiers(system, document.noter(problems, "identifiers"))
    sections, found = run_probes(
        system, identifiers, {"identity": identity.collect}, _PROBE_SECONDS
    )
    problems += found
    found_out = sections["identity"] or identity.from_sections(None, None, None)
    hashed: dict[str, Any] = identifiers.redact(found_out)
    return hashed


def _run_container(
    options: argparse.Namespace,
    engine: Engine,
    image: dict[str, Any],
    outside: Outside,
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
    outside.started = time.time()
    command.append(f"--outside={outside.argument()}")
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        status = process.wait(max(budget.left, 0.0) + _GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        raise BudgetError(
            f"stage container: over budget, {budget.seconds - budget.left:.1f} s of "
            f"{budget.seconds:g} s are used; it does not end and was stopped"
        ) from None
    finally:
        if process.poll() is None:
            _stop(engine, name, process)
    if status in _ENGINE_FAILURES:
        raise StageError(f"{engine.name} did not start the container (status {status})", status)
    if status == _KILLED:
        return say("the container was killed, by the kernel if memory ran out (dmesg)", FAILED)
    return status


def _stop(engine: Engine, name: str, process: subprocess.Popen[bytes]) -> None:
    """Stop the container, end the command that shows it, and remove what is left.

    In this order: a command that is still starting the container would start it afterwards.
    """
    _ask(engine, "stop", "--time", "5", name)
    end(process)
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


def _without_container(options: argparse.Namespace, budget: Budget) -> int:
    """Become the generator under a Python that has torch. Raises PrerequisiteError."""
    python = options.python or os.environ.get("FOUNDATION_PYTHON") or _runtime_python()
    if not os.access(python, os.X_OK) or Path(python).is_dir():
        raise PrerequisiteError(
            f"{python}: no such Python; make it with: ansible-playbook foundation.yml --tags WS-01"
        )
    outside = Outside(stages=budget.stages, started=None)
    note = document.noter(outside.problems, "gpu_container")
    note("not_run", f"gpu_container: nvidia-smi was not run in a container: {options.problem}")
    shared = ("count", "seed", "out", "timeout", "host", "model")
    values = [f"--{name}={getattr(options, name)}" for name in shared if getattr(options, name)]
    if options.seed == 0:
        values.append("--seed=0")
    settings = {
        "PYTHONPATH": str(PROJECT),
        "PYTHONDONTWRITEBYTECODE": "1",
        # Without it cuBLAS may add in another order on every run.
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        # Threads that wait for each other by spinning make an image take seconds on a busy host.
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    generator = str(PROJECT / "repro" / "generate.py")
    sys.stderr.flush()
    arguments = [python, generator, *values, f"--outside={outside.argument()}"]
    os.execve(python, arguments, {**os.environ, **settings})  # noqa: S606 - no shell is wanted


def _runtime_python() -> str:
    share = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return str(Path(share) / "dgx-spark-foundation" / "runtime" / "bin" / "python")


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="repro", usage="repro/run.sh [options]", description=__doc__, epilog=_EPILOG
    )
    parser.add_argument(
        "--engine",
        choices=("auto", *CONTAINER_ENGINES, NONE),
        default="auto",
        help="auto (default): docker, else podman, else without a container",
    )
    shared_options(parser)
    parser.add_argument(
        "--python",
        metavar="PATH",
        help="without a container: a Python with torch, numpy and safetensors; unless given "
        "$FOUNDATION_PYTHON, else the probe runtime's",
    )
    parser.add_argument(
        "--archive", type=Path, metavar="FILE", help="load the image from FILE, build none"
    )
    parser.add_argument(
        "--prepare", action="store_true", help="build or load the image and make no images"
    )
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="build the image, write it to FILE for --archive"
    )
    parser.add_argument(
        "--build-arg",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an argument of repro/Dockerfile, such as BASE_IMAGE or REQUIREMENTS",
    )
    parser.add_argument(
        "--wheels",
        type=Path,
        metavar="DIR",
        help="build from the wheels in DIR alone, without a package index",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
