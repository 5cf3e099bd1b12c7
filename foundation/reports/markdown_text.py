"""Foreign text in Markdown: shown as it is, and nothing else.

What a host reported may hold anything. On an issue tracker it must not become a heading, HTML, a
link, a person who is notified or a reference to another issue. Two ways to be sure, since trackers
look for mentions and references in the rendered page, where an escaped `@` is an `@` again:

- `code`: a code span. Markdown takes nothing in it for markup, trackers look for nothing in it, and
  it can be copied as it is: for values, messages and commands.
- `prose`: character references for all that Markdown gives a meaning, and a zero-width space where
  a tracker would see a mention, a reference or an address. For titles, which nobody copies.
"""

from __future__ import annotations

import re
from html import escape

from foundation.core.errors import one_line

LONGEST = 600  # characters of one text
_ZERO_WIDTH_SPACE = "&#8203;"
_MARKUP = re.compile(r"[!\"#$&'*+:;<=>?@\[\\\]^_`{|}~]")
# @person, #1, !1, ~label, %milestone, $snippet, &epic, :emoji:, then GH-1, PROJECT-1, www. and ://.
_REFERENCE = re.compile(
    r"(?<=[@#!~%$&^:])(?=\w)|(?<=[A-Z0-9_]-)(?=\d)|(?<=www)(?=\.)|(?<=:)(?=//)", re.IGNORECASE
)


def code(text: str) -> str:
    """A text as a code span. Not for cells of tables, which a `|` would end."""
    line = _plain(text)
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    # Markdown takes one space away from both ends where both have one.
    padding = " " if line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{padding}{line}{padding}{fence}"


def prose(text: str) -> str:
    """A text as running text, also in a cell of a table."""
    parts = _REFERENCE.split(_plain(text))
    return _ZERO_WIDTH_SPACE.join(
        _MARKUP.sub(lambda found: f"&#{ord(found[0])};", part) for part in parts
    )


def html_code(text: str) -> str:
    """A text as code in a line of HTML, where Markdown is not read."""
    return f"<code>{escape(_plain(text))}</code>"


def _plain(text: str) -> str:
    return one_line(text, LONGEST) or "(blank)"
