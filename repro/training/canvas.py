"""Drawing primitives for 32x32 palette-indexed pixel art.

Shapes are boolean masks over pixel centers, so edges are hard and nothing is ever blended:
every pixel of a finished sprite is an index into `PALETTE`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..generate.vocabulary import SIZE, TRANSPARENT, Pixels

Mask = npt.NDArray[np.bool_]
Field = npt.NDArray[np.float64]
Ramp = tuple[int, int, int]

OUTLINE, WHITE = 1, 2

# A ramp is (light, middle, dark).
STEEL: Ramp = (3, 4, 5)
GOLD: Ramp = (6, 7, 8)
WOOD: Ramp = (9, 10, 11)
RED: Ramp = (12, 13, 14)
GREEN: Ramp = (15, 16, 17)
BLUE: Ramp = (18, 19, 20)
PURPLE: Ramp = (21, 22, 23)
BONE: Ramp = (WHITE, STEEL[0], STEEL[1])

# Light falls from the upper left: unit vector towards it, y pointing down.
LIGHT = (-0.6, -0.8)

_centers = np.arange(SIZE, dtype=np.float64) + 0.5
X: Field = np.broadcast_to(_centers[None, :], (SIZE, SIZE)).copy()
Y: Field = np.broadcast_to(_centers[:, None], (SIZE, SIZE)).copy()


def ellipse(cx: float, cy: float, rx: float, ry: float) -> Mask:
    """Pixels inside an axis-parallel ellipse (center and radii in pixels)."""
    mask: Mask = ((X - cx) / rx) ** 2 + ((Y - cy) / ry) ** 2 <= 1.0
    return mask


def box(x0: float, y0: float, x1: float, y1: float) -> Mask:
    """Pixels inside an axis-parallel rectangle (edges in pixels)."""
    mask: Mask = (x0 < X) & (x1 > X) & (y0 < Y) & (y1 > Y)
    return mask


def polygon(points: list[tuple[float, float]]) -> Mask:
    """Pixels inside a closed polygon, by the even-odd rule."""
    mask: Mask = np.zeros((SIZE, SIZE), dtype=np.bool_)
    for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1], strict=True):
        if ay == by:
            continue
        crosses = (ay > Y) != (by > Y)
        mask ^= crosses & (ax + (Y - ay) * ((bx - ax) / (by - ay)) > X)
    return mask


def capsule(ax: float, ay: float, bx: float, by: float, radius: float) -> Mask:
    """Pixels within `radius` of the segment from a to b."""
    dx, dy = bx - ax, by - ay
    along = np.clip(((X - ax) * dx + (Y - ay) * dy) / (dx * dx + dy * dy), 0.0, 1.0)
    mask: Mask = (X - ax - along * dx) ** 2 + (Y - ay - along * dy) ** 2 <= radius * radius
    return mask


def lit(cx: float, cy: float, rx: float, ry: float) -> Field:
    """How much an ellipsoid's surface faces the light: 1 fully, 0 not at all."""
    facing = (X - cx) / rx * LIGHT[0] + (Y - cy) / ry * LIGHT[1]
    field: Field = np.clip(0.5 + 0.5 * facing, 0.0, 1.0)
    return field


def grow(mask: Mask) -> Mask:
    """The mask and its four-neighbours."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown


def shrink(mask: Mask) -> Mask:
    """The mask without the pixels at its border."""
    shrunk: Mask = ~grow(~mask)
    return shrunk


class Canvas:
    """A sprite being painted: `pixels` holds palette indices, 0 where nothing was painted."""

    def __init__(self) -> None:
        self.pixels: Pixels = np.zeros((SIZE, SIZE), dtype=np.uint8)

    def fill(self, mask: Mask, color: int) -> None:
        """Paint a mask in one palette color."""
        self.pixels[mask] = color

    def part(
        self,
        mask: Mask,
        ramp: Ramp,
        light: Field | None = None,
        edge: int | None = OUTLINE,
        steps: tuple[float, float] = (0.36, 0.66),
    ) -> None:
        """Paint a mask with a ramp, darker below `steps[0]`, lighter above `steps[1]` of `light`.

        `edge` colors the ring of pixels around the part; without it no ring is painted.
        """
        if edge is not None:
            self.pixels[grow(mask) & ~mask] = edge
        if light is None:
            self.pixels[mask] = ramp[1]
            return
        level = np.where(light > steps[1], ramp[0], np.where(light < steps[0], ramp[2], ramp[1]))
        self.pixels[mask] = level[mask].astype(np.uint8)

    def stamp(self, pattern: tuple[str, ...], left: int, top: int, color: int) -> None:
        """Paint the '#' cells of a small bitmap in one color."""
        for row, line in enumerate(pattern):
            for column, cell in enumerate(line):
                if cell == "#":
                    self.pixels[top + row, left + column] = color

    def finish(self, mirrored: bool = False) -> Pixels:
        """The sprite with a dark outline around whatever touches transparency."""
        solid = self.pixels != TRANSPARENT
        colored = solid & (self.pixels != OUTLINE)
        self.pixels[grow(colored) & ~solid] = OUTLINE
        return np.ascontiguousarray(self.pixels[:, ::-1]) if mirrored else self.pixels
