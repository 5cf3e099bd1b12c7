"""A small class-conditional diffusion model of 32x32 palette images.

Diffusion runs in a four-number color space per pixel (OKLab and opacity); the network answers with
one score per palette color, so what it believes about a pixel is a distribution over the palette,
its mean is the clean image's estimate, and its mode is a palette color exactly.

Sources: Dieleman et al. 2022, "Continuous diffusion for categorical data" (cross-entropy in place
of squared error); Nichol and Dhariwal 2021 (cosine schedule); Ho and Salimans 2022
(classifier-free guidance); Song et al. 2021 (DDIM).
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from .vocabulary import PALETTE, SIZE, TRANSPARENT

COLORS = len(PALETTE)
COLOR_DIMENSIONS = 4
EMBEDDING = 64
SRGB_LINEAR_END = 0.04045  # IEC 61966-2-1


def _oklab(red: int, green: int, blue: int) -> tuple[float, float, float]:
    """8-bit sRGB in OKLab (Ottosson 2020, https://bottosson.github.io/posts/oklab/)."""
    r, g, b = (
        value / 12.92 if value <= SRGB_LINEAR_END else ((value + 0.055) / 1.055) ** 2.4
        for value in (red / 255, green / 255, blue / 255)
    )
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def palette_points() -> Tensor:
    """Where each palette color lies in the diffusion space: (24, 4), each axis about -1.5 to 1.5.

    Rounded to four decimals, so that every platform starts from the same numbers.
    """
    points = []
    for index, color in enumerate(PALETTE):
        lightness, green_red, blue_yellow = _oklab(*color)
        if index == TRANSPARENT:
            points.append((0.0, 0.0, 0.0, -1.0))
        else:
            axes = (lightness - 0.55) * 3.5, green_red * 8.0, blue_yellow * 8.0
            points.append((round(axes[0], 4), round(axes[1], 4), round(axes[2], 4), 1.0))
    return torch.tensor(points, dtype=torch.float32)


def signal_and_noise(time: Tensor) -> tuple[Tensor, Tensor]:
    """The cosine schedule: factors of the clean image and of the noise at `time` from 0 to 1."""
    angle = time * (math.pi / 2)
    return torch.cos(angle), torch.sin(angle)


class Block(nn.Module):
    """Two 3x3 convolutions with a residual path; time and class scale and shift the middle."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm_in = nn.GroupNorm(8, width)
        self.conv_in = nn.Conv2d(width, width, 3, padding=1)
        self.condition = nn.Linear(EMBEDDING, 2 * width)
        self.norm_out = nn.GroupNorm(8, width)
        self.conv_out = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """Features of the same shape."""
        hidden = self.conv_in(functional.silu(self.norm_in(x)))
        scale, shift = self.condition(embedding)[:, :, None, None].chunk(2, dim=1)
        hidden = self.norm_out(hidden) * (1 + scale) + shift
        result: Tensor = x + self.conv_out(functional.silu(hidden))
        return result


class Attention(nn.Module):
    """Self-attention over the coarsest grid, written out: the fused kernels' backward passes are
    not all deterministic.
    """

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(8, width)
        self.project_in = nn.Conv2d(width, 3 * width, 1)
        self.project_out = nn.Conv2d(width, width, 1)
        nn.init.zeros_(self.project_out.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Features of the same shape."""
        batch, width, rows, columns = x.shape
        joint = self.project_in(self.norm(x))
        query, key, value = joint.reshape(
            batch, 3, self.heads, width // self.heads, rows * columns
        ).unbind(1)
        scores = query.transpose(-1, -2) @ key / math.sqrt(width // self.heads)
        mixed = value @ scores.softmax(dim=-1).transpose(-1, -2)
        result: Tensor = x + self.project_out(mixed.reshape(batch, width, rows, columns))
        return result


def _double(x: Tensor) -> Tensor:
    """Nearest-neighbour upsampling by two, through operations that are deterministic on CUDA."""
    batch, width, rows, columns = x.shape
    spread = x[:, :, :, None, :, None].expand(batch, width, rows, 2, columns, 2)
    return spread.reshape(batch, width, 2 * rows, 2 * columns)


class SpriteModel(nn.Module):
    """A U-Net at 32, 16 and 8 pixels; about 0.9 million parameters.

    Class number `classes` stands for "no class", which guidance needs.
    """

    points: Tensor
    grid: Tensor
    frequencies: Tensor

    def __init__(self, classes: int = 10, widths: tuple[int, int, int] = (40, 64, 96)) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.classes = classes
        self.register_buffer("points", palette_points(), persistent=False)
        line = torch.linspace(-1.0, 1.0, SIZE)
        grid = torch.stack([line[None, :].expand(SIZE, SIZE), line[:, None].expand(SIZE, SIZE)])
        self.register_buffer("grid", grid[None], persistent=False)
        self.register_buffer("frequencies", math.pi * 2.0 ** torch.arange(8) / 2, persistent=False)
        self.time = nn.Sequential(
            nn.Linear(16, EMBEDDING), nn.SiLU(), nn.Linear(EMBEDDING, EMBEDDING)
        )
        self.kind = nn.Linear(classes + 1, EMBEDDING, bias=False)
        self.enter = nn.Conv2d(COLOR_DIMENSIONS + 2, fine, 3, padding=1)
        self.down_fine = nn.ModuleList([Block(fine), Block(fine)])
        self.to_middle = nn.Conv2d(fine, middle, 3, stride=2, padding=1)
        self.down_middle = nn.ModuleList([Block(middle), Block(middle)])
        self.to_coarse = nn.Conv2d(middle, coarse, 3, stride=2, padding=1)
        self.coarse_first = Block(coarse)
        self.attention = Attention(coarse)
        self.coarse_last = Block(coarse)
        self.merge_middle = nn.Conv2d(coarse + middle, middle, 1)
        self.up_middle = Block(middle)
        self.merge_fine = nn.Conv2d(middle + fine, fine, 1)
        self.up_fine = nn.ModuleList([Block(fine), Block(fine)])
        self.leave_norm = nn.GroupNorm(8, fine)
        self.leave = nn.Conv2d(fine, COLORS, 3, padding=1)

    def forward(self, noisy: Tensor, time: Tensor, kinds: Tensor) -> Tensor:
        """Palette scores (batch, 24, 32, 32).

        Of noisy images (batch, 4, 32, 32) at times (batch,) from 0 to 1, for one-hot classes
        (batch, classes + 1).
        """
        phase = time[:, None] * self.frequencies
        embedding = self.time(torch.cat([phase.sin(), phase.cos()], dim=1)) + self.kind(kinds)
        embedding = functional.silu(embedding)
        x = self.enter(torch.cat([noisy, self.grid.expand(len(noisy), -1, -1, -1)], dim=1))
        for block in self.down_fine:
            x = block(x, embedding)
        skip_fine = x
        x = self.to_middle(x)
        for block in self.down_middle:
            x = block(x, embedding)
        skip_middle = x
        x = self.coarse_first(self.to_coarse(x), embedding)
        x = self.coarse_last(self.attention(x), embedding)
        x = self.merge_middle(torch.cat([_double(x), skip_middle], dim=1))
        x = self.up_middle(x, embedding)
        x = self.merge_fine(torch.cat([_double(x), skip_fine], dim=1))
        for block in self.up_fine:
            x = block(x, embedding)
        scores: Tensor = self.leave(functional.silu(self.leave_norm(x)))
        return scores

    def clean_estimate(self, scores: Tensor) -> Tensor:
        """The expected clean image (batch, 4, 32, 32) under palette scores."""
        return torch.einsum("bkhw,kc->bchw", scores.softmax(dim=1), self.points)


def one_hot(kinds: Tensor, classes: int) -> Tensor:
    """Class numbers (batch,) as (batch, classes + 1) in float32."""
    return (kinds[:, None] == torch.arange(classes + 1, device=kinds.device)).float()


@torch.no_grad()
def sample(model: SpriteModel, kind: int, noise: Tensor, *, steps: int, guidance: float) -> Tensor:
    """One image by deterministic DDIM: palette indices (32, 32) from `noise` (1, 4, 32, 32).

    `guidance` 0 samples the class as learned; above 0 it is pushed away from "no class", at twice
    the work. One image at a time, so an image never depends on what else is made. All
    arithmetic is in the number format of `noise`, which must be the model's.
    """
    device = noise.device
    copies = 2 if guidance else 1
    kinds = torch.tensor([kind, model.classes][:copies], device=device)
    kinds = one_hot(kinds, model.classes).to(noise)
    times = torch.linspace(1.0, 0.0, steps + 1)
    x = noise
    scores = noise
    for now, then in itertools.pairwise(times):
        time = torch.full((copies,), float(now), device=device, dtype=noise.dtype)
        scores, *unguided = model(x.expand(copies, -1, -1, -1), time, kinds).split(1)
        if unguided:
            scores = scores + guidance * (scores - unguided[0])
        clean = model.clean_estimate(scores)
        signal, spread = signal_and_noise(now)
        next_signal, next_spread = signal_and_noise(then)
        residue = (x - float(signal) * clean) / float(spread)
        x = float(next_signal) * clean + float(next_spread) * residue
    return scores.argmax(dim=1)[0]
