"""From weights and a seed to sprites.

The same weights, device kind, torch build and (seed, index) give the same bytes, whatever else is
made before or after.
"""

from __future__ import annotations

import hashlib
import os

import torch

from .sprite_model import COLOR_DIMENSIONS, SpriteModel, sample
from .vocabulary import CLASSES, SIZE, Pixels

NAME = "sprite-diffusion"
VERSION = "2.0"  # another one whenever the same seed gives other pixels
STEPS = 25
GUIDANCE = 0.5


def use_deterministic_algorithms() -> None:
    """Make torch repeatable for this process: FP32 without TF32, deterministic kernels only.

    Call before the first CUDA operation: cuBLAS reads its workspace setting once.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # The same switch as torch.use_deterministic_algorithms, which also imports torch's compiler:
    # seconds of start-up for nothing.
    torch.set_deterministic_debug_mode("error")
    # Nothing here reads memory before writing it, so filling it first would only cost time.
    setattr(torch.utils.deterministic, "fill_uninitialized_memory", False)  # noqa: B010 - untyped
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def image_class(index: int) -> str:
    """The class of image `index`: the ten classes in turn."""
    return CLASSES[index % len(CLASSES)]


def image_seed(seed: int, index: int) -> int:
    """The seed of image `index` of a run: 63 bits that depend on both numbers only."""
    digest = hashlib.sha256(f"{seed} {index}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generate(
    model: SpriteModel,
    class_name: str,
    seed: int,
    device: str = "cpu",
    *,
    steps: int = STEPS,
    guidance: float = GUIDANCE,
) -> Pixels:
    """One sprite of a class: (32, 32) palette indices.

    The noise is drawn on the CPU, so every device starts from the same bits. Raises ValueError for
    an unknown class.
    """
    if class_name not in CLASSES:
        raise ValueError(f"{class_name!r} is not a class; the classes are {', '.join(CLASSES)}")
    generator = torch.Generator("cpu").manual_seed(seed)
    noise = torch.randn(1, COLOR_DIMENSIONS, SIZE, SIZE, generator=generator)
    indices = sample(
        model,
        CLASSES.index(class_name),
        noise.to(torch.device(device), model.points.dtype),
        steps=steps,
        guidance=guidance,
    )
    pixels: Pixels = indices.to("cpu", torch.uint8).numpy()
    return pixels
