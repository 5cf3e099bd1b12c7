"""The JSON Schemas of this package, compiled once.

Two validators share the work. jsonschema-rs says in microseconds that a document is valid, which
nearly all are; whatever it does not call valid goes to jsonschema, whose word on faults and whose
error messages count. So a document is refused exactly when jsonschema refuses it, provided that
jsonschema-rs never accepts more: tests/unit/test_schema_registry.py holds them against each other.

A kind of document has a version, MAJOR.MINOR, that its schema names as `x-version`. A minor only
adds what is optional, so an older one is valid as it is; a newer one is read for what is known;
another major is refused (docs/adr/0020-schema-versions.md).
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from ..core.errors import one_line, shorten

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_Kind = jsonschema_rs.ValidationErrorKind
_UNKNOWN_IN = (_Kind.AdditionalProperties, _Kind.AnyOf, _Kind.OneOfNotValid)
# The pattern of `schema_version` in document.json.
_VERSION = re.compile(r"(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})")


@cache
def _schemas() -> dict[str, dict[str, Any]]:
    folder = resources.files(__package__) / "schemas"
    return {
        entry.name.removesuffix(".json"): json.loads(entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".json")
    }


@cache
def kinds() -> frozenset[str]:
    """The names of the JSON documents that have a schema: those whose schema fixes `kind`."""
    return frozenset(
        name for name, schema in _schemas().items() if "kind" in schema.get("properties", {})
    )


@cache
def version(kind: str) -> str:
    """The version of a kind that is written today. Raises KeyError where it has none."""
    return str(_schemas()[kind]["x-version"])


def newer_note(kind: str, document: object) -> str | None:
    """What to tell of a document of a later minor than is known here; None of any other."""
    match _other_version(kind, document):
        case found, own, (major, minor), (own_major, own_minor) if (
            major == own_major and minor > own_minor
        ):
            return (
                f"{kind}: its version {found} is newer than {own}, so that what is new in it was "
                "not read: update this controller"
            )
    return None


def known(kind: str, document: Any) -> Any:
    """The document, without keys that are not known here where it is of a later minor.

    What is left is checked as any other document is, by `first_fault`. Raises KeyError for an
    unknown schema.
    """
    if newer_note(kind, document) is None:
        return document
    try:
        unknown = list(_unknown_keys(_fast_validator(kind).iter_errors(document)))
        rest = copy.deepcopy(document) if unknown else document
    except (ValueError, RecursionError):
        return document
    # From within: what one alternative does not name may be where another one fails.
    for path, keys in sorted(unknown, key=lambda found: -len(found[0])):
        node = rest
        for step in path:
            node = node[step]
        for key in keys:
            node.pop(key, None)
    return rest


def _unknown_keys(
    errors: Iterable[jsonschema_rs.ValidationError],
) -> Iterator[tuple[list[str | int], list[str]]]:
    """Where there are keys that a schema does not name; of alternatives, where they alone fail."""
    for error in errors:
        kind = error.kind
        if isinstance(kind, _Kind.AdditionalProperties):
            yield error.instance_path, kind.unexpected
        elif isinstance(kind, _Kind.AnyOf | _Kind.OneOfNotValid):
            for branch in kind.context:
                if all(isinstance(one.kind, _UNKNOWN_IN) for one in branch):
                    yield from _unknown_keys(branch)


def _other_version(
    kind: str, document: object
) -> tuple[object, str, tuple[int, int], tuple[int, int]] | None:
    """A document's version and today's, both also as numbers; None where they are the same.

    A kind that came without versions is of its first where a document names none.
    """
    found = document.get("schema_version") if isinstance(document, Mapping) else None
    own = _schemas()[kind].get("x-version")
    if own is None or found is None or found == own:
        return None
    return found, own, _numbers(found), _numbers(own)


def _numbers(text: object) -> tuple[int, int]:
    """Major and minor of a version; (-1, -1) of what is none."""
    match = _VERSION.fullmatch(text) if isinstance(text, str) else None
    return (int(match[1]), int(match[2])) if match else (-1, -1)


def _version_fault(kind: str, document: object) -> str | None:
    """Why a document cannot be read by its version: another major, or none at all."""
    match _other_version(kind, document):
        case found, own, (major, _), (own_major, _) if major != own_major:
            advice = ", update this controller to read it" if major > own_major else ""
            fault = f"$.schema_version: found {shorten(found)}, expected {own_major}.x (now {own})"
            return fault + advice
    return None


@cache
def _validator(name: str) -> Draft202012Validator:
    # Imported when something is wrong: that takes longer than all the gate does for a host.
    from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415
    from jsonschema.validators import extend  # noqa: PLC0415
    from referencing import Registry, Resource  # noqa: PLC0415

    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in _schemas().values()
    )
    strict: type[Draft202012Validator] = extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"pattern": _pattern}
    )
    return strict(_schemas()[name], registry=registry, format_checker=FormatChecker())


def _pattern(
    _validator: object, pattern: str, instance: object, _schema: object
) -> Iterator[ValidationError]:
    """Patterns as JSON Schema means them: no newline after `$`, `\\d` is 0 to 9."""
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415 - see _validator

    if isinstance(instance, str):
        anchored = pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern
        if not re.search(anchored, instance, re.ASCII):
            yield ValidationError(f"does not match {pattern}")


@cache
def _fast_validator(name: str) -> jsonschema_rs.Draft202012Validator:
    registry = jsonschema_rs.Registry([(schema["$id"], schema) for schema in _schemas().values()])
    return jsonschema_rs.Draft202012Validator(
        _schemas()[name],
        registry=registry,
        validate_formats=True,
        # Its own accepts the year 0; where that matters for a date-time, a pattern says so.
        formats={"date": _is_date},
    )


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _surely_valid(name: str, instance: object) -> bool:
    """Whether the fast validator accepts; False settles nothing.

    It refuses by ValueError what no JSON text can say, such as NaN or half of a surrogate pair.
    """
    try:
        return _fast_validator(name).is_valid(instance)
    except (ValueError, RecursionError):
        return False


def first_fault(name: str, instance: object) -> str | None:
    """Where and how `instance` breaks the schema `name`, in one line; None when it is valid.

    Keys that are not known here are a fault unless it is of a later minor: see `known`. Raises
    KeyError for an unknown schema.
    """
    if (fault := _version_fault(name, instance)) is not None:
        return fault
    instance = known(name, instance)
    if _surely_valid(name, instance):
        return None
    from jsonschema.exceptions import best_match  # noqa: PLC0415 - see _validator

    error = best_match(_validator(name).iter_errors(instance))
    return None if error is None else one_line(f"{error.json_path}: {_describe(error)}")


def _describe(error: ValidationError) -> str:
    found: Any = error.instance
    wanted: Any = error.validator_value
    # These two name a key, which the value found would not show.
    if error.validator == "additionalProperties":
        allowed = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        unknown = sorted(str(key) for key in found if key not in allowed)
        return f"unknown key {', '.join(shorten(key) for key in unknown[:3])}"
    if error.validator == "required":
        absent = [key for key in wanted if key not in found]
        return f"required key {', '.join(shorten(key) for key in absent[:3])} is absent"
    return f"found {shorten(found)} where the schema wants {error.validator} {shorten(wanted)}"
