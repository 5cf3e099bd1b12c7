"""The reproducibility smoke test: makes pixel-art sprites with a small diffusion model from a seed,
on CUDA or the CPU, and proves that they can be made again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from python_probes.core import interruption
from python_probes.core.arguments import FAILED, UNUSABLE, Parser
from python_probes.core.system import System

from ..shared.smoke_test_options import shared_options
from ..shared.smoke_test_status import PrerequisiteError, end_with
from . import container_run, local_run
from .command_budget import Budget, BudgetError, StageError
from .container_engines import CONTAINER_ENGINES, NONE, Engine, choose
from .image_source import BuildError

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
        return end_with(f"stopped by {signal.name}; the container is removed", signal.exit_status)
    except (PrerequisiteError, StageError) as error:
        return end_with(str(error), UNUSABLE)
    except BudgetError as error:
        return end_with(str(error), FAILED)
    except OSError as error:
        return end_with(f"{error.filename or options.out}: {error.strerror or error}", UNUSABLE)


def _run(options: argparse.Namespace, budget: Budget) -> int:
    engine, no_engine_reason = _engine(options)
    about_image = options.archive or options.prepare or options.save
    if engine is not None:
        try:
            return container_run.run(options, engine, budget)
        except BuildError as error:
            if options.engine != "auto" or about_image:
                raise
            print(f"repro: {error}; continuing without a container", file=sys.stderr)
            no_engine_reason = str(error)
    elif about_image:
        raise PrerequisiteError(
            f"an image needs docker or podman (apt install docker.io): {no_engine_reason}"
        )
    return local_run.run(options, budget, no_engine_reason)


def _engine(options: argparse.Namespace) -> tuple[Engine | None, str]:
    """The engine to use, or None and why. Raises PrerequisiteError."""
    if options.model is None:
        return choose(options.engine, System())
    if options.engine in CONTAINER_ENGINES:
        raise PrerequisiteError(
            "--model: the image has no diffusers; run it with --engine none and a Python that has"
        )
    return None, "a pipeline of the user's own is run without a container"


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
