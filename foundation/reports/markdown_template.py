"""Pages in Markdown from `templates/*.md.j2`, and how text of a host stands in their tables."""

from __future__ import annotations

import re
from typing import Any

from ..core.errors import one_line
from . import jinja
from .text import count, few

# An underscore inside a word is not markup.
_MARKUP = re.compile(r"[\\|`*\[\]<>]|(?<![^\W_])_|_(?![^\W_])")


def cell(text: object, longest: int = 400) -> str:
    """Text of a host or a profile on one line, also in a table, without markup of its own."""
    return _MARKUP.sub(r"\\\g<0>", one_line(str(text), longest))


def render(name: str, **values: Any) -> str:
    """The page of a template. It ends with one new line."""
    environment = jinja.environment()
    environment.filters |= {"cell": cell, "few": few}
    environment.globals["count"] = count
    return environment.get_template(name).render(**values).rstrip() + "\n"
