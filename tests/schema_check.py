"""Checks a part of a document against foundation/schemas, references resolved by $id."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

_SCHEMAS = Path(__file__).resolve().parent.parent / "foundation" / "documents" / "schemas"


def schema_errors(kind, pointer, part):
    """What is wrong with `part`, by the schema at `pointer` (`/properties/data/...`) of `kind`."""
    schemas = [json.loads(path.read_text()) for path in sorted(_SCHEMAS.glob("*.json"))]
    resources = [(schema["$id"], Resource.from_contents(schema)) for schema in schemas]
    registry = Registry().with_resources(resources)
    identifier = next(i for i, _ in resources if i.endswith(f"/{kind}.json"))
    validator = Draft202012Validator(
        {"$ref": f"{identifier}#{pointer}"}, registry=registry, format_checker=FormatChecker()
    )
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(part)]
