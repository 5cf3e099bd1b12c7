"""Files that appear whole or not at all, and pictures as PNG bytes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_SCALE = 8
_COLUMNS = 5
_GAP = 16  # pixels between pictures on the sheet
_SHEET_COLOR = (12, 12, 18)


@contextlib.contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """A new name beside `path`, removed unless it was renamed."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def write(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step. Raises OSError, and leaves no part behind."""
    with _temporary(path) as temporary:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Put a document at `path` in one step. Raises OSError."""
    write(path, (json.dumps(content, indent=2) + "\n").encode())


def png(pixels: list[int], colors: list[int], size: int) -> bytes:
    """A picture of `size` x `size` palette indices, enlarged without smoothing.

    It holds no date, so the same pixels give the same bytes under the same Pillow and zlib.
    """
    from PIL import Image  # noqa: PLC0415 - --help needs no Pillow

    image = Image.frombytes("P", (size, size), bytes(pixels))
    image.putpalette(colors)
    large = image.resize((size * _SCALE, size * _SCALE), Image.Resampling.NEAREST)
    return _encoded(large)


def contact_sheet(pictures: list[bytes]) -> bytes:
    """All pictures on one sheet, row by row."""
    from PIL import Image  # noqa: PLC0415

    images = [Image.open(io.BytesIO(content)).convert("RGB") for content in pictures]
    width, height = images[0].size
    columns = min(_COLUMNS, len(images))
    rows = -(-len(images) // columns)
    sheet = Image.new(
        "RGB", (columns * (width + _GAP) + _GAP, rows * (height + _GAP) + _GAP), _SHEET_COLOR
    )
    for place, image in enumerate(images):
        row, column = divmod(place, columns)
        sheet.paste(image, (_GAP + column * (width + _GAP), _GAP + row * (height + _GAP)))
    return _encoded(sheet)


def _encoded(image: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
