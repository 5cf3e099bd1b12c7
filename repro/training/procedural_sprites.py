"""Procedural sprites: the training data of the image model.

Ten classes of 32x32 pixel art, drawn from a seeded generator. The same (seed, index) always gives
the same bytes, whatever the number of processes and the size of the set.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable

import numpy as np

from ..generate.vocabulary import CLASSES, SIZE, Pixels
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


def _block(arguments: tuple[int, int, int]) -> Pixels:
    seed, first, last = arguments
    return np.stack([sprite(seed, index) for index in range(first, last)])


def dataset(seed: int, count: int, processes: int = 1) -> tuple[Pixels, Pixels]:
    """The first `count` sprites of a data set: pixels (count, 32, 32) and class numbers (count,).

    The bytes do not depend on `processes`.
    """
    if count < 1:
        raise ValueError(f"a data set needs at least one sprite, got count {count}")
    labels = (np.arange(count) % len(CLASSES)).astype(np.uint8)
    step = 500
    blocks = [(seed, first, min(first + step, count)) for first in range(0, count, step)]
    if processes == 1:
        parts = [_block(block) for block in blocks]
    else:
        # Workers need numpy only; spawning would import the caller, torch and all, in each.
        # Forking is safe as long as the caller has not started CUDA yet.
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            parts = pool.map(_block, blocks)
    return np.concatenate(parts).reshape(count, SIZE, SIZE), labels
