"""The JSON Schemas of this package, compiled once.

Two validators share the work. jsonschema-rs says in microseconds that a document is valid, which
nearly all are; whatever it does not call valid goes to jsonschema, whose word on faults and whose
error messages count. So a document is refused exactly when jsonschema refuses it, provided that
jsonschema-rs never accepts more: tests/unit/test_schema_registry.py holds them against each other.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache, partial
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from ..core.errors import one_line, shorten

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError


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
def _validator(name: str) -> Draft202012Validator:
    # Imported when something is wrong: that takes longer than all the gate does for a host.
    from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415
    from referencing import Registry, Resource  # noqa: PLC0415

    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in _schemas().values()
    )
    return Draft202012Validator(_schemas()[name], registry=registry, format_checker=FormatChecker())


@cache
def _fast_validator(name: str) -> jsonschema_rs.Draft202012Validator:
    registry = jsonschema_rs.Registry([(schema["$id"], schema) for schema in _schemas().values()])
    return jsonschema_rs.Draft202012Validator(
        _schemas()[name],
        registry=registry,
        validate_formats=True,
        # Its own accept the 60th second of a minute, which jsonschema does not.
        formats={"date-time": partial(_is, datetime), "date": partial(_is, date)},
    )


def _is(kind: type[date], text: str) -> bool:
    try:
        kind.fromisoformat(text)
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

    Raises KeyError for an unknown schema.
    """
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
