"""The generator's command line: sprites from a seed, and proof that they come again.

Run it through run.sh, which finds the Python that has torch, or a container engine.
"""

from __future__ import annotations

import argparse
import sys
import time
from types import ModuleType

from python_probes.core import interruption
from python_probes.core.arguments import FAILED, SUCCESS, UNUSABLE, Parser

from ..shared import output_folder
from ..shared.launch_context import LaunchContext
from ..shared.smoke_test_options import shared_options
from ..shared.smoke_test_status import PrerequisiteError, end_with
from .stages import Stages


def main() -> int:
    """Make the images and the documents; the exit status that run.sh promises."""
    begun = time.time()
    options = _parser().parse_args()
    context: LaunchContext = options.launch_context
    interruption.raise_on_signals()
    earlier = dict(context.stages)
    if context.started is not None:
        earlier["container"] = round(max(0.0, begun - context.started), 3)
    stages = Stages(options.timeout, earlier)
    shown = context.out or str(options.out)
    try:
        if options.check:
            print(_image_run().check())
            return SUCCESS
        with output_folder.taken(options.out, shown):
            with stages.stage("start"):
                image_run = _image_run()
                device = image_run.start()
            failure: str | None = image_run.smoke_test(options, stages, shown, *device)
    except interruption.Interrupted as signal:
        stopped = f"stopped by {signal.name}; every file in {shown} is whole, the run is not"
        return end_with(stopped, signal.exit_status)
    except PrerequisiteError as error:
        return end_with(str(error), UNUSABLE)
    except OSError as error:
        what = str(error.filename or options.out).replace(str(options.out), shown, 1)
        return end_with(f"{what}: {error.strerror or error}", UNUSABLE)
    finally:
        stages.finish()
    return end_with(failure, FAILED) if failure else SUCCESS


def _image_run() -> ModuleType:
    """All that needs torch, numpy and safetensors. Raises PrerequisiteError without them."""
    try:
        from . import image_run  # noqa: PLC0415 - wrong use is reported without waiting for torch
    except ImportError as error:
        raise PrerequisiteError(
            f"{sys.executable}: {error}; make the environment with: "
            "ansible-playbook foundation.yml --tags WS-01"
        ) from error
    return image_run


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="repro", description=__doc__, add_help=False)
    shared_options(parser)
    parser.add_argument("--launch-context", type=LaunchContext.parse, default=LaunchContext())
    parser.add_argument("--check", action="store_true")
    return parser
