"""Drawings of things one carries: sword, potion, coin, key, heart."""

# A drawing is coordinates and odds through and through; names for them would say nothing.
# ruff: noqa: PLR2004

from __future__ import annotations

import math

import numpy as np

from ..generate.vocabulary import Pixels
from .canvas import (
    BLUE,
    GOLD,
    GREEN,
    OUTLINE,
    PURPLE,
    RED,
    STEEL,
    WHITE,
    WOOD,
    Canvas,
    Field,
    Mask,
    Ramp,
    X,
    Y,
    box,
    capsule,
    ellipse,
    lit,
    polygon,
    shrink,
)

BRIGHT: tuple[Ramp, ...] = (RED, GREEN, BLUE, PURPLE)


def pick(rng: np.random.Generator, choices: tuple[Ramp, ...], weights: tuple[int, ...]) -> Ramp:
    """One of `choices`, with odds in proportion to whole-number `weights`."""
    roll = int(rng.integers(sum(weights)))
    for choice, weight in zip(choices, weights, strict=True):
        if roll < weight:
            return choice
        roll -= weight
    raise ValueError("weights and choices differ in length")


def _axes(diagonal: bool, x: float, y: float) -> tuple[Field, Field]:
    """Coordinates (along, across) in a frame at (x, y) that points up, or up and right."""
    if not diagonal:
        return y - Y, X - x
    half = math.sqrt(0.5)
    return ((X - x) - (Y - y)) * half, ((X - x) + (Y - y)) * half


def draw_sword(rng: np.random.Generator) -> Pixels:
    """A sword, point up: blade with a lit and a dark side, guard, wrapped grip, pommel."""
    canvas = Canvas()
    diagonal = rng.random() < 0.8
    length = 36.5 if diagonal else 28.5
    along, across = _axes(diagonal, 3.5 if diagonal else 16.0, 28.5 if diagonal else 30.5)
    blade_ramp = pick(rng, (STEEL, BLUE, GOLD), (7, 2, 1))
    guard_ramp = pick(rng, (GOLD, STEEL, RED, PURPLE, WOOD), (5, 1, 2, 1, 1))
    grip_ramp = pick(rng, (WOOD, RED, BLUE, PURPLE), (5, 1, 1, 1))
    guard_at = float(rng.integers(9, 12)) * (1.0 if diagonal else 0.85)
    width = float(rng.choice([2.3, 2.8, 3.3]))
    tip = float(rng.choice([3.0, 4.0, 5.0]))
    end = length - float(rng.integers(0, 3))
    curve = float(rng.choice([0.0, 0.0, 0.06, -0.05]))

    grip = (np.abs(across) < 1.25) & (along > 2.0) & (along < guard_at)
    canvas.part(grip, grip_ramp, 0.5 - 0.3 * across)
    canvas.fill(grip & (np.floor(along / 1.5) % 2 == 0), grip_ramp[2])
    taper = width * np.clip((end - along) / tip, 0.0, 1.0)
    blade = (np.abs(across) < taper + 0.1) & (along > guard_at) & (along < end)
    canvas.part(blade, blade_ramp)
    canvas.fill(blade & (across < 0), blade_ramp[0])
    canvas.fill(blade & (across > width * 0.55), blade_ramp[2])
    if width > 2.0:
        shine = blade & (np.abs(across + 0.35) < 0.5) & (along < end - tip)
        canvas.fill(shine, WHITE if rng.random() < 0.6 else blade_ramp[1])
    span = float(rng.choice([4.4, 5.4, 6.4]))
    bend = along - guard_at - curve * across * across
    guard = (np.abs(bend) < 1.3) & (np.abs(across) < span)
    canvas.part(guard, guard_ramp, 0.5 - across / span * 0.4)
    pommel = (along - 1.6) ** 2 + across**2 <= float(rng.choice([3.4, 4.6]))
    canvas.part(pommel, guard_ramp, 0.5 - across * 0.2 + (along - 1.6) * 0.1)
    if rng.random() < 0.4:
        gem = pick(rng, BRIGHT, (2, 1, 1, 1))
        jewel = (along - guard_at) ** 2 + across**2 < 2.0
        canvas.part(jewel, gem, 0.5 - across * 0.3, edge=None)
    return canvas.finish(mirrored=rng.random() < 0.3)


