"""Drawings of creatures: slime, knight, skull."""

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
    STEEL,
    WHITE,
    WOOD,
    Canvas,
    X,
    Y,
    box,
    capsule,
    ellipse,
    lit,
    polygon,
)
from .drawings_items import BRIGHT, pick


def draw_slime(rng: np.random.Generator) -> Pixels:
    """A drop-shaped slime with big eyes, a mouth and a wet shine."""
    canvas = Canvas()
    ramp = pick(rng, (GREEN, BLUE, PURPLE, RED, GOLD), (6, 4, 2, 2, 1))
    wide = float(rng.choice([12.0, 13.0, 14.0]))
    tall = float(rng.choice([18.0, 20.0, 22.0]))
    base = 29.0
    height = np.clip((base - Y) / tall, 0.0, 1.0)
    profile = wide * np.sqrt(np.clip(1.0 - height**2.4, 0.0, None))
    body = (np.abs(X - 16) < profile) & (base > Y) & (base - tall < Y)
    body &= ~((base - 1 < Y) & (np.abs(X - 16) > wide - 2))
    if rng.random() < 0.35:
        body |= polygon([(13, base - tall + 2), (16.5, base - tall - 4), (19, base - tall + 2)])
    canvas.part(body, ramp, lit(15, base - tall * 0.45, wide, tall * 0.6), steps=(0.22, 0.72))
    gap = float(rng.integers(4, 6))
    eye_row = float(np.floor(base - tall * 0.48))
    look = int(rng.integers(-1, 2))
    eye_size = float(rng.choice([2.6, 3.1]))
    for side in (-1, 1):
        canvas.part(ellipse(16 + side * gap, eye_row, eye_size, eye_size + 0.6), BONE, Y * 0 + 1)
        canvas.fill(ellipse(16 + side * gap + look, eye_row + 0.5, 1.3, 2.1), OUTLINE)
    mouth_row = int(eye_row + eye_size + 2)
    mouth = int(rng.integers(3))
    if mouth == 0:
        canvas.stamp(("#....#", ".####."), 13, mouth_row, OUTLINE)
    elif mouth == 1:
        canvas.stamp((".####.", ".####.", "..##.."), 13, mouth_row, OUTLINE)
        canvas.stamp(("##",), 15, mouth_row + 2, RED[1])
    else:
        canvas.stamp(("####",), 14, mouth_row + 1, OUTLINE)
    shine = capsule(16 - wide * 0.55, base - tall * 0.72, 16 - wide * 0.35, base - tall * 0.84, 1.0)
    canvas.fill(shine & body, WHITE)
    return canvas.finish()


def _helmet(canvas: Canvas, rng: np.random.Generator) -> None:
    """A great helm with a visor, painted over the shoulders."""
    dome = ellipse(16, 12.0, 7.0, 7.0) | box(9, 11, 23, 17)
    dome &= ~((np.abs(X - 16) > 6) & (Y > 16))
    canvas.part(dome, STEEL, lit(15, 11, 7.5, 8.5), steps=(0.26, 0.68))
    trim = pick(rng, (GOLD, STEEL), (1, 1))
    visor = int(rng.integers(3))
    canvas.fill(box(10, 11, 22, 13), OUTLINE)
    if visor == 0:
        canvas.fill(box(15, 6, 17, 17), trim[0])
        canvas.fill(box(9, 13, 23, 14), trim[1])
    elif visor == 1:
        canvas.fill(box(15, 11, 17, 17), OUTLINE)
    else:
        for column in (12, 15, 18):
            canvas.fill(box(column, 14, column + 1.5, 17), OUTLINE)
    if rng.random() < 0.5:
        glow = pick(rng, BRIGHT, (1, 1, 2, 1))[0] if rng.random() < 0.5 else WHITE
        canvas.fill(box(12, 11, 14, 13) | box(18, 11, 20, 13), glow)
        canvas.fill(box(12, 12, 13, 13) | box(19, 12, 20, 13), OUTLINE)


