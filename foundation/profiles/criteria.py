"""Criteria as data: profiles are YAML files, checked and compiled once.

`profiles/*.yml` come with the package; what a key means is written in `schemas/profile.json`, the
constraint language in `constraints.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jmespath
from jmespath import functions, visitor
from jmespath.exceptions import JMESPathError

from ..core import defaults
from ..core.errors import Json, ProfileError, shorten
from ..documents import yaml_files
from . import xid_catalog
from .constraints import Constraint, ConstraintError, parse
from .remediation import Remediation

BUNDLED_FOLDER = Path(__file__).parent
AUTO = defaults.PROFILE
FALLBACK = "generic"
_SPECIFIC_FIRST = ("dgx_spark", "h100", "h200", FALLBACK)


class _Functions(functions.Functions):
    """JMESPath's own functions, `unique(array)` and `xids(array)` (see xid_catalog.py)."""

    @functions.signature({"types": ["array"]})
    def _func_unique(self, items: list[Json]) -> list[Json]:
        return [item for index, item in enumerate(items) if item not in items[:index]]

    @functions.signature({"types": ["array"]})
    def _func_xids(self, events: list[dict[str, Any]]) -> list[str]:
        return xid_catalog.described(events)


_INTERPRETER = visitor.TreeInterpreter(jmespath.Options(custom_functions=_Functions()))
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


class Expression:
    """A compiled JMESPath expression. Raises ProfileError when it cannot be compiled.

    Most are names with dots between them, which are followed here: the interpreter is ten times
    as slow and finds the same (tests/unit/test_profiles.py).
    """

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        try:
            self._compiled = jmespath.compile(text)
        except JMESPathError as error:
            reason = " ".join(str(error).split())[:120]
            raise ProfileError(f"{where}: path {shorten(text)}: {reason}") from error
        self._names = text.split(".") if _PLAIN.fullmatch(text) else None

    def search(self, value: Json) -> Json:
        """What the expression finds; None where it finds nothing or a function meets null."""
        if self._names is not None:
            for name in self._names:
                if not isinstance(value, dict):
                    return None
                value = value.get(name)
            return value
        try:
            return _INTERPRETER.visit(self._compiled.parsed, value)
        except JMESPathError:
            return None


@dataclass(frozen=True)
class Condition:
    """A question about one document."""

    document: str
    path: Expression
    require: Constraint


@dataclass(frozen=True, eq=False)
class Criterion:
    """One thing that is judged. `path` starts at the document, or at the figure if one is named.

    With `every_figure` it is how many of the measured figures cannot be trusted. With
    `consistent` a host fails too whose value is not that of most hosts with the same profile.
    """

    id: str
    workstream: str
    title: str
    document: str
    path: Expression
    require: Constraint
    remediation: Remediation
    source: str
    figure: str | None = None
    every_figure: bool = False
    against: Expression | None = None
    warn: Constraint | None = None
    optional: bool = False
    consistent: bool = False
    when: Condition | None = None

    @property
    def required(self) -> str:
        """The requirement as a person reads it."""
        if self.against is None:
            return self.require.text
        return f"{self.require.text} {self.against.text}"


@dataclass(frozen=True)
class Fact:
    """Something that the report names where the hosts differ in it, such as the kernel."""

    id: str
    title: str
    document: str
    path: Expression


