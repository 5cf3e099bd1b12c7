"""The formats of a gate report: the one place where a format is registered.

The options of `foundation report`, the choices of the Ansible module foundation_gate and the files
beside the report follow from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ..core.errors import DocumentError, FoundationError, one_line

# node_exporter runs as a user of its own and reports only a scrape error for a file that it cannot
# read, so this file is for all to read, whatever the umask; it holds names, outcomes and figures.
_READABLE_BY_ALL = 0o644


@dataclass(frozen=True)
class Format:
    """A rendering of the gate report: its module here has `render(report) -> str`."""

    module: str
    suffix: str
    title: str
    mode: int | None = None

    def render(self, report: Mapping[str, Any]) -> str:
        """The text of a gate report. Raises DocumentError where it cannot be made."""
        try:
            # Imported where used: a template engine is nothing the gate waits for.
            return str(import_module(f"{__package__}.{self.module}").render(report))
        except FoundationError:
            raise
        except Exception as error:  # whatever it is, the verdict and the other formats count
            raise DocumentError(
                f"the gate report as {self.module}: {type(error).__name__}: "
                f"{one_line(str(error))}; please report this as a bug"
            ) from error


FORMATS: Mapping[str, Format] = {
    "junit": Format("junit", ".xml", "JUnit XML"),
    "ctrf": Format("ctrf", ".ctrf.json", "CTRF JSON"),
    "prometheus": Format("prometheus", ".prom", "a text file for node_exporter", _READABLE_BY_ALL),
    "markdown": Format("markdown", ".md", "Markdown for an issue tracker"),
    "html": Format("html_page", ".html", "one page for a browser"),
}
"""By name, what a gate report can be written as."""
