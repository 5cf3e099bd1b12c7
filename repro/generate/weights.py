"""The model's weights as a safetensors file that proves itself undamaged."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import safetensors
import torch
from safetensors.torch import save
from torch import Tensor

from . import atomic_output
from .sprite_model import SpriteModel
from .vocabulary import CLASSES, PALETTE

FORMAT = "sprite-diffusion-1"


class WeightsError(ValueError):
    """A weights file that is absent, damaged or of another model; the message says which."""


def tensors_digest(tensors: dict[str, Tensor]) -> str:
    """SHA-256 over every tensor's name, shape and little-endian float32 bytes, by name."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.numpy().astype("<f4").tobytes())
    return digest.hexdigest()


def _vocabulary() -> str:
    """What class numbers and palette indices mean; weights are useless under another one."""
    return json.dumps({"classes": CLASSES, "palette": PALETTE}, sort_keys=True)


def store(model: SpriteModel, path: Path) -> str:
    """Write the weights; returns the SHA-256 of the file."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in model.named_parameters()}
    metadata = {
        "format": FORMAT,
        "tensors_sha256": tensors_digest(tensors),
        "vocabulary": _vocabulary(),
    }
    # The metadata's order in the file is not fixed by the library, so it is one JSON string.
    content = save(tensors, metadata={"model": json.dumps(metadata, sort_keys=True)})
    atomic_output.write(path, content)
    return hashlib.sha256(content).hexdigest()


def load(path: Path, device: str = "cpu") -> SpriteModel:
    """The model with the weights in `path`, ready to sample.

    Raises WeightsError when the file cannot be read, is damaged or belongs to another model.
    """
    try:
        with safetensors.safe_open(path, framework="pt", device="cpu") as stored:
            metadata = json.loads((stored.metadata() or {}).get("model", "{}"))
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - not a dict
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        raise WeightsError(
            f"{path}: not readable as safetensors ({error}); restore the file from the repository"
        ) from error
    if metadata.get("format") != FORMAT or metadata.get("vocabulary") != _vocabulary():
        raise WeightsError(
            f"{path}: these are the weights of another model; restore the file from the repository"
        )
    if tensors_digest(tensors) != metadata.get("tensors_sha256"):
        raise WeightsError(
            f"{path}: damaged, its numbers do not match their SHA-256; "
            "restore the file from the repository"
        )
    model = SpriteModel(len(CLASSES))
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        first = str(error).splitlines()[0]
        raise WeightsError(f"{path}: these are the weights of another model ({first})") from error
    model.requires_grad_(requires_grad=False)
    loaded: SpriteModel = model.to(torch.device(device)).eval()
    return loaded
