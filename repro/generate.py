"""The reproducibility smoke test: sprites from a seed, and proof that they come again.

Run it through run.sh, which finds the Python that has torch, or a container engine.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from pathlib import Path
from typing import Any

import folder
import output
import report
from ending import FAILED, SUCCESS, UNUSABLE, say
from generators import Generator, Picture, PipelineGenerator, PrerequisiteError, SpriteGenerator
from options import shared_options
from outside import Outside
from python_probes.collect import environment
from python_probes.core import document, interruption
from python_probes.core.arguments import Parser
from python_probes.core.system import System
from stages import OverBudgetError, Stages


def main() -> int:
    """Make the images and the documents; the exit status that run.sh promises."""
    begun = time.time()
    options = _parser().parse_args()
    outside: Outside = options.outside
    interruption.raise_on_signals()
    earlier = dict(outside.stages)
    if outside.started is not None:
        earlier["container"] = round(max(0.0, begun - outside.started), 3)
    stages = Stages(options.timeout, earlier)
    shown = outside.out or str(options.out)
    try:
        if options.check:
            return _check()
        failure = _run(options, stages, shown)
    except interruption.Interrupted as signal:
        told = f"stopped by {signal.name}; every file in {shown} is whole, the run is not"
        return say(told, signal.exit_status)
    except PrerequisiteError as error:
        return say(str(error), UNUSABLE)
    except OSError as error:
        what = str(error.filename or options.out).replace(str(options.out), shown, 1)
        return say(f"{what}: {error.strerror or error}", UNUSABLE)
    finally:
        stages.finish()
    return say(failure, FAILED) if failure else SUCCESS


def _check() -> int:
    """Whether torch starts and the weights are whole: the image's health check."""
    _torch()
    print(SpriteGenerator("cpu").model_sha256)
    return SUCCESS


def _run(options: argparse.Namespace, stages: Stages, shown: str) -> str | None:
    """Everything; what failed, or None. Raises OSError and PrerequisiteError."""
    with folder.taken(options.out, shown):
        return _smoke_test(options, stages, shown)


def _smoke_test(options: argparse.Namespace, stages: Stages, shown: str) -> str | None:
    out, outside = options.out, options.outside
    with stages.stage("start"):
        torch, device, name = _torch()
    images: list[dict[str, Any]] = []
    tiles: list[Any] = []
    generator: Generator | None = None
    repeated = failure = None
    try:
        with stages.stage("load"):
            stages.check()
            generator = _generator(options.model, device)
        with stages.stage("warm_up"):
            stages.check()
            generator.warm_up()
        with stages.stage("images"):
            for index in range(options.count):
                stages.check()
                picture, entry = _make(generator, options.seed, index)
                output.write(out / entry["file"], picture.png)
                tiles.append(picture.tile)
                images.append(entry)
        with stages.stage("repeat"):
            stages.check()
            _, again = _make(generator, options.seed, 0)
            repeated = {"index": 0, "identical": again["sha256"] == images[0]["sha256"]}
        with stages.stage("contact_sheet"):
            stages.check()
            output.write(out / "contact_sheet.png", generator.sheet(tiles))
    except OverBudgetError as error:
        failure = str(error)
    except RuntimeError as error:  # torch's own, such as a kernel that is not in the build
        failure = f"torch on {device}: {' '.join(str(error).split())[:300]}"
    facts = {
        "device": {"kind": device, "name": name},
        "build": {"torch": str(torch.__version__), "cuda": torch.version.cuda},
        "generator": {
            "name": generator.name if generator else "unknown",
            "version": generator.version if generator else "unknown",
            "model_sha256": generator.model_sha256 if generator else None,
        },
        "seed": options.seed,
        "count": options.count,
        "images": images,
    }
    output.write_json(
        out / "manifest.json",
        {
            "schema_version": document.SCHEMA_VERSIONS["manifest"],
            "kind": "manifest",
            **facts,
        },
    )
    problems = list(outside.problems)
    note = document.noter(problems, "references")
    references = report.compared(generator, facts, tiles, note)
    system = System()
    with stages.stage("environment"):
        described = environment.document(system, options.host, report.PROBE_SECONDS)
        described["identity"].update(outside.identity or {})
        output.write_json(out / "environment.json", described)
    data = {
        "engine": outside.engine,
        "image": outside.image,
        "gpu_container": outside.gpu_container,
        **facts,
        "distinct_images": len({entry["sha256"] for entry in images}),
        "repeated": repeated,
        "references": references,
        "stages": stages.seconds,
        "total_seconds": round(stages.total, 3),
        "budget_seconds": options.timeout,
    }
    output.write_json(
        out / "reproducibility.json",
        report.build(system, options.host, data, outside.identity, problems),
    )
    _print_summary(data, shown)
    return failure or report.fault(data)


def _torch() -> tuple[Any, str, str | None]:
    """torch made deterministic, `cuda` or `cpu`, and the GPU's name. Raises PrerequisiteError."""
    try:
        import torch  # noqa: PLC0415 - wrong use is told without waiting for torch

        import sampling  # noqa: PLC0415
        import weights  # noqa: F401, PLC0415 - what it needs is missed here and not later
    except ImportError as error:
        raise PrerequisiteError(
            f"{sys.executable}: {error}; make the environment with: "
            "ansible-playbook foundation.yml --tags WS-01"
        ) from error
    sampling.use_deterministic_algorithms()
    if not torch.cuda.is_available():
        return torch, "cpu", None
    return torch, "cuda", torch.cuda.get_device_name(0)


def _generator(model: Path | None, device: str) -> Generator:
    """What makes the images. Raises PrerequisiteError."""
    return SpriteGenerator(device) if model is None else PipelineGenerator(model, device)


def _make(generator: Generator, seed: int, index: int) -> tuple[Picture, dict[str, Any]]:
    """One image and its entry in the manifest."""
    begin = time.perf_counter()
    picture = generator.make(seed, index)
    return (
        picture,
        {
            "file": f"image_{index:02d}.png",
            "index": index,
            "seed": picture.seed,
            "sha256": hashlib.sha256(picture.png).hexdigest(),
            "milliseconds": round((time.perf_counter() - begin) * 1000, 3),
            "class": picture.class_name,
        },
    )


def _print_summary(data: dict[str, Any], out: str) -> None:
    device = data["device"]
    print(
        f"{len(data['images'])} of {data['count']} images, {data['distinct_images']} "
        f"distinct, on {device['name'] or device['kind']} in {data['total_seconds']:.1f} s: {out}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="repro", description=__doc__, add_help=False)
    shared_options(parser)
    parser.add_argument("--outside", type=Outside.parse, default=Outside())
    parser.add_argument("--check", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
