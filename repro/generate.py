"""The reproducibility smoke test: sprites from a seed, and proof that they come again.

Run it through run.sh, which finds the Python that has torch.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import output
from python_probes import container, document, environment, identity
from python_probes.cli import SUCCESS, UNUSABLE, Parser, host_name
from python_probes.identifiers import Identifiers
from python_probes.supervise import run_probes
from python_probes.system import System
from stages import OverBudgetError, Stages

FAILED, _SIGNAL_BASE = 1, 128
_MOST_IMAGES = 1000
_PROBE_SECONDS = 20.0
_MODEL = Path(__file__).resolve().with_name("model.safetensors")
_IMAGE_NAME = re.compile(r"image_\d{2,4}\.png")
_DOCUMENTS = ("reproducibility.json", "environment.json", "manifest.json", "contact_sheet.png")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PrerequisiteError(Exception):
    """Something that the run needs is missing; the message says what to do."""


class _Interrupted(BaseException):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main() -> int:
    """Make the images and the documents; the exit status that run.sh promises."""
    options = _parser().parse_args()
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    stages = Stages(options.timeout)
    try:
        failure = _run(options, stages)
    except _Interrupted as interruption:
        print(
            f"repro: stopped by {signal.Signals(interruption.number).name}; every file in "
            f"{options.out} is whole, the run is not",
            file=sys.stderr,
        )
        return _SIGNAL_BASE + interruption.number
    except PrerequisiteError as error:
        return _say(str(error), UNUSABLE)
    except OSError as error:
        what = error.filename or options.out
        return _say(f"{what}: {error.strerror or error}", UNUSABLE)
    finally:
        stages.finish()
    return _say(failure, FAILED) if failure else SUCCESS


def _run(options: argparse.Namespace, stages: Stages) -> str | None:
    """Everything; what failed, or None. Raises OSError and PrerequisiteError."""
    out = options.out
    out.mkdir(parents=True, exist_ok=True)
    _remove_earlier(out)
    with stages.stage("start"):
        torch, device, name = _torch()
    import pictures  # noqa: PLC0415 - like the next, after the check for what they import
    import sampling  # noqa: PLC0415

    images: list[dict[str, Any]] = []
    sprites: list[Any] = []
    repeated = failure = model_sha256 = None
    try:
        with stages.stage("load"):
            model, model_sha256 = _model(device)
        with stages.stage("warm_up"):  # the first kernels of each kind: not an image's own time
            stages.check()
            sampling.generate(model, sampling.image_class(0), 0, device, steps=1)
        with stages.stage("images"):
            for index in range(options.count):
                stages.check()
                sprite, picture, entry = _make(model, device, options.seed, index)
                output.write(out / entry["file"], picture)
                sprites.append(sprite)
                images.append(entry)
        with stages.stage("repeat"):
            stages.check()
            *_, again = _make(model, device, options.seed, 0)
            repeated = {"index": 0, "identical": again["sha256"] == images[0]["sha256"]}
        with stages.stage("contact_sheet"):
            stages.check()
            output.write(out / "contact_sheet.png", pictures.contact_sheet(sprites))
    except OverBudgetError as error:
        failure = str(error)
    except RuntimeError as error:  # torch's own, such as a kernel that is not in the build
        failure = f"torch on {device}: {' '.join(str(error).split())[:300]}"
    facts = {
        "device": {"kind": device, "name": name},
        "build": {"torch": str(torch.__version__), "cuda": torch.version.cuda},
        "generator": {
            "name": sampling.NAME,
            "version": sampling.VERSION,
            "model_sha256": model_sha256,
        },
        "seed": options.seed,
        "count": options.count,
        "images": images,
    }
    output.write_json(
        out / "manifest.json",
        {"schema_version": document.SCHEMA_VERSION, "kind": "manifest", **facts},
    )
    system = System()
    with stages.stage("environment"):
        described = environment.document(system, options.host, _PROBE_SECONDS)
        output.write_json(out / "environment.json", described)
    distinct = len({entry["sha256"] for entry in images})
    report = {
        "engine": "none",
        **facts,
        "distinct_images": distinct,
        "repeated": repeated,
        "stages": stages.seconds,
        "total_seconds": round(stages.total, 3),
        "budget_seconds": options.timeout,
    }
    output.write_json(out / "reproducibility.json", _document(system, options.host, report))
    _print_summary(report, out)
    return failure or _fault(report)


def _fault(report: dict[str, Any]) -> str | None:
    """What a complete run has against it, or None."""
    total, budget, stages = report["total_seconds"], report["budget_seconds"], report["stages"]
    if total > budget:
        slowest = max(stages, key=lambda stage: stages[stage])
        return f"over budget: {total:.1f} s of {budget:g} s, most of it in stage {slowest}"
    if report["distinct_images"] != report["count"]:
        return f"{report['distinct_images']} of {report['count']} images are distinct"
    if not (report["repeated"] and report["repeated"]["identical"]):
        return f"image 0 of seed {report['seed']} came out different the second time"
    return None


def _torch() -> tuple[Any, str, str | None]:
    """torch made deterministic, `cuda` or `cpu`, and the GPU's name. Raises PrerequisiteError."""
    try:
        import torch  # noqa: PLC0415

        import sampling  # noqa: PLC0415 - wrong use is told without waiting for torch
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


