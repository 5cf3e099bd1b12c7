"""The rooms of the house, drawn from imports: what may know what.

A room is a folder of modules. Imports inside functions count too, those under TYPE_CHECKING do not.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PACKAGES = ("foundation", "python_probes")
MOST_MODULES = 25
# A room may import from those above it here: one line a room, the lowest first.
ORDER = (
    "python_probes.core",
    "python_probes.host",
    "python_probes.software",
    "python_probes.nvidia",
    "python_probes.collect",
    "python_probes.benchmark.measuring",
    "python_probes.benchmark.families",
    "python_probes.benchmark",
    "python_probes.provisioning",
    "python_probes",
    "foundation.core",
    "foundation.documents",
    "foundation.profiles",
    "foundation.evaluation.validity",
    "foundation.evaluation",
    "foundation.history",
    "foundation.distribution",
    "foundation.reports",
    "foundation.charts",
    "foundation.status",
    "foundation.handoff",
    "foundation.runs",
    "foundation.cli",
    "foundation",
)


def name_of(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES: Mapping[str, Path] = {
    name_of(path): path for package in PACKAGES for path in (PROJECT / package).rglob("*.py")
}
ROOMS = {name for name, path in MODULES.items() if path.name == "__init__.py"}


def room_of(module: str) -> str:
    return module if module in ROOMS else module.rpartition(".")[0]


def run_imports(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """The import statements that are run, wherever they are."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            for other in child.orelse:
                yield from run_imports(other)
        else:
            yield from run_imports(child)


def targets(module: str, statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """The modules that a statement names, by their full names."""
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
        return
    base = statement.module or ""
    if statement.level:
        package = module if module in ROOMS else module.rpartition(".")[0]
        parents = package.split(".")
        above = ".".join(parents[: len(parents) - statement.level + 1])
        base = f"{above}.{base}" if base else above
    for alias in statement.names:
        whole = f"{base}.{alias.name}"
        yield whole if whole in MODULES else base


@cache
def imports() -> Mapping[str, frozenset[str]]:
    """By module, those of these packages that it imports."""
    return {
        module: frozenset(
            target
            for statement in run_imports(ast.parse(path.read_text(encoding="utf-8")))
            for target in targets(module, statement)
            if target in MODULES and target != module
        )
        for module, path in MODULES.items()
    }


def circle(graph: Mapping[str, frozenset[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_imports_are_found() -> None:
    found = imports()
    assert "foundation.core.errors" in found["foundation.cli.main"]
    assert "foundation.runs.runner" in found["foundation.cli.run"]  # within a function
    assert "foundation.runs.result" not in found["foundation.cli.run"]  # TYPE_CHECKING
    assert "python_probes.core.version" in found["foundation.cli.main"]


def test_the_page_lists_the_rooms_in_their_order() -> None:
    page = (PROJECT / "docs/architecture.md").read_text()
    listed = re.findall(r"^\| `((?:foundation|python_probes)[a-z_/]*)` \|", page, re.MULTILINE)
    assert [room.replace("/", ".") for room in listed] == list(ORDER)


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle(imports()) == []


def test_every_room_has_its_place() -> None:
    assert set(ORDER) == ROOMS


@pytest.mark.parametrize("room", ORDER)
def test_a_room_knows_nothing_of_those_that_come_later(room: str) -> None:
    later = ORDER[ORDER.index(room) + 1 :]
    wrong = [
        f"{module} imports {target}"
        for module, found in imports().items()
        for target in found
        if room_of(module) == room and room_of(target) in later
    ]
    assert wrong == []


@pytest.mark.parametrize("room", ORDER)
def test_a_room_can_be_overlooked(room: str) -> None:
    modules = [m for m, path in MODULES.items() if room_of(m) == room and m not in ROOMS]
    assert len(modules) <= MOST_MODULES


def test_no_two_modules_have_one_name() -> None:
    """Apart from the commands, which are named as they are typed."""
    paths = [*MODULES.values(), *(PROJECT / "repro").rglob("*.py")]
    names = Counter(
        path.stem
        for path in paths
        if path.stem not in ("__init__", "__main__") and path.parent.name != "cli"
    )
    assert [name for name, count in names.items() if count > 1] == []
