"""Gate reports from and to files. The formats themselves touch none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from foundation.core import files
from foundation.core.errors import DocumentError, FoundationError, StorageError, one_line
from foundation.documents import store
from foundation.documents.schema_registry import first_fault
from foundation.evaluation.report_entries import complete

Report = dict[str, Any]

KIND = "gate_report"
_JUDGE_AGAIN = "make it again with ansible-playbook gate.yml or foundation gate --json"
# node_exporter runs as a user of its own and says no more than a scrape error of what it cannot
# read, so this file is for all to read, whatever the umask; it holds names, outcomes and figures.
_READABLE_BY_ALL = 0o644


@dataclass(frozen=True)
class Format:
    """A rendering of the gate report: its module has `render(report) -> str`."""

    module: str
    suffix: str
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
    "junit": Format("junit", ".xml"),
    "ctrf": Format("ctrf", ".ctrf.json"),
    "prometheus": Format("prometheus", ".prom", _READABLE_BY_ALL),
    "markdown": Format("markdown", ".md"),
    "html": Format("html_page", ".html"),
}
"""By name, what a gate report can be written as."""


def load(path: Path) -> Report:
    """Read a gate report, of any size. Raises DocumentError for anything else."""
    path = Path(path)
    try:
        report = store.parse(path.read_bytes())
    except OSError as error:
        raise DocumentError(
            f"{path}: cannot be read: {error.strerror}; name the gate report with --gate, or "
            f"{_JUDGE_AGAIN}"
        ) from error
    except DocumentError as error:
        raise DocumentError(f"{path}: {error}; {_JUDGE_AGAIN}") from error
    if report.get("kind") != KIND:
        raise DocumentError(f"{path}: not a gate report, $.kind is not {KIND!r}; {_JUDGE_AGAIN}")
    fault = first_fault(KIND, report)
    if fault is not None:
        raise DocumentError(f"{path}: {fault}; damaged or of another version: {_JUDGE_AGAIN}")
    return complete(report)


def write(report: Mapping[str, Any], name: str, path: Path) -> None:
    """Write a gate report in one of `FORMATS`, atomically. Raises StorageError, DocumentError."""
    wanted = FORMATS[name]
    files.write_atomically(path, wanted.render(report).encode(), wanted.mode)


def beside(path: Path, name: str) -> Path:
    """Where a format goes that is written next to the gate report `path`: `gate.json`, `gate.xml`.

    Never `path` itself, whatever it is called: what is appended takes the place of `.json` only.
    """
    return path.with_name(path.name.removesuffix(".json") + FORMATS[name].suffix)


def write_beside(report: Mapping[str, Any], path: Path, formats: Iterable[str]) -> list[Path]:
    """Write a gate report, which lies at `path` as JSON already, in other formats next to it.

    One that cannot be written keeps no other from being written. Raises StorageError in the end
    where there was one: the verdict stands, and the message says so.
    """
    written, faults = [], []
    for name in dict.fromkeys(formats):
        target = beside(path, name)
        try:
            write(report, name, target)
        except FoundationError as error:
            faults.append(str(error))
        else:
            written.append(target)
    if faults:
        raise StorageError(
            f"the verdict is {report['verdict']} and stands in {path}, but: {'; '.join(faults)}"
        )
    return written
