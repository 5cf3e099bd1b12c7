"""The gate report as one HTML page that needs nothing but itself: `render`.

Everything in a report is data, host names and messages of strangers included: the templates
escape each value, and the page's Content-Security-Policy lets the browser load nothing and run
nothing but the one style sheet and the one script whose hashes it names. Neither is needed to
read the page. Line breaks, control and direction characters in values become spaces.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from ..profiles.constraints import four_digits
from . import html_figures, html_model, jinja
from .findings import BLOCKING, FINDINGS, STATES, VERDICTS, state

_LONGEST = 4000  # characters of one value: twice what the gate writes into a message
_FILTER_FROM = 30  # with more hosts than that, the page starts with those that do not pass
_OPEN_UP_TO = 3  # with so few findings to read, they are unfolded


def render(report: Mapping[str, Any]) -> str:
    """The page of a gate report (`schemas/gate_report.json`), as HTML.

    The same report always gives the same page. `report` is valid by its schema.
    """
    page = html_model.page(report)
    environment = jinja.environment(autoescape=True, finalize=_printable)
    environment.policies["truncate.leeway"] = 0
    environment.filters["four_digits"] = four_digits
    style, script = (
        (jinja.TEMPLATES / name).read_text(encoding="utf-8").strip()
        for name in ("style.css", "script.js")
    )
    return environment.get_template("page.html.j2").render(
        page=page,
        report=report,
        strips=html_figures.strips(report),
        linked=html_figures.linked(report),
        style=Markup(style),  # noqa: S704 - a file of this package
        script=Markup(script),  # noqa: S704 - a file of this package
        policy=_policy(style, script),
        state=state,
        words=html_model.WORDS,
        blocking=BLOCKING,
        finding_states=FINDINGS,
        states=STATES,
        verdicts=VERDICTS,
        filter_from=_FILTER_FROM,
        unfold=len(page.hosts) == 1 or sum(len(h.blocking) for h in page.hosts) <= _OPEN_UP_TO,
    )


def _policy(style: str, script: str) -> str:
    """Nothing from anywhere, but these two texts."""
    hashes = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (style, script)
    ]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _printable(value: Any) -> Any:
    """What a template shows, without characters that control a line; pieces of HTML as they are.

    Not `errors.one_line`: the templates' own words come by here too, with their spaces.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    if not value.isprintable():
        value = "".join(letter if letter.isprintable() else " " for letter in value)
    return value if len(value) <= _LONGEST else value[: _LONGEST - 3] + "..."
