"""The constraint language of criteria: `>= 110 GiB`, `contains GB10`, `in 22.04, 24.04`.

A constraint is an operator and, for most, one operand or a list separated by commas. What an
operand means is fixed by the criterion's declared type:

- `text`: `==`, `!=`, `in`, `not in`, `contains`, `excludes` (a part of the text)
- `number`: `==`, `!=`, `>=`, `<=`, `>`, `<`, `in`, `not in`; a unit may follow the number
- `version`: as `number`, in the order of versions: 580.95.05 < 580.126.09
- `bytes`: as `number`, with a unit from B to TiB or TB
- `boolean`: `is true`, `is false`
- `list`: `contains` (all that are named), `contains any of`, `excludes` (all that are named),
  `none begins with` (any that is named)
- any type: `is known`
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from packaging.version import Version

from ..core.errors import Json, one_line, shorten

TYPES = ("text", "number", "version", "bytes", "boolean", "list")

_BYTES = {"B": 1} | {
    f"{prefix}{suffix}": base**power
    for power, prefix in enumerate("kMGT", start=1)
    for suffix, base in (("B", 1000), ("iB", 1024))
}
_BYTES["KiB"] = _BYTES.pop("kiB")

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_MEMBERS = ("in", "not in")
_PARTS = ("contains", "excludes")
_OPERATORS: dict[str, tuple[str, ...]] = {
    "text": ("==", "!=", *_MEMBERS, *_PARTS),
    "number": (*_ORDER, *_MEMBERS),
    "version": (*_ORDER, *_MEMBERS),
    "bytes": (*_ORDER, *_MEMBERS),
    "boolean": ("==", "is true", "is false"),
    "list": ("contains any of", "none begins with", *_PARTS),
}
_LISTS = (*_MEMBERS, "contains any of", "none begins with")
_WITHOUT_OPERAND = ("is true", "is false", "is known")
# Longest first, so that `contains any of` is not read as `contains`.
_ALL = sorted(
    {name for names in _OPERATORS.values() for name in names} | {"is known"}, key=len, reverse=True
)
_NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?)(?:\s+(\S.*))?")
# What tools print where they know nothing; a text that is not something would pass for it.
_PLACEHOLDER = re.compile(
    r"(?i)\W*(n/?a|none|null|unknown|error|not (available|specified|supported))\W*"
)
# Debian's [epoch:]upstream-revision; a revision starts with a digit.
_DEBIAN = re.compile(r"(?:\d+:)?(\d+(?:\.\d+)*)-\d.*")


class ConstraintError(ValueError):
    """A constraint that cannot be parsed."""


class WrongTypeError(TypeError):
    """A value that the constraint's type cannot be compared with."""


@dataclass(frozen=True)
class Constraint:
    """A parsed constraint; `unit` is the operand's, empty where it has none."""

    type: str
    operator: str
    operands: tuple[Any, ...]
    unit: str
    text: str

    @property
    def open(self) -> bool:
        """Whether the operand is still to come: another value of the same document set."""
        return not self.operands and self.operator not in _WITHOUT_OPERAND

    @property
    def floor(self) -> float | None:
        """The number that values must reach, where the constraint is such a one."""
        if self.type != "number" or self.operator not in (">=", ">") or not self.operands:
            return None
        return float(self.operands[0])

    def close(self, operand: Json) -> Constraint:
        """This open constraint with a value as its operand. Raises WrongTypeError."""
        value = convert(self.type, operand)
        text = f"{self.operator} {render(self, operand)}"
        return Constraint(self.type, self.operator, (value,), self.unit, text)


def parse(text: str, type_name: str, allow_open: bool = False) -> Constraint:
    """Parse a constraint for values of a type.

    `allow_open`: the operand may be absent, to be given by `Constraint.close`.
    Raises ConstraintError.
    """
    if type_name not in TYPES:
        raise ConstraintError(f"unknown type {shorten(type_name)}: use {', '.join(TYPES)}")
    clean = " ".join(text.split())
    name = next((n for n in _ALL if clean == n or clean.startswith(n + " ")), None)
    allowed = (*_OPERATORS[type_name], "is known")
    if name is None or name not in allowed:
        raise ConstraintError(
            f"{shorten(text)}: no operator of type {type_name}: use {', '.join(allowed)}"
        )
    rest = clean[len(name) :].strip()
    if name in _WITHOUT_OPERAND:
        if rest:
            raise ConstraintError(f"{shorten(text)}: {name!r} takes no operand")
        return Constraint(type_name, name, (), "", clean)
    if not rest:
        if allow_open:
            return Constraint(type_name, name, (), "", clean)
        raise ConstraintError(f"{shorten(text)}: {name!r} needs an operand")
    several = name in _LISTS or (name in _PARTS and type_name == "list")
    parts = [part.strip() for part in rest.split(",")] if several else [rest]
    if not all(parts):
        raise ConstraintError(f"{shorten(text)}: an item of the list is empty")
    parsed = [_operand(part, type_name, text) for part in parts]
    units = {unit for _, unit in parsed}
    if len(units) > 1 and type_name != "bytes":
        raise ConstraintError(f"{shorten(text)}: more than one unit")
    return Constraint(type_name, name, tuple(value for value, _ in parsed), parsed[0][1], clean)


