"""Trains the sprite model on sprites made here: `python -m repro.training.train --out FILE`.

Repeatable: on one kind of machine and torch build the same arguments give the same file.
"""

from __future__ import annotations

import argparse
import copy
import math
import platform
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..generate import atomic_output, sampling
from ..generate.sprite_model import COLORS, SpriteModel, one_hot, signal_and_noise
from ..generate.vocabulary import CLASSES
from ..generate.weights import store
from .procedural_sprites import dataset

UNCONDITIONAL = 0.1  # share of samples without their class: what guidance steers away from
AVERAGING = 0.999  # decay of the weights' moving average
VALIDATION_SEED_OFFSET = 1_000_003
VALIDATION_COUNT = 2000
WARM_UP = 3  # steps before a CUDA graph is captured, as PyTorch's notes on graphs ask for


@dataclass(frozen=True)
class Settings:
    """What a training run depends on."""

    steps: int
    batch: int
    learning_rate: float
    seed: int
    sprites: int
    device: str
    precision: str


class Trainer:
    """The model, its moving average and its optimizer.

    On CUDA a step is captured once and then replayed: launching its few hundred small kernels one
    by one takes several times as long as they run.
    """

    def __init__(self, settings: Settings, pixels: Tensor, labels: Tensor) -> None:
        self.settings = settings
        self.device = torch.device(settings.device)
        torch.manual_seed(settings.seed)
        self.model = SpriteModel(len(CLASSES)).to(self.device)
        self.average = copy.deepcopy(self.model).requires_grad_(requires_grad=False).eval()
        self.averages: list[Tensor] = list(self.average.parameters())
        self.parameters: list[Tensor] = list(self.model.parameters())
        self.pixels, self.labels = pixels.to(self.device), labels.to(self.device)
        self.palette = torch.arange(COLORS, device=self.device)[None, :, None, None]
        self.rate = torch.zeros((), device=self.device)
        self.optimizer = torch.optim.AdamW(
            self.parameters,
            lr=self.rate,
            betas=(0.9, 0.99),
            weight_decay=0.01,
            fused=True,
            capturable=self.device.type == "cuda",
        )
        self.done = 0
        self.graph: torch.cuda.CUDAGraph | None = None
        self.loss = torch.zeros((), device=self.device)

    def _precision(self) -> AbstractContextManager[object]:
        if self.settings.precision == "bf16":
            autocast: AbstractContextManager[object] = torch.autocast(
                self.device.type, dtype=torch.bfloat16
            )
            return autocast
        return nullcontext()

    def _loss(
        self, model: SpriteModel, pixels: Tensor, kinds: Tensor, times: Tensor, noise: Tensor
    ) -> Tensor:
        """Cross-entropy in nats per pixel at diffusion times (batch,) from 0 to 1."""
        clean = self.average.points[pixels.long()].permute(0, 3, 1, 2)
        signal, spread = signal_and_noise(times[:, None, None, None])
        with self._precision():
            scores = model(signal * clean + spread * noise, times, one_hot(kinds, len(CLASSES)))
        # Written out because torch's own two-dimensional loss is not deterministic on CUDA.
        hits = (pixels[:, None] == self.palette).float()
        loss: Tensor = -(scores.float().log_softmax(dim=1) * hits).sum(dim=1).mean()
        return loss

    def _update(self) -> Tensor:
        """Draw a batch and adjust the model; returns the loss. Nothing in it waits for the GPU."""
        batch, device = self.settings.batch, self.device
        chosen = torch.randint(len(self.pixels), (batch,), device=device)
        pixels = self.pixels[chosen]
        unconditional = torch.rand(batch, device=device) < UNCONDITIONAL
        kinds = self.labels[chosen].masked_fill(unconditional, len(CLASSES))
        # Stratified times: the same spread of noise levels in every batch.
        offsets = torch.arange(batch, device=device)
        times = (offsets + torch.rand(batch, device=device)) / batch
        noise = torch.randn(batch, 4, *pixels.shape[1:], device=device)
        loss = self._loss(self.model, pixels, kinds, times, noise)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0, foreach=True)
        self.optimizer.step()
        return loss.detach()

    def _update_by_graph(self) -> Tensor:
        """`_update` on CUDA: the first steps on a side stream, then a capture, then replays."""
        if self.done < WARM_UP:
            side = torch.cuda.Stream()
            current = torch.cuda.current_stream()
            side.wait_stream(current)
            with torch.cuda.stream(side):
                self.loss.copy_(self._update())
            current.wait_stream(side)
            return self.loss
        if self.graph is None:
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph):
                self.loss.copy_(self._update())
        self.graph.replay()
        return self.loss

    def step(self) -> Tensor:
        """One optimizer step; returns the loss on the device, valid until the next step."""
        self.rate.fill_(learning_rate(self.settings, self.done))
        loss = self._update_by_graph() if self.device.type == "cuda" else self._update()
        self.done += 1
        with torch.no_grad():  # or every step would hang from the average, for ever
            decay = min(AVERAGING, self.done / (self.done + 10))
            torch._foreach_lerp_(self.averages, self.parameters, 1 - decay)
        return loss

    @torch.no_grad()
    def validate(self) -> float:
        """Loss of the averaged weights on sprites that were not trained on, in nats per pixel."""
        made = dataset(self.settings.seed + VALIDATION_SEED_OFFSET, VALIDATION_COUNT)
        pixels, labels = (torch.from_numpy(part).to(self.device) for part in made)
        random = torch.Generator("cpu").manual_seed(0)
        block, total = min(200, VALIDATION_COUNT), 0.0
        for first in range(0, VALIDATION_COUNT, block):
            part = slice(first, first + block)
            times = (torch.arange(block) + 0.5) / block
            times = times[torch.randperm(block, generator=random)].to(self.device)
            noise = torch.randn(block, 4, *pixels.shape[1:], generator=random).to(self.device)
            total += float(self._loss(self.average, pixels[part], labels[part], times, noise))
        return total / (VALIDATION_COUNT // block)


def learning_rate(settings: Settings, step: int) -> float:
    """A linear rise over the first steps, then a half cosine to zero."""
    rise = min(500, max(settings.steps // 10, 1))
    if step < rise:
        return settings.learning_rate * (step + 1) / rise
    progress = (step - rise) / max(settings.steps - rise, 1)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


def train(settings: Settings, out: Path) -> dict[str, object]:
    """Make the data, train, and write the weights; the record of it, for training.json."""
    started = time.monotonic()
    pixels, labels = dataset(settings.seed, settings.sprites)
    trainer = Trainer(settings, torch.from_numpy(pixels), torch.from_numpy(labels))
    training_started = time.monotonic()
    losses: list[tuple[int, float]] = []
    running = torch.zeros((), device=trainer.device)
    report = max(1, settings.steps // 60)
    while trainer.done < settings.steps:
        running += trainer.step()
        if trainer.done % report == 0 or trainer.done == settings.steps:
            losses.append(
                (trainer.done, round(float(running) / (trainer.done % report or report), 6))
            )
            running.zero_()
            print(f"step {trainer.done}/{settings.steps} loss {losses[-1][1]:.5f}", flush=True)
    ended = time.monotonic()
    return {
        **asdict(settings),
        "loss": losses,
        "validation_loss": round(trainer.validate(), 6),
        "data_seconds": round(training_started - started, 1),
        "training_seconds": round(ended - training_started, 1),
        "device_name": torch.cuda.get_device_name() if settings.device == "cuda" else "cpu",
        "machine": platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "model_sha256": store(trainer.average, out),
        "model_bytes": out.stat().st_size,
        "parameters": sum(parameter.numel() for parameter in trainer.parameters),
    }


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m repro.training.train", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where the weights go")
    parser.add_argument("--steps", type=int, default=7700)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0, help="of the data and of the training")
    parser.add_argument("--sprites", type=int, default=50_000, help="size of the data set")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="bf16")
    given = parser.parse_args(arguments)
    if min(given.steps, given.batch, given.sprites) < 1:
        parser.error("--steps, --batch and --sprites must be at least 1")
    if given.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: torch sees no CUDA device; use --device cpu")
    sampling.use_deterministic_algorithms()
    out: Path = vars(given).pop("out")
    out.parent.mkdir(parents=True, exist_ok=True)
    record = train(Settings(**vars(given)), out)
    atomic_output.write_json(out.with_name("training.json"), dict(sorted(record.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
