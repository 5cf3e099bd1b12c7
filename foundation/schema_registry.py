"""The JSON Schemas of this package, compiled once."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry, Resource

from .errors import one_line, shorten


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
    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in _schemas().values()
    )
    return Draft202012Validator(_schemas()[name], registry=registry, format_checker=FormatChecker())


def first_fault(name: str, instance: object) -> str | None:
    """Where and how `instance` breaks the schema `name`, in one line; None when it is valid.

    Raises KeyError for an unknown schema.
    """
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