def _model(device: str) -> tuple[Any, str]:
    """The image model and the SHA-256 of its file. Raises PrerequisiteError."""
    import weights  # noqa: PLC0415

    try:
        return weights.load(_MODEL, device), hashlib.sha256(_MODEL.read_bytes()).hexdigest()
    except weights.WeightsError as error:
        raise PrerequisiteError(str(error)) from error


def _make(model: Any, device: str, seed: int, index: int) -> tuple[Any, bytes, dict[str, Any]]:
    """One sprite, its PNG and its entry in the manifest."""
    import pictures  # noqa: PLC0415
    import sampling  # noqa: PLC0415

    own_seed, kind = sampling.image_seed(seed, index), sampling.image_class(index)
    begin = time.perf_counter()
    sprite = sampling.generate(model, kind, own_seed, device)
    picture = pictures.image(sprite)
    return (
        sprite,
        picture,
        {
            "file": f"image_{index:02d}.png",
            "index": index,
            "seed": own_seed,
            "sha256": hashlib.sha256(picture).hexdigest(),
            "milliseconds": round((time.perf_counter() - begin) * 1000, 3),
            "class": kind,
        },
    )


def _document(system: System, host: str, report: dict[str, Any]) -> dict[str, Any]:
    problems: list[dict[str, str]] = []
    identifiers = Identifiers(system, document.noter(problems, "identifiers"))
    sections, found = run_probes(
        system, identifiers, {"identity": identity.collect}, _PROBE_SECONDS
    )
    inside = container.container(system, document.noter([], "container"))
    return document.build(
        "reproducibility",
        host,
        {
            **(sections["identity"] or identity.from_sections(None, None, None)),
            "build": report["build"],
            "image_digest": inside["image_digest"],
        },
        report,
        problems + found,
        identifiers=identifiers,
    )


def _remove_earlier(out: Path) -> None:
    """Remove what an earlier run left, so that no file of two runs stands side by side."""
    try:
        manifest = json.loads((out / "manifest.json").read_bytes())
        names = [str(entry["file"]) for entry in manifest["images"]]
    except (OSError, ValueError, KeyError, TypeError):
        names = []
    for name in (*_DOCUMENTS, *filter(_IMAGE_NAME.fullmatch, names)):
        (out / name).unlink(missing_ok=True)


def _print_summary(report: dict[str, Any], out: Path) -> None:
    device = report["device"]
    print(
        f"{len(report['images'])} of {report['count']} images, {report['distinct_images']} "
        f"distinct, on {device['name'] or device['kind']} in {report['total_seconds']:.1f} s: {out}"
    )


def _say(line: str, status: int) -> int:
    print(f"repro: {line}", file=sys.stderr)
    return status


def _interrupt(number: int, _: FrameType | None) -> NoReturn:
    for signum in _SIGNALS:  # a second one must not interrupt the cleaning up
        signal.signal(signum, signal.SIG_IGN)
    raise _Interrupted(number)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="repro", description=__doc__, add_help=False)
    parser.add_argument("--count", type=_whole(1, _MOST_IMAGES), default=10)
    parser.add_argument("--seed", type=_whole(0, 2**53 - 1), default=7)
    parser.add_argument("--out", type=Path, default=Path("reproducibility"))
    parser.add_argument("--timeout", type=_whole(1, 86400), default=300)
    parser.add_argument("--host", type=host_name, default="localhost")
    return parser


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not re.fullmatch(r"\d{1,20}", text) or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(
                f"{text!r} is no whole number from {lowest} to {highest}"
            )
        return int(text)

    return convert


if __name__ == "__main__":
    sys.exit(main())
