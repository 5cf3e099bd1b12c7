"""Markdown of the generated pages."""

from __future__ import annotations

import re
from collections.abc import Iterable

_BY_ANSIBLE = re.compile(r"\b[CVOMIB]\(([^)]*)\)")
_BARE = re.compile(r"<([A-Za-z-]+)>")


def document(parts: Iterable[str], source: str) -> str:
    """A page of these parts that says what it is made from."""
    title, *rest = parts
    mark = f"<!-- Made from {source} by `make docs`: edit those, not this. -->"
    return "\n\n".join([title, mark, *rest]) + "\n"


def row(*cells: str) -> str:
    """A row of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def code(value: object) -> str:
    """Code in a line; nothing for nothing."""
    told = str(value)
    return f"`{told}`" if told else ""


def text(value: str) -> str:
    """A sentence of the sources, with Ansible's markup as Markdown."""
    return _BARE.sub(r"`<\1>`", _BY_ANSIBLE.sub(r"`\1`", " ".join(value.split())))
