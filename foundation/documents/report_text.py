"""A large report as JSON that people can read, and search line by line.

Objects and lists that hold no others are on one line each, and so is a record: an object with
values of its own and beside them nothing deeper than that. So a criterion is a line. The text comes
in pieces: that of ten thousand hosts need never be in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..core.errors import Json

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_STEP = "  "
_NESTING = frozenset({dict, list})
_KEPT = 10_000  # texts; what a fleet has in common shows in its first hosts


def pieces(value: Json) -> Iterator[str]:
    """The pieces of a JSON text. Raises TypeError, ValueError for what JSON cannot say."""
    yield from _pieces(value, "\n", {})
    yield "\n"


def _pieces(value: Json, line: str, known: dict[int, str]) -> Iterator[str]:
    """`line` begins a line as deep as `value`; `known` has the text of objects by their id.

    A report holds many of its objects more than once.
    """
    text = _one_line(value, known)
    if text is not None:
        yield text
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    inner = line + _STEP
    keys = [f"{_text(key)}: " for key in value] if isinstance(value, dict) else [""] * len(value)
    parts = list(value.values()) if isinstance(value, dict) else value
    texts = [_one_line(part, known) for part in parts]
    if None not in texts:
        lines = (f"{key}{text}" for key, text in zip(keys, texts, strict=True))
        yield f"{opening}{inner}{f',{inner}'.join(lines)}{line}{closing}"
        return
    before = opening
    for key, part in zip(keys, parts, strict=True):
        yield f"{before}{inner}{key}"
        yield from _pieces(part, inner, known)
        before = ","
    yield f"{line}{closing}"


def _one_line(value: Json, known: dict[int, str]) -> str | None:
    """The text of what is on one line; None for what is not."""
    if not isinstance(value, (dict, list)):
        return _text(value)
    text = known.get(id(value))
    if text is None:
        nested = _nested(value)
        if nested and (
            isinstance(value, list) or len(nested) == len(value) or any(map(_nested, nested))
        ):
            return None
        text = _text(value)
        if len(known) < _KEPT:
            known[id(value)] = text
    return text


def _nested(value: Json) -> list[Json]:
    """The objects and lists in an object or a list."""
    parts = value.values() if isinstance(value, dict) else value
    # Not isinstance, which takes longer than all else here: what is written is plain.
    return [part for part in parts if type(part) in _NESTING]


def _text(value: Json) -> str:
    return _ENCODER.encode(value)
