"""A large report as JSON that people can read, and search line by line.

Objects and lists that hold no others stand on one line each, so that a criterion is a line. Lines
come one at a time: the text of ten thousand hosts need never be in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from .errors import Json

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_STEP = "  "
_KEPT = 10_000  # texts; what a fleet has in common shows in its first hosts


def lines(value: Json) -> Iterator[str]:
    """The lines of a JSON text. Raises TypeError, ValueError for what JSON cannot say."""
    return _lines(value, "", "", "", {})


def _lines(
    value: Json, indent: str, before: str, after: str, told: dict[int, str]
) -> Iterator[str]:
    """`before` is what begins the first line (a key), `after` what ends the last (a comma).

    `told` has the text of objects by their id: a report holds many of them more than once.
    """
    if isinstance(value, dict) and (text := told.get(id(value))) is not None:
        yield f"{indent}{before}{text}{after}"
        return
    if isinstance(value, dict) and value and _flat(value) and len(told) < _KEPT:
        told[id(value)] = _text(value)
        yield f"{indent}{before}{told[id(value)]}{after}"
        return
    if not isinstance(value, dict | list) or _flat(value):
        yield f"{indent}{before}{_text(value)}{after}"
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield f"{indent}{before}{opening}"
    last = len(value) - 1
    for index, item in enumerate(value):
        key, part = (f"{_text(item)}: ", value[item]) if isinstance(value, dict) else ("", item)
        yield from _lines(part, indent + _STEP, key, "" if index == last else ",", told)
    yield f"{indent}{closing}{after}"


def _flat(value: Json) -> bool:
    parts = value.values() if isinstance(value, dict) else value
    return not any(isinstance(part, dict | list) for part in parts)


def _text(value: Json) -> str:
    return _ENCODER.encode(value)
