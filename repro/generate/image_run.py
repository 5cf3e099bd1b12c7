"""A run: the images, the repeat that proves them, and the documents."""

from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path
from typing import Any

import torch

from python_probes.collect import environment
from python_probes.core import document
from python_probes.core.system import System

from ..shared.host_identity import PROBE_SECONDS
from ..shared.launch_context import LaunchContext
from . import atomic_output, sampling, smoke_test_document
from .image_generators import Generator, Picture, PipelineGenerator, SpriteGenerator
from .stages import OverBudgetError, Stages


def check() -> str:
    """The image's health check: torch starts and the weights are whole; their SHA-256.

    Raises PrerequisiteError.
    """
    start()
    return SpriteGenerator("cpu").model_sha256


def start() -> tuple[str, str | None]:
    """Make torch deterministic and find its device: `cuda` or `cpu`, and the GPU's name."""
    sampling.use_deterministic_algorithms()
    if not torch.cuda.is_available():
        return "cpu", None
    return "cuda", torch.cuda.get_device_name(0)


def smoke_test(
    options: argparse.Namespace, stages: Stages, shown: str, device: str, device_name: str | None
) -> str | None:
    """Everything after `start`; what failed, or None. Raises OSError and PrerequisiteError."""
    out: Path = options.out
    context: LaunchContext = options.launch_context
    images: list[dict[str, Any]] = []
    tiles: list[Any] = []
    generator: Generator | None = None
    repeated = failure = None
    try:
        with stages.stage("load"):
            stages.check()
            if options.model is None:
                generator = SpriteGenerator(device)
            else:
                generator = PipelineGenerator(options.model, device)
        with stages.stage("warm_up"):
            stages.check()
            generator.warm_up()
        with stages.stage("images"):
            for index in range(options.count):
                stages.check()
                picture, entry = _make(generator, options.seed, index)
                atomic_output.write(out / entry["file"], picture.png)
                tiles.append(picture.tile)
                images.append(entry)
        with stages.stage("repeat"):
            stages.check()
            _, again = _make(generator, options.seed, 0)
            repeated = {"index": 0, "identical": again["sha256"] == images[0]["sha256"]}
        with stages.stage("contact_sheet"):
            stages.check()
            atomic_output.write(out / "contact_sheet.png", generator.sheet(tiles))
    except OverBudgetError as error:
        failure = str(error)
    except RuntimeError as error:  # torch's own, such as a kernel that is not in the build
        failure = f"torch on {device}: {' '.join(str(error).split())[:300]}"
    facts = {
        "device": {"kind": device, "name": device_name},
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
    atomic_output.write_json(
        out / "manifest.json",
        {"schema_version": document.SCHEMA_VERSIONS["manifest"], "kind": "manifest", **facts},
    )
    problems = list(context.problems)
    note = document.noter(problems, "references")
    references = smoke_test_document.compared(generator, facts, tiles, note)
    system = System()
    with stages.stage("environment"):
        described = environment.document(system, options.host, PROBE_SECONDS)
        described["identity"].update(context.identity or {})
        atomic_output.write_json(out / "environment.json", described)
    data = {
        "engine": context.engine,
        "image": context.image,
        "gpu_container": context.gpu_container,
        **facts,
        "distinct_images": len({entry["sha256"] for entry in images}),
        "repeated": repeated,
        "references": references,
        "stages": stages.seconds,
        "total_seconds": round(stages.total, 3),
        "budget_seconds": options.timeout,
    }
    atomic_output.write_json(
        out / "reproducibility.json",
        smoke_test_document.build(system, options.host, data, context.identity, problems),
    )
    _print_summary(data, shown)
    return failure or smoke_test_document.fault(data)


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
    device = data["device"]["name"] or data["device"]["kind"]
    made = f"{len(data['images'])} of {data['count']} images, {data['distinct_images']} distinct"
    print(f"{made}, on {device} in {data['total_seconds']:.1f} s: {out}")
