"""How the templates of this room are read: HTML and Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"


def environment(**options: Any) -> Environment:
    """The environment of `templates/`; a name that a template lacks is an error."""
    return Environment(  # noqa: S701 - HTML asks for autoescape, Markdown has its own rules
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **options,
    )