def draw_knight(rng: np.random.Generator) -> Pixels:
    """A small knight in armour: plumed helm, tabard, shield and drawn sword."""
    canvas = Canvas()
    cloth = pick(rng, (RED, BLUE, GREEN, PURPLE), (3, 3, 1, 1))
    plume = cloth if rng.random() < 0.7 else pick(rng, (RED, BLUE, GOLD), (1, 1, 1))
    style = int(rng.integers(2))
    if style == 0:
        crest = ellipse(16, 5.5, 2.0, 3.6) | ellipse(19, 4.5, 4.0, 2.6) | ellipse(22, 7, 2.2, 3.4)
    else:
        crest = ellipse(16, 5.5, 2.4, 4.6)
    canvas.part(crest, plume, 0.5 - (X - 18) * 0.08 - (Y - 5) * 0.08)

    for left in (11, 17):
        canvas.part(box(left, 25, left + 4, 30), STEEL, 0.5 - (X - left - 2) * 0.15)
        canvas.fill(box(left, 29, left + 4, 30), STEEL[2])
    canvas.part(box(10, 17, 22, 26), STEEL, lit(16, 21, 8, 7))
    canvas.part(box(12, 17, 20, 28), cloth, 0.55 - (X - 16) * 0.09 - (Y - 22) * 0.02)
    canvas.fill(box(12, 23, 20, 24), GOLD[1] if rng.random() < 0.5 else WOOD[2])

    blade_top = float(rng.integers(5, 9))
    blade = box(25, blade_top, 28, 20) & ~((X != 26.5) & (blade_top + 1 > Y))
    canvas.part(blade, STEEL, 0.5 - (X - 26.5) * 0.3)
    canvas.fill(blade & (X < 26), WHITE)
    canvas.part(box(26, 21, 27, 25), WOOD, None)
    canvas.part(box(24, 20, 29, 21), GOLD, 0.5 - (X - 26.5) * 0.15)
    canvas.part(ellipse(24.5, 22.5, 2.0, 2.0), STEEL, lit(24.5, 22.5, 2.5, 2.5))

    shield_ramp = cloth if rng.random() < 0.5 else pick(rng, (RED, BLUE, GOLD, STEEL), (1, 1, 1, 1))
    if rng.random() < 0.6:
        shield = box(3, 17, 12, 22) | polygon([(3, 21), (12, 21), (12, 24), (7.5, 29), (3, 24)])
    else:
        shield = ellipse(7.5, 22.5, 4.9, 4.9)
    canvas.part(shield, shield_ramp, lit(7, 22, 5.5, 6.5), steps=(0.2, 0.75))
    mark = WHITE if shield_ramp is not STEEL else RED[1]
    device = int(rng.integers(3))
    if device == 0:
        canvas.fill(shield & (box(7, 18.9, 8, 27) | box(4.9, 21, 10, 22)), mark)
    elif device == 1:
        canvas.fill(ellipse(7.5, 22, 1.7, 1.7), mark)
    else:
        canvas.fill(shield & (np.abs(X - 7.5) < 1), mark)
    _helmet(canvas, rng)
    return canvas.finish(mirrored=rng.random() < 0.3)


def draw_skull(rng: np.random.Generator) -> Pixels:
    """A skull seen from the front: dark sockets, nose, teeth, sometimes crossed bones."""
    canvas = Canvas()
    if rng.random() < 0.2:
        for side in (-1, 1):
            foot = 16 + side * 12
            bone = capsule(16, 20, foot, 27.5, 1.5)
            bone |= ellipse(foot, 25.8, 1.9, 1.9) | ellipse(foot - side, 28.6, 1.9, 1.9)
            canvas.part(bone, BONE, 1.1 - Y / 32, steps=(0.2, 0.26))
    wide = float(rng.choice([9.5, 10.5, 11.5]))
    middle = 13.0
    high = float(rng.choice([9.5, 10.5]))
    jaw_half = float(rng.choice([5.0, 6.0]))
    jaw = box(16 - jaw_half, 19, 16 + jaw_half, 29)
    jaw &= ~((np.abs(X - 16) > jaw_half - 1) & (Y > 28))
    light = lit(14, 13, wide, 12)
    canvas.part(jaw, BONE, light, steps=(0.1, 0.3))
    cranium = ellipse(16, middle, wide, high) | box(16 - wide + 2.0, 17, 16 + wide - 2.0, 23)
    cranium &= ~((np.abs(X - 16) > wide - 3) & (Y > 22))
    canvas.part(cranium, BONE, light, edge=None, steps=(0.16, 0.36))
    socket = float(rng.choice([2.9, 3.3, 3.7]))
    gap = 4.5 if wide < 10 else 5.0
    for side in (-1, 1):
        canvas.fill(ellipse(16 + side * gap, 15.5, socket, socket + 0.3), OUTLINE)
    if rng.random() < 0.35:
        glow = pick(rng, (RED, GREEN, BLUE, PURPLE, GOLD), (3, 1, 1, 1, 1))
        for side in (-1, 1):
            canvas.fill(ellipse(16 + side * gap, 15.5, 1.5, 1.5), glow[1])
            canvas.pixels[14, int(16 + side * gap - 0.5)] = glow[0]
    canvas.fill(polygon([(16, 18), (17.9, 21.5), (14.1, 21.5)]), OUTLINE)
    canvas.fill(box(16 - jaw_half, 23, 16 + jaw_half, 24), STEEL[2])
    step = int(rng.choice([2, 3]))
    for column in range(16 - int(jaw_half) + step - 1, 16 + int(jaw_half) - 1, step):
        canvas.fill(box(column, 24, column + 1, 28), OUTLINE)
    if rng.random() < 0.3:
        column = int(rng.integers(18, 22))
        for row, offset in enumerate((0, 0, 1, 0, 1)):
            canvas.pixels[5 + row, column + offset] = STEEL[2]
    return canvas.finish()
