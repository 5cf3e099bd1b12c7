"""Procedural sprites: the training data of the image model.

Ten classes of 32x32 pixel art, drawn from a seeded generator. The same (seed, index) always gives
the same bytes, whatever the size of the set.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..generate.vocabulary import CLASSES, Pixels
from .drawings_creatures import draw_knight, draw_skull, draw_slime
from .drawings_items import draw_coin, draw_heart, draw_key, draw_potion, draw_sword
from .drawings_scenery import draw_ship, draw_tree

DRAWINGS: dict[str, Callable[[np.random.Generator], Pixels]] = {
    "sword": draw_sword,
    "potion": draw_potion,
    "slime": draw_slime,
    "knight": draw_knight,
    "tree": draw_tree,
    "coin": draw_coin,
    "key": draw_key,
    "heart": draw_heart,
    "skull": draw_skull,
    "ship": draw_ship,
}


def sprite(seed: int, index: int) -> Pixels:
    """Sprite `index` of data set `seed`, of class `index % 10`: 32x32 palette indices."""
    generator = np.random.default_rng([seed, index])
    return DRAWINGS[CLASSES[index % len(CLASSES)]](generator)


def dataset(seed: int, count: int) -> tuple[Pixels, Pixels]:
    """The first `count` sprites: pixels (count, 32, 32) and class numbers (count,)."""
    pixels = np.stack([sprite(seed, index) for index in range(count)])
    return pixels, (np.arange(count) % len(CLASSES)).astype(np.uint8)