def _flask(rng: np.random.Generator, top: float) -> tuple[Mask, tuple[float, float, float, float]]:
    """A flask's body below its neck, and the (cx, cy, rx, ry) to shade it by."""
    kind = int(rng.integers(4))
    if kind <= 1:
        radius = float(rng.choice([8.5, 9.5, 10.0]))
        center = 30.0 - radius
        return ellipse(16, center, radius, radius), (16, center, radius, radius)
    if kind == 2:
        wide = float(rng.choice([9.0, 10.0, 11.0]))
        cone = polygon(
            [
                (13, top),
                (19, top),
                (16 + wide, 27),
                (16 + wide, 30),
                (16 - wide, 30),
                (16 - wide, 27),
            ]
        )
        cone &= ~((np.abs(X - 16) > wide - 1) & (Y > 29))
        return cone, (16, 22, wide, 9)
    wide = float(rng.choice([6.0, 7.0, 8.0]))
    body = box(16 - wide, top + 2, 16 + wide, 30) & ~(
        (np.abs(X - 16) > wide - 1) & ((top + 3 > Y) | (Y > 29))
    )
    return body, (16, 21, wide, 10)


def draw_potion(rng: np.random.Generator) -> Pixels:
    """A stoppered glass flask of bright liquid with bubbles and a shine."""
    canvas = Canvas()
    liquid_ramp = pick(rng, (RED, GREEN, BLUE, PURPLE, GOLD), (4, 3, 3, 3, 1))
    top = float(rng.integers(9, 12))
    body, ball = _flask(rng, top)
    neck_half = float(rng.choice([2.0, 3.0]))
    neck = box(16 - neck_half, top - 4, 16 + neck_half, top + 4)
    cork = box(16 - neck_half, top - 7, 16 + neck_half, top - 2)
    canvas.part(cork, WOOD, 0.5 - (X - 16) * 0.15)
    glass = body | neck
    canvas.part(glass, (WHITE, STEEL[0], STEEL[1]), lit(*ball), steps=(0.3, 0.8))
    lip = box(16 - neck_half - 1, top - 4, 16 + neck_half + 1, top - 2)
    canvas.part(lip, (WHITE, STEEL[0], STEEL[1]), 0.5 - (X - 16) * 0.12)
    level = float(rng.integers(int(top) + 4, 20))
    liquid = shrink(glass) & (level < Y)
    canvas.part(liquid, liquid_ramp, lit(*ball), edge=None, steps=(0.3, 0.72))
    canvas.fill(liquid & (level + 1 > Y), liquid_ramp[0])
    for _ in range(int(rng.integers(1, 4))):
        column, row = int(rng.integers(14, 21)), int(rng.integers(21, 27))
        if liquid[row, column]:
            canvas.pixels[row, column] = liquid_ramp[0]
    cx, cy, rx, ry = ball
    shine = capsule(cx - rx * 0.5, cy - ry * 0.3, cx - rx * 0.52, cy + ry * 0.1, 0.9)
    canvas.fill(shine & shrink(glass), WHITE)
    return canvas.finish()


EMBLEMS: tuple[tuple[str, ...], ...] = tuple(
    tuple(emblem.split())
    for emblem in (
        "...##... .######. ##.##... ##.##... .######. ...##.## ...##.## .######. ...##...",
        "...##... ...##... ######## .######. ..####.. .######. .##..##. ##....##",
        "..####.. .##..##. ##...... ##...... ##...... ##...... .##..##. ..####..",
        "#..##..# ##.##.## ######## ######## ######## ........ ########",
    )
)


def draw_coin(rng: np.random.Generator) -> Pixels:
    """A coin with a thick edge, a raised rim and an embossed emblem."""
    canvas = Canvas()
    ramp = pick(rng, (GOLD, STEEL, WOOD), (12, 2, 1))
    radius = float(rng.choice([10.0, 11.0, 12.0]))
    narrow = float(rng.choice([1.0, 0.92, 0.85]))
    thick = int(rng.integers(1, 4))
    cx, rx = 16.0 - thick // 2, radius * narrow
    edge = ellipse(cx, 16, rx, radius)
    for offset in range(1, thick + 1):
        edge |= ellipse(cx + offset, 16, rx, radius)
    canvas.part(edge, (ramp[1], ramp[2], ramp[2]), Y * 0 + 0.5)
    canvas.fill(edge & (np.floor(Y) % 3 == 0), ramp[1])
    face = ellipse(cx, 16, rx, radius)
    canvas.part(face, ramp, lit(cx, 16, rx, radius), edge=ramp[2], steps=(0.0, 0.5))
    inner = ellipse(cx, 16, rx - 2, radius - 2)
    canvas.fill(inner, ramp[2])
    canvas.fill(inner & ellipse(cx + 0.6, 16.8, rx - 2.2, radius - 2.2), ramp[1])
    emblem = EMBLEMS[int(rng.integers(len(EMBLEMS)))]
    left, row = int(cx) - 4, 16 - (len(emblem) + 1) // 2
    canvas.stamp(emblem, left + 1, row + 1, ramp[2])
    canvas.stamp(emblem, left, row, ramp[0])
    glint = capsule(cx - rx * 0.62, 16 - radius * 0.5, cx - rx * 0.4, 16 - radius * 0.72, 0.8)
    canvas.fill(glint & face, WHITE)
    return canvas.finish()


