"""Gate reports from and to files. The formats themselves touch none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..core import files
from ..core.errors import DocumentError, FoundationError, StorageError
from ..documents import store
from ..documents.schema_registry import first_fault, known, newer_note
from ..evaluation.report_entries import complete
from .formats import FORMATS

Report = dict[str, Any]

KIND = "gate_report"
_JUDGE_AGAIN = "make it again with ansible-playbook gate.yml or foundation gate --json"


def load(path: Path) -> Report:
    """Read a gate report, of any size. Raises DocumentError for anything else."""
    path = Path(path)
    report = load_if_present(path, KIND, _JUDGE_AGAIN)
    if report is None:
        raise DocumentError(
            f"{path}: cannot be read: No such file; name the gate report with --gate, or "
            f"{_JUDGE_AGAIN}"
        )
    if (note := newer_note(KIND, report)) is not None:
        report["messages"] = [*report["messages"], note]
    return complete(report)


def load_if_present(path: Path, kind: str, remediation: str) -> dict[str, Any] | None:
    """The document of a kind that belongs to no host; None where there is no file.

    Raises DocumentError, which ends with `remediation`, for a file that cannot be used.
    """
    try:
        document = store.parse(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read: {error.strerror}; {remediation}") from error
    except DocumentError as error:
        raise DocumentError(f"{path}: {error}; {remediation}") from error
    fault = first_fault(kind, document)
    if document.get("kind") != kind:
        fault = f"not a {kind.replace('_', ' ')}, $.kind is not {kind!r}"
    if fault is not None:
        raise DocumentError(f"{path}: {fault}; {remediation}")
    return dict(known(kind, document))


def write(report: Mapping[str, Any], name: str, path: Path) -> None:
    """Write a gate report in one of `FORMATS`, atomically. Raises StorageError, DocumentError."""
    form = FORMATS[name]
    files.write_atomically(path, form.render(report).encode(), form.mode)


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
