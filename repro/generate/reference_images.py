"""The references: what the ten images of a seed are, and how much a run's differ from them.

    python -m repro.generate.reference_images OUT

prints the reference that a finished run in OUT would make, for a kind of device that has none yet.
"""

from __future__ import annotations

import base64
import json
import math
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .png import pixels_of
from .vocabulary import PALETTE, SIZE, Pixels

FOLDER = Path(__file__).resolve().parents[1] / "references"
NO_DIFFERENCE_DB = 100.0
"""Stands for the infinite PSNR of equal images: the least possible difference gives 83 dB."""


def compare(
    facts: Mapping[str, Any],
    architecture: str,
    sprites: Mapping[int, Pixels],
    folder: Path = FOLDER,
) -> dict[str, Any] | None:
    """How a run compares with the reference that fits it best; None where none is of its seed.

    `facts` are those of the manifest. A reference is of the same kind where processor
    architecture, device and torch build are all the same: then the bytes must be, too.
    """
    best: tuple[bool, bool, dict[str, Any]] | None = None
    for path in sorted(folder.glob("*.json")):
        reference = json.loads(path.read_text())
        if reference["generator"] != facts["generator"] or reference["seed"] != facts["seed"]:
            continue
        same_device = reference["device_kind"] == facts["device"]["kind"]
        same_kind = (
            same_device
            and reference["device_name"] == facts["device"]["name"]
            and reference["architecture"] == architecture
            and reference["build"] == facts["build"]
        )
        if best is None or (same_kind, same_device) > best[:2]:
            best = (same_kind, same_device, {**reference, "file": path.name})
    if best is None:
        return None
    same_kind, _, reference = best
    made = {image["index"]: image["sha256"] for image in facts["images"]}
    both = [image for image in reference["images"] if image["index"] in sprites]
    if not both:
        return None
    return {
        "file": reference["file"],
        "made_on": reference["made_on"],
        "same_kind": same_kind,
        "compared": len(both),
        "identical": sum(image["sha256"] == made[image["index"]] for image in both),
        "minimum_psnr_db": min(
            psnr_db(sprites[image["index"]], _unpacked(image["pixels"])) for image in both
        ),
    }


def psnr_db(one: Pixels, other: Pixels) -> float:
    """Peak signal-to-noise ratio in dB of two palette images, over red, green and blue.

    10 log10(255^2 / mean squared error); NO_DIFFERENCE_DB where they are equal.
    """
    colors = np.asarray(PALETTE, dtype=np.float64)
    error = float(np.mean((colors[one] - colors[other]) ** 2))
    return NO_DIFFERENCE_DB if error == 0 else round(10 * math.log10(255**2 / error), 2)


def _packed(pixels: Pixels) -> str:
    return base64.b64encode(zlib.compress(pixels.astype(np.uint8).tobytes(), 9)).decode()


def _unpacked(text: str) -> Pixels:
    content = zlib.decompress(base64.b64decode(text))
    return np.frombuffer(content, dtype=np.uint8).reshape(SIZE, SIZE)


def reference_of(folder: Path) -> dict[str, Any]:
    """The reference that the run in `folder` makes. Raises OSError, KeyError, ValueError."""
    manifest = json.loads((folder / "manifest.json").read_text())
    environment = json.loads((folder / "environment.json").read_text())["data"]
    device, architecture = manifest["device"], environment["architecture"]
    return {
        "device_kind": device["kind"],
        "device_name": device["name"],
        "architecture": architecture,
        "made_on": f"{device['name'] or 'CPU'}, {architecture}",
        "build": manifest["build"],
        "generator": manifest["generator"],
        "seed": manifest["seed"],
        "images": [
            {
                "index": image["index"],
                "class": image["class"],
                "sha256": image["sha256"],
                "pixels": _packed(pixels_of((folder / image["file"]).read_bytes())),
            }
            for image in manifest["images"]
        ],
    }


if __name__ == "__main__":
    print(json.dumps(reference_of(Path(sys.argv[1])), indent=2))