def draw_key(rng: np.random.Generator) -> Pixels:
    """A key: ring bow with a hole, collar, shaft and bit."""
    canvas = Canvas()
    ramp = pick(rng, (GOLD, STEEL, WOOD), (6, 3, 1))
    diagonal = rng.random() < 0.7
    along, across = _axes(diagonal, 4.5 if diagonal else 15.0, 27.5 if diagonal else 30.0)
    bow_at = 25.0 if diagonal else 21.0
    light = 0.5 - across * 0.16
    outer = float(rng.choice([5.6, 6.2, 6.8]))
    shaft = (np.abs(across) < 1.5) & (along > 0) & (along < bow_at - outer + 1)
    reach = float(rng.integers(4, 7))
    start = float(rng.choice([0.0, 1.5]))
    teeth: Mask = (across > 0) & (across < reach) & (along > start) & (along < start + 2.4)
    if rng.random() < 0.75:
        second = reach - float(rng.integers(0, 2))
        teeth |= (across > 0) & (across < second) & (along > start + 4.6) & (along < start + 7.0)
    canvas.part(shaft | teeth, ramp, light)
    collar = (np.abs(across) < 2.6) & (np.abs(along - bow_at + outer + 1.5) < 1.2)
    canvas.part(collar, ramp, light)
    u = along - bow_at
    distance = np.sqrt(u * u + across * across)
    if rng.random() < 0.25:
        distance = np.maximum(np.abs(u), np.abs(across)) * 1.12
    facing = 0.5 - across / outer * 0.35 + u / outer * (0.1 if diagonal else 0.35)
    bow = distance < outer
    hole = distance < outer - 2.3
    canvas.part(bow & ~hole, ramp, facing)
    canvas.fill(hole, OUTLINE)
    if rng.random() < 0.15:
        canvas.part(shrink(hole), pick(rng, BRIGHT, (2, 1, 1, 1)), facing, edge=None)
    else:
        canvas.fill(shrink(hole), 0)
    return canvas.finish(mirrored=rng.random() < 0.3)


def draw_heart(rng: np.random.Generator) -> Pixels:
    """A plump heart with a shine, sometimes with a metal frame or a crack."""
    canvas = Canvas()
    ramp = pick(rng, (RED, PURPLE, BLUE, GREEN, GOLD), (12, 2, 1, 1, 1))
    lobe = float(rng.choice([6.0, 6.5, 7.0]))
    apart = lobe - float(rng.choice([0.5, 1.0]))
    top = float(rng.integers(10, 13))
    tip = top + float(rng.choice([14.0, 15.5, 17.0]))
    side = apart + lobe * 0.96
    heart = ellipse(16 - apart, top, lobe, lobe) | ellipse(16 + apart, top, lobe, lobe)
    heart |= polygon(
        [
            (16 - side, top + lobe * 0.3),
            (16 - side * 0.6, top + lobe),
            (16 - 0.7, tip),
            (16 + 0.7, tip),
            (16 + side * 0.6, top + lobe),
            (16 + side, top + lobe * 0.3),
            (16, top - 1),
        ]
    )
    light = lit(14.0, top + 2, side, (tip - top) * 0.85)
    if rng.random() < 0.25:
        canvas.part(heart, pick(rng, (GOLD, STEEL), (1, 1)), light)
        heart = shrink(shrink(heart))
    canvas.part(heart, ramp, light, steps=(0.24, 0.74))
    spot = ellipse(16 - apart - 0.5, top - lobe * 0.3, float(rng.choice([1.6, 2.2])), 1.7)
    canvas.fill(spot & heart, WHITE)
    if rng.random() < 0.5:
        canvas.fill(ellipse(16 - apart - 2.5, top + 2.0, 1.0, 1.1) & heart, WHITE)
    return canvas.finish()
