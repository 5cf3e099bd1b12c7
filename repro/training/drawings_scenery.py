"""Drawings of scenery: tree, ship."""

# A drawing is coordinates and odds through and through; names for them would say nothing.
# ruff: noqa: PLR2004

from __future__ import annotations

import numpy as np

from ..generate.vocabulary import Pixels
from .canvas import (
    BLUE,
    BONE,
    GOLD,
    GREEN,
    OUTLINE,
    PURPLE,
    RED,
    WOOD,
    Canvas,
    X,
    Y,
    box,
    ellipse,
    lit,
    polygon,
)
from .drawings_items import pick


def _pine(canvas: Canvas, rng: np.random.Generator) -> None:
    tiers = int(rng.integers(3, 5))
    wide = float(rng.choice([9.0, 10.0, 11.0]))
    bottom, peak = 26.0, 2.5
    step = (bottom - peak) / (tiers + 0.6)
    for tier in range(tiers):
        low = bottom - tier * step
        half = wide * (1 - tier / (tiers + 0.8))
        tall = step * 1.9
        mask = polygon([(16, max(low - tall, peak)), (16 + half, low), (16 - half, low)])
        light = 0.62 - (X - 16) / half * 0.32 - (Y - low + tall / 2) / tall * 0.35
        canvas.part(mask, GREEN, light, edge=GREEN[2] if tier else OUTLINE)
        canvas.fill(mask & (low - 1 < Y) & (X > 14), GREEN[2])


def _oak(canvas: Canvas, rng: np.random.Generator) -> None:
    leaf = pick(rng, (GREEN, GOLD, RED), (8, 1, 1))
    spread = float(rng.choice([6.0, 7.0]))
    blobs = [
        (16 - spread, 15.0, 5.6),
        (16 + spread, 15.0, 5.6),
        (16.0, 17.0, 5.5),
        (16 - spread * 0.6, 9.5, 5.4),
        (16 + spread * 0.6, 9.5, 5.4),
        (16.0, 7.5, 5.2),
    ]
    crown = np.zeros_like(X, dtype=np.bool_)
    for cx, cy, radius in blobs:
        jitter = rng.integers(-1, 2, size=2) * 0.5
        ball = (cx + float(jitter[0]), cy + float(jitter[1]), radius, radius)
        mask = ellipse(*ball)
        crown |= mask
        light = 0.6 * lit(*ball) + 0.4 * lit(16, 12, 12, 11)
        canvas.part(mask, leaf, light, edge=leaf[2], steps=(0.34, 0.66))
    if rng.random() < 0.4 and leaf is GREEN:
        fruit = pick(rng, (RED, GOLD), (3, 1))
        for column, row in ((10, 15), (19, 11), (22, 17), (13, 8), (16, 19)):
            if rng.random() < 0.75 and crown[row, column]:
                canvas.fill(box(column, row, column + 2, row + 2), fruit[1])
                canvas.pixels[row, column] = fruit[0]


def draw_tree(rng: np.random.Generator) -> Pixels:
    """A leafy or a needle tree on a brown trunk."""
    canvas = Canvas()
    pine = rng.random() < 0.3
    half = float(rng.choice([1.5, 2.0])) if pine else float(rng.choice([2.0, 2.5, 3.0]))
    trunk = (np.abs(X - 16) < half + np.clip(Y - 27.5, 0, 3) * 0.8) & (Y > 18) & (Y < 30)
    canvas.part(trunk, WOOD, 0.5 - (X - 16) / half * 0.3)
    if pine:
        _pine(canvas, rng)
    else:
        _oak(canvas, rng)
    return canvas.finish()


def draw_ship(rng: np.random.Generator) -> Pixels:
    """A sailing ship on waves: wooden hull, mast, full sails and a flag."""
    canvas = Canvas()
    sail_mark = pick(rng, (RED, BLUE, GREEN, PURPLE), (3, 2, 1, 1))
    mast = int(rng.integers(13, 15))
    canvas.part(box(mast, 3, mast + 2, 22), WOOD, 0.5 - (X - mast - 1) * 0.3)
    flag_row = 2
    canvas.part(
        polygon([(mast + 2, flag_row), (mast + 8, flag_row + 1.5), (mast + 2, flag_row + 4)]),
        sail_mark,
        None,
    )

    top = float(rng.integers(6, 8))
    bulge = float(rng.choice([1.5, 2.5]))
    curve = bulge * np.clip(1 - ((Y - (top + 18) / 2) / ((18 - top) / 2)) ** 2, 0, 1)
    jib = polygon([(mast + 3, 5), (29.5, 17.5), (mast + 8, 17.5)])
    canvas.part(jib, BONE, 0.9 - (X - mast) / 16 * 0.45 + (Y - 17) * 0.02, steps=(0.3, 0.5))
    half = float(rng.choice([6.0, 7.0])) + (Y - top) * 0.22
    sail = (np.abs(X - mast - curve * 0.5) < half) & (top < Y) & (Y < 18)
    canvas.part(sail, BONE, 0.62 - (X - mast - 1) / 8 * 0.4, steps=(0.3, 0.5))
    style = int(rng.integers(4))
    if style == 0:
        canvas.fill(sail & (np.floor((Y - top) / 2) % 2 == 1), sail_mark[1])
    elif style == 1:
        canvas.fill(sail & (np.floor((X - mast) / 2) % 3 == 0), sail_mark[1])
    elif style == 2:
        canvas.fill(ellipse(mast + 1.5, (top + 18) / 2, 2.6, 2.6), sail_mark[1])
    deck = 20.0
    stern = float(rng.integers(2, 5))
    hull = polygon(
        [
            (2.5, deck - stern),
            (7, deck - stern),
            (8, deck),
            (24, deck),
            (30.5, deck - 2.5),
            (26.5, 28.5),
            (6, 28.5),
        ]
    )
    canvas.part(hull, WOOD, 0.62 - (Y - 20) * 0.06 - (X - 16) * 0.01, steps=(0.3, 0.6))
    canvas.fill(hull & (deck + 2 > Y) & (deck + 1 < Y), GOLD[1])
    if rng.random() < 0.6:
        for column in (9, 14, 19, 24):
            canvas.fill(box(column, 23, column + 2, 25), OUTLINE)
    else:
        canvas.fill(hull & (Y > 24) & (Y < 25), WOOD[2])
    phase = int(rng.integers(4))
    crest = 27 + (np.floor(X + phase) // 2 % 2)
    sea = (crest < Y) & (Y < 30.9) & (np.abs(X - 16) < 15)
    canvas.fill(sea, BLUE[1])
    canvas.fill(sea & (crest + 1 > Y), BLUE[0])
    canvas.fill(sea & (Y > 30), BLUE[2])
    return canvas.finish(mirrored=rng.random() < 0.4)
