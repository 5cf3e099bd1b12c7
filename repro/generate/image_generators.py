"""What makes the images: the repository's model, or a diffusers pipeline of the user's own."""

from __future__ import annotations

import hashlib
import inspect
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..shared.smoke_test_status import PrerequisiteError
from . import png, sampling, weights

_WEIGHTS = Path(__file__).resolve().parents[1] / "model.safetensors"
_CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class Picture:
    """One image: its PNG, its class, its own seed, and what its generator puts on a sheet."""

    png: bytes
    class_name: str
    seed: int
    tile: Any


class SpriteGenerator:
    """The model in the repository. Raises PrerequisiteError for damaged weights."""

    def __init__(self, device: str) -> None:
        self.name, self.version = sampling.NAME, sampling.VERSION
        self._device = device
        try:
            self._model = weights.load(_WEIGHTS, device)
        except weights.WeightsError as error:
            raise PrerequisiteError(str(error)) from error
        self.model_sha256 = hashlib.sha256(_WEIGHTS.read_bytes()).hexdigest()

    def warm_up(self) -> None:
        """Run the first kernels of each kind: not an image's own time."""
        sampling.generate(self._model, sampling.image_class(0), 0, self._device, steps=1)

    def make(self, seed: int, index: int) -> Picture:
        """Image `index` of a seed, the same each time whatever else is made."""
        own_seed, kind = sampling.image_seed(seed, index), sampling.image_class(index)
        sprite = sampling.generate(self._model, kind, own_seed, self._device)
        return Picture(png.image(sprite), kind, own_seed, sprite)

    def sheet(self, tiles: list[Any]) -> bytes:
        """A PNG of all sprites, row by row."""
        return png.contact_sheet(tiles)

    def sprites(self, tiles: list[Any]) -> dict[int, Any]:
        """By index, the palette images that references can be compared with."""
        return dict(enumerate(tiles))


class PipelineGenerator:
    """A local diffusers pipeline. Raises PrerequisiteError."""

    name = "diffusers"
    _STEPS = 25
    _COLUMNS = 5

    def __init__(self, path: Path, device: str) -> None:
        if not (path / "model_index.json").is_file():
            raise PrerequisiteError(
                f"{path}: not a diffusers pipeline (it holds no model_index.json); "
                "name a folder that save_pretrained wrote"
            )
        try:
            import diffusers  # noqa: PLC0415 - for --model only
        except ImportError as error:
            raise PrerequisiteError(
                f"--model: {error}; install what pipelines need into the Python that runs this, or "
                "name one with --python: pip install diffusers transformers accelerate"
            ) from error
        self.version = str(diffusers.__version__)
        try:
            pipeline = diffusers.DiffusionPipeline.from_pretrained(
                str(path), local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError, ImportError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:300]
            raise PrerequisiteError(f"{path}: diffusers cannot load it: {reason}") from error
        self._pipeline = pipeline.to(device)
        self._pipeline.set_progress_bar_config(disable=True)
        self._takes_prompt = "prompt" in inspect.signature(pipeline.__call__).parameters
        self.model_sha256 = _folder_sha256(path)

    def warm_up(self) -> None:
        """Run the first kernels of each kind: not an image's own time."""
        self._image("coin", 0, steps=1)

    def make(self, seed: int, index: int) -> Picture:
        """One image; its class is part of the prompt where the pipeline takes one."""
        own_seed, kind = sampling.image_seed(seed, index), sampling.image_class(index)
        image = self._image(kind, own_seed, self._STEPS)
        return Picture(_png(image), kind, own_seed, image)

    def sheet(self, tiles: list[Any]) -> bytes:
        """A PNG of all images, row by row."""
        from PIL import Image  # noqa: PLC0415 - pipelines need it, the repository's model does not

        width, height = tiles[0].size
        columns = min(self._COLUMNS, len(tiles))
        sheet = Image.new(tiles[0].mode, (columns * width, -(-len(tiles) // columns) * height))
        for index, tile in enumerate(tiles):
            sheet.paste(tile, (index % columns * width, index // columns * height))
        return _png(sheet)

    def sprites(self, tiles: list[Any]) -> dict[int, Any]:
        """None: the references are of the repository's model."""
        return {}

    def _image(self, kind: str, seed: int, steps: int) -> Any:
        words = {"prompt": f"pixel art sprite of a {kind}"} if self._takes_prompt else {}
        # On the CPU, so that every device starts from the same noise.
        generator = torch.Generator("cpu").manual_seed(seed)
        try:
            made = self._pipeline(**words, generator=generator, num_inference_steps=steps)
            return made.images[0]
        except (TypeError, ValueError, AttributeError) as error:
            raise RuntimeError(
                f"this pipeline does not make images in this way: {error}"
            ) from error


Generator = SpriteGenerator | PipelineGenerator


def _png(image: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()


def _folder_sha256(folder: Path) -> str:
    """SHA-256 over the names and contents of all files, by name."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    return digest.hexdigest()