@dataclass(frozen=True, eq=False)
class Profile:
    """A named set of criteria, when figures are to be trusted, and what counts as a regression.

    `compare` is what hosts with this profile are compared in.
    """

    name: str
    title: str
    note: str
    criteria: tuple[Criterion, ...]
    applies_when: tuple[Condition, ...] = ()
    identity: tuple[str, ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    regression: Mapping[str, Any] = field(default_factory=dict)
    compare: tuple[Fact, ...] = ()


def load_profiles(choice: str) -> tuple[Profile, ...]:
    """The profiles that a choice stands for, most specific first.

    `choice` is `auto`, the name of a profile of this package, or the path of a YAML file (see
    `is_path`). Raises ProfileError.
    """
    if choice == AUTO:
        return tuple(_bundled(name) for name in _SPECIFIC_FIRST)
    if is_path(choice):
        return (_load(Path(choice)),)
    return (_bundled(choice),)


def is_path(choice: str) -> bool:
    """Whether a choice of profile is a file: it has a folder or a YAML suffix."""
    return "/" in choice or choice.endswith((".yml", ".yaml"))


def profile_path(choice: str) -> Path:
    """The file of one profile, by its name or path. Raises ProfileError."""
    return Path(choice) if is_path(choice) else _bundled_path(choice)


@cache
def _bundled(name: str) -> Profile:
    return _load(_bundled_path(name))


def _bundled_path(name: str) -> Path:
    names = sorted(path.stem for path in BUNDLED_FOLDER.glob("*.yml"))
    if name not in names:
        raise ProfileError(
            f"profile {shorten(name)}: use {AUTO}, {', '.join(names)} or the path of a .yml file"
        )
    return BUNDLED_FOLDER / f"{name}.yml"


def _load(path: Path) -> Profile:
    content = yaml_files.load(path, "profile", ProfileError)
    base = content.get("extends")
    parent = _bundled(base) if base else None
    criteria = {criterion.id: criterion for criterion in parent.criteria} if parent else {}
    own: set[str] = set()
    for entry in content["criteria"]:
        criterion = _criterion(entry, f"{path}: criterion {entry['id']}")
        if criterion.id in own:
            raise ProfileError(f"{path}: criterion {criterion.id}: the id appears twice")
        own.add(criterion.id)
        criteria[criterion.id] = criterion
    if not criteria:
        raise ProfileError(f"{path}: $.criteria: is empty: a profile must judge something")
    return Profile(
        name=content["name"],
        title=content["title"],
        # A note qualifies the verdict of this very profile, so it is not inherited.
        note=content.get("note", ""),
        criteria=tuple(criteria.values()),
        applies_when=tuple(
            _condition(entry, f"{path}: applies_when") for entry in content.get("applies_when", ())
        ),
        identity=tuple(content.get("identity", parent.identity if parent else ())),
        limits=_merged(parent.limits if parent else {}, content.get("validity", {})),
        regression=_merged(parent.regression if parent else {}, content.get("regression", {})),
        compare=_facts(content, parent, criteria, path),
    )


def _facts(
    content: Mapping[str, Any],
    parent: Profile | None,
    criteria: Mapping[str, Criterion],
    path: Path,
) -> tuple[Fact, ...]:
    """The facts of a profile after those that it extends; the same id replaces."""
    facts = {fact.id: fact for fact in parent.compare} if parent else {}
    for entry in content.get("compare", ()):
        where = f"{path}: compare {entry['id']}"
        if entry["id"] in criteria and criteria[entry["id"]].consistent:
            raise ProfileError(f"{where}: the criterion of this id is compared already")
        expression = Expression(entry["path"], where)
        facts[entry["id"]] = Fact(entry["id"], entry["title"], entry["document"], expression)
    return tuple(facts.values())


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a profile over those that it extends; what is kept by name, name by name."""
    merged = {**base, **own}
    for key in base.keys() & own.keys():
        if isinstance(base[key], Mapping) and isinstance(own[key], Mapping):
            merged[key] = {**base[key], **own[key]}
    return merged


def _criterion(entry: Mapping[str, Any], where: str) -> Criterion:
    against = entry.get("against")
    require = _constraint(entry["require"], entry["type"], where, allow_open=against is not None)
    if against is not None and not require.open:
        raise ProfileError(f"{where}: with 'against', require is an operator alone, such as '=='")
    warn = entry.get("warn")
    when = entry.get("when")
    document = entry.get("document", "benchmark")
    return Criterion(
        id=entry["id"],
        workstream=entry["workstream"],
        title=entry["title"],
        document=document,
        path=Expression(entry.get("path", "value"), where),
        require=require,
        # `action` is how profiles called it before.
        remediation=Remediation.of(entry.get("remediation", entry.get("action")), document),
        source=entry["source"],
        figure=entry.get("figure"),
        every_figure=entry.get("every_figure", False),
        against=None if against is None else Expression(against, where),
        warn=None if warn is None else _constraint(warn, entry["type"], where),
        optional=entry.get("optional", False),
        consistent=entry.get("consistent", False),
        when=None if when is None else _condition(when, f"{where}: when"),
    )


def _condition(entry: Mapping[str, Any], where: str) -> Condition:
    return Condition(
        document=entry["document"],
        path=Expression(entry["path"], where),
        require=_constraint(entry["require"], entry["type"], where),
    )


def _constraint(text: str, type_name: str, where: str, allow_open: bool = False) -> Constraint:
    try:
        return parse(text, type_name, allow_open)
    except ConstraintError as error:
        raise ProfileError(f"{where}: {error}") from error
