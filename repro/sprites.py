"""Small mirror-symmetric creatures, drawn by torch from a seed.

Every step computes with whole numbers below 2^24, which float32 holds exactly in whatever order
they are added: the same seed gives the same pixels on every device.
"""

from __future__ import annotations

import hashlib
from typing import Any

NAME = "seeded-sprites"
VERSION = "1.0"
SIZE = 32  # pixels on a side

_HALF = SIZE // 2
_LEVELS = 256
_BODY_PIXELS = 170  # of one half's 512
_LARGEST_SEED = 2**53  # whole numbers that every JSON reader keeps
_TONES = 4
_BACKGROUND, _OUTLINE, _FIRST_TONE, _EYE, _PUPIL = 0, 1, 2, 6, 7
# Background, outline, four tones from shade to light, eye, pupil.
_PALETTES = (
    ("1a1c2c", "0b0c16", "5d275d", "b13e53", "ef7d57", "ffcd75", "f4f4f4", "1a1c2c"),
    ("16213a", "090d18", "1f4e5f", "257179", "38b764", "a7f070", "f4f4f4", "16213a"),
    ("20203a", "0d0d1a", "29366f", "3b5dc9", "41a6f6", "73eff7", "f4f4f4", "1a1c2c"),
    ("2b1d2a", "120b12", "6b3a2e", "a8603c", "d9a05b", "f2dfa7", "fffbe6", "2b1d2a"),
    ("1d2021", "0c0e0e", "3c4a52", "66808f", "9fb8c4", "e0ecf0", "ffd23f", "1d2021"),
    ("231942", "0e0a1c", "5e548e", "9f86c0", "be95c4", "e0b1cb", "fdf6ff", "231942"),
)


def image_seed(seed: int, index: int) -> int:
    """The seed of one image, from the run's seed and the image's place.

    It does not depend on how many images a run makes.
    """
    digest = hashlib.sha256(f"{NAME}:{seed}:{index}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % _LARGEST_SEED


def draw(torch: Any, device: str, seed: int) -> tuple[list[int], list[int]]:
    """One sprite: SIZE x SIZE palette indices row by row, and the palette as red, green, blue."""
    # Drawn on the CPU: a CUDA generator has another sequence.
    generator = torch.Generator(device="cpu").manual_seed(seed)
    noise = torch.randint(0, _LEVELS, (2, SIZE, _HALF), generator=generator)
    palette = int(torch.randint(0, len(_PALETTES), (1,), generator=generator))
    shape, shade = noise.to(device=device, dtype=torch.float32)

    mass = _smooth(torch, _smooth(torch, shape)) * _roundness(torch, device)
    body = mass >= mass.flatten().topk(_BODY_PIXELS).values[-1]
    body = torch.cat((body, body.flip(1)), dim=1)
    body = _without_specks(torch, body)

    # Light falls from above: a row higher counts as much as some brightness of the noise.
    rows = torch.arange(SIZE - 1, -1, -1, device=device, dtype=torch.float32).unsqueeze(1)
    light = _smooth(torch, shade) * 16 + rows * 2048
    light = torch.cat((light, light.flip(1)), dim=1)
    lit = light[body]
    ranks = (light.flatten().unsqueeze(1) > lit.unsqueeze(0)).sum(dim=1).reshape(SIZE, SIZE)
    tone = (ranks * _TONES // max(1, lit.numel())).clamp(max=_TONES - 1)

    pixels = torch.full((SIZE, SIZE), _BACKGROUND, dtype=torch.int64, device=device)
    pixels[_grown(torch, body) & ~body] = _OUTLINE
    pixels = torch.where(body, tone + _FIRST_TONE, pixels)
    _add_eyes(pixels, body)
    colors = [
        int(color[start : start + 2], 16) for color in _PALETTES[palette] for start in (0, 2, 4)
    ]
    return pixels.flatten().tolist(), colors


def _smooth(torch: Any, field: Any) -> Any:
    """Convolve with the weights 1 2 1 along both axes, edges repeated, as two matrix products.

    The result is 16 times the mean.
    """
    return _band(torch, field.shape[0], field) @ field @ _band(torch, field.shape[1], field).T


def _band(torch: Any, size: int, like: Any) -> Any:
    one = torch.eye(size, device=like.device, dtype=like.dtype)
    padded = torch.cat((one[:1], one, one[-1:]))
    return padded[:-2] + 2 * padded[1:-1] + padded[2:]


def _roundness(torch: Any, device: str) -> Any:
    """Weights 0 to 32 that favour the middle; the last column is the axis of symmetry.

    With the twice smoothed noise, below 2^16, products stay below 2^21.
    """
    rows = torch.arange(SIZE, device=device).unsqueeze(1)
    columns = torch.arange(_HALF, device=device).unsqueeze(0)
    vertical = (2 * rows - (SIZE - 1)) ** 2  # up to 961
    horizontal = (2 * (_HALF - 1 - columns)) ** 2  # up to 900
    return (32 - (vertical + horizontal) // 28).clamp(min=0).to(torch.float32)


def _without_specks(torch: Any, body: Any) -> Any:
    """Only what hangs together with the body's pixels on the axis."""
    joined = torch.zeros_like(body)
    joined[:, _HALF - 1 : _HALF + 1] = body[:, _HALF - 1 : _HALF + 1]
    while True:
        wider = _grown(torch, joined) & body
        if torch.equal(wider, joined):
            return joined if bool(joined.any()) else body
        joined = wider


def _grown(torch: Any, mask: Any) -> Any:
    """The mask and its neighbours above, below, left and right."""
    grown = mask.clone()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown


def _add_eyes(pixels: Any, body: Any) -> None:
    """Two eyes of two by two pixels, in the highest rows where the body is wide enough."""
    for left in (10, 11, 12, 9, 13):
        right = SIZE - 2 - left
        for top in range(4, SIZE - 6):
            around = body[top - 1 : top + 3, left - 1 : left + 3]
            if bool(around.all()):
                for column in (left, right):
                    pixels[top : top + 2, column : column + 2] = _EYE
                pixels[top + 1, left + 1] = _PUPIL
                pixels[top + 1, right] = _PUPIL
                return
