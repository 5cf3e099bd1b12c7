"""What every form of a report does with text: wrap it, count, and name a few of many."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from ..core.errors import one_line

WIDTH = 100
"""Columns of a terminal or a journal that a line takes at most."""
_LONGEST = 4000  # characters of one text; a message has 2,000 at most


def wrap(text: str, first: str, later: str | None = None) -> list[str]:
    """`text` in lines of `WIDTH` that begin with `first`, and from the second on with `later`."""
    return textwrap.wrap(
        one_line(text, _LONGEST),
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if later is None else later,
        break_long_words=False,
        break_on_hyphens=False,
    )


def few(names: Sequence[str], most: int, noun: str = "") -> str:
    """The first `most` names on one line, and how many more (of `noun`) there are."""
    rest = len(names) - most
    more = f" and {count(rest, f'more {noun}') if noun else f'{rest} more'}" if rest > 0 else ""
    return ", ".join(names[:most]) + more


def count(number: int, noun: str) -> str:
    """`1 host`, `2 hosts`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
