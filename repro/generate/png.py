"""Palette images as PNG bytes (W3C, Portable Network Graphics, third edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence

import numpy as np

from .vocabulary import PALETTE, SIZE, Pixels

SCALE = 8
_COLUMNS = 5
_GAP = 2  # background pixels around each sprite on a sheet
_LONGEST_STORED_BLOCK = 65535  # RFC 1951, 3.2.4


def image(pixels: Pixels) -> bytes:
    """One sprite, enlarged without smoothing.

    It is not compressed and holds no date: zlib and its successors compress differently from
    version to version and from processor to processor, and the bytes must depend on the pixels
    alone.
    """
    return _png(_enlarged(pixels), _stored)


def pixels_of(picture: bytes) -> Pixels:
    """The sprite in the bytes that `image` made. Raises ValueError for other bytes."""
    header = _png(np.zeros((SIZE * SCALE,) * 2, np.uint8), _stored).partition(b"IDAT")[0][:-4]
    if not picture.startswith(header):
        raise ValueError("not a picture that this program made")
    first = len(header) + 8
    (length,) = struct.unpack(">I", picture[len(header) : len(header) + 4])
    rows = zlib.decompress(picture[first : first + length])
    lines = np.frombuffer(rows, np.uint8).reshape(SIZE * SCALE, SIZE * SCALE + 1)
    return lines[::SCALE, 1::SCALE]


def contact_sheet(sprites: Sequence[Pixels]) -> bytes:
    """All sprites on one sheet, row by row; compressed."""
    columns = min(_COLUMNS, len(sprites))
    cells = [np.pad(pixels, _GAP) for pixels in sprites]
    cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
    rows = [np.hstack(cells[first : first + columns]) for first in range(0, len(cells), columns)]
    return _png(_enlarged(np.vstack(rows)), zlib.compress)


def _enlarged(pixels: Pixels) -> Pixels:
    """Every pixel as a square of SCALE by SCALE."""
    return np.repeat(np.repeat(pixels, SCALE, axis=0), SCALE, axis=1)


def _png(pixels: Pixels, compress: Callable[[bytes], bytes]) -> bytes:
    height, width = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    rows = np.zeros((height, width + 1), dtype=np.uint8)  # column 0: filter type 0, none
    rows[:, 1:] = pixels
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", bytes(value for color in PALETTE for value in color)),
            _chunk(b"IDAT", compress(rows.tobytes())),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def _stored(content: bytes) -> bytes:
    """A zlib stream (RFC 1950) of stored blocks (RFC 1951, 3.2.4)."""
    parts = [b"\x78\x01"]
    for first in range(0, len(content), _LONGEST_STORED_BLOCK):
        block = content[first : first + _LONGEST_STORED_BLOCK]
        last = first + len(block) == len(content)
        parts += [struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF), block]
    return b"".join((*parts, struct.pack(">I", zlib.adler32(content))))