def check(constraint: Constraint, value: object) -> bool:
    """Whether `value` meets the constraint.

    Raises WrongTypeError when the value is not of the constraint's type.
    """
    if constraint.operator == "is known":
        return value is not None
    found = convert(constraint.type, value)
    name, operands = constraint.operator, constraint.operands
    if name in _ORDER:
        return bool(_ORDER[name](found, operands[0]))
    if name in _MEMBERS:
        return (found in operands) == (name == "in")
    if name in ("is true", "is false"):
        return found is (name == "is true")
    if name == "none begins with":
        inside = [item.startswith(operands) for item in found]
    else:
        inside = [operand in found for operand in operands]
    if name == "contains any of":
        return any(inside)
    return all(inside) if name == "contains" else not any(inside)


def convert(type_name: str, value: Json) -> Json:
    """`value` in the form that comparisons of its type use. Raises WrongTypeError."""
    good: bool
    if type_name == "boolean":
        good = isinstance(value, bool)
    elif type_name in ("number", "bytes"):
        # Not math.isfinite, which raises on integers that no float can hold.
        good = isinstance(value, int | float) and not isinstance(value, bool)
        good = good and -math.inf < value < math.inf
    elif type_name == "list":
        good = isinstance(value, list | tuple)
    else:
        good = isinstance(value, str) and bool(value.strip())
        good = good and not _PLACEHOLDER.fullmatch(value)
    if not good:
        raise WrongTypeError(f"found {shorten(value)}, which is not a {type_name}")
    if type_name == "version":
        return _version(value)
    if type_name == "list":
        return [item if isinstance(item, str) else shorten(item) for item in value]
    return value


def render(constraint: Constraint, value: object) -> str:
    """A measured value as a person reads it: in the unit of the requirement, on one line."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return one_line(", ".join(render(constraint, item) for item in value), 200) or "none"
    if isinstance(value, int | float):
        if constraint.type == "bytes":
            return _render_bytes(value, constraint.unit)
        number = str(value) if isinstance(value, int) else four_digits(value)
        return one_line(f"{number} {constraint.unit}", 80)
    return one_line(value if isinstance(value, str) else shorten(value), 200)


def four_digits(value: float) -> str:
    """A number to four significant digits, written out in full between 10000 and 1e15."""
    if not 1e4 <= abs(value) < 1e15:  # noqa: PLR2004 - the range that the docstring names
        return f"{value:.4g}"
    return f"{float(f'{value:.3e}'):.0f}"


def _render_bytes(value: float, unit: str) -> str:
    if unit not in _BYTES or unit == "B":
        units = ["B", "KiB", "MiB", "GiB", "TiB"]
        unit = next((u for u in reversed(units) if abs(value) >= _BYTES[u]), "B")
    if unit == "B":
        return f"{value} B"
    return f"{value / _BYTES[unit]:.1f} {unit}"


def _operand(part: str, type_name: str, whole: str) -> tuple[Any, str]:
    """An operand of the constraint `whole` as its value and its unit."""
    if type_name in ("number", "bytes"):
        match = _NUMBER.fullmatch(part)
        if match is None:
            raise ConstraintError(f"{shorten(whole)}: {shorten(part)} is not a number")
        number, unit = float(match[1]), match[2] or ""
        if type_name == "number":
            return number, unit
        if unit not in _BYTES:
            raise ConstraintError(f"{shorten(whole)}: a unit is needed: {', '.join(_BYTES)}")
        return number * _BYTES[unit], unit
    if type_name == "version":
        try:
            return _version(part), ""
        except WrongTypeError as error:
            raise ConstraintError(f"{shorten(whole)}: {error}") from error
    if type_name == "boolean":
        raise ConstraintError(f"{shorten(whole)}: write 'is true' or 'is false'")
    return part, ""


@lru_cache(maxsize=1024)  # a fleet says the same few versions again and again
def _version(text: str) -> Version:
    debian = _DEBIAN.fullmatch(text.strip())
    try:
        return Version(debian[1] if debian else text)
    except ValueError as error:  # InvalidVersion, and a number of thousands of digits
        raise WrongTypeError(f"found {shorten(text)}, which is not a version") from error
