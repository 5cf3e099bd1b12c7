"""Schemas in time: one with a minor version more, and what one takes away from an older one."""

from __future__ import annotations

import copy

import pytest
from jsonschema import Draft202012Validator

from foundation.documents import schema_registry

SHARED = ("figure", "identity", "problem", "collector")  # of document.json


def grown(schemas):
    """The same schemas a minor version later: an optional key more at the root and at depth."""
    later = copy.deepcopy(schemas)
    for schema in later.values():
        if "x-version" in schema:
            major, minor = schema["x-version"].split(".")
            schema["x-version"] = f"{major}.{int(minor) + 1}"
            schema["properties"]["since_then"] = {"type": "integer", "minimum": 0}
            data = schema["properties"].get("data", {})
            if "properties" in data:
                data["properties"]["since_then"] = {"type": "integer", "minimum": 0}
    for name in SHARED:
        shared = later["document"]["$defs"][name]
        shared["properties"]["since_then"] = {"type": "integer", "minimum": 0}
    return later


@pytest.fixture
def later_schemas(monkeypatch):
    """For one test every schema is a minor version later."""
    later = grown(schema_registry._schemas())
    names = ("_validator", "_fast_validator", "version")
    cached = [getattr(schema_registry, name) for name in names]
    for one in cached:
        one.cache_clear()
    monkeypatch.setattr(schema_registry, "_schemas", lambda: later)
    yield later
    for one in cached:
        one.cache_clear()


_NOT_LESS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_NOT_MORE = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_SAME = ("pattern", "format", "uniqueItems", "multipleOf", "not", "if", "then", "else", "contains")
_WITHIN = ("items", "propertyNames", "additionalProperties")
# Bounds that came after a590d1e and refuse only what no document of it can hold: more than 64 bits
# count, and more seconds than 30 years have. The pattern refuses the year 0 and a 60th second.
_BEYOND = {"maximum": {10**9, 2**64 - 1}, "minimum": {-(10**9), -(2**63)}}
_BOUNDED_PATTERNS = {
    r"^[1-9]\d{3}-\d{2}-\d{2}T\d{2}:\d{2}:[0-5]\dZ$": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"
}
_TEXT = ("title", "description", "$schema", "$id", "$defs", "default", "examples", "x-version")


class Growth:
    """What of two sets of schemas differs for one kind: `lost` narrows it, `gained` adds to it."""

    def __init__(self, old, new, kind):
        self._schemas = (old, new)
        self.lost, self.gained = [], []
        self._compare((kind, old[kind]), (kind, new[kind]), "$")

    def _resolve(self, side, name, node):
        while "$ref" in node:
            file, _, pointer = node["$ref"].partition("#")
            name = file.removesuffix(".json") or name
            target = self._schemas[side][name]
            for step in pointer.strip("/").split("/"):
                target = target[step]
            node = {**target, **{key: node[key] for key in node if key != "$ref"}}
        return name, node

    def _compare(self, old, new, place):
        (old_name, before), (new_name, after) = self._resolve(0, *old), self._resolve(1, *new)
        self._keywords(before, after, place)
        was, now = before.get("properties", {}), after.get("properties", {})
        self.lost += [f"{place}.{key} is gone" for key in was if key not in now]
        self.gained += [f"{place}.{key}" for key in now if key not in was]
        for key in was.keys() & now.keys():
            self._compare((old_name, was[key]), (new_name, now[key]), f"{place}.{key}")
        for key in _WITHIN:
            one, other = before.get(key, True), after.get(key, True)
            if isinstance(one, dict) and isinstance(other, dict):
                self._compare((old_name, one), (new_name, other), f"{place}[{key}]")
            elif one != other and (other is not True or one is False):
                self.lost.append(f"{place}: {key} is {other}, was {one}")
        for key in ("anyOf", "oneOf"):
            branches = after.get(key)
            if branches is None:
                continue
            for index, branch in enumerate(before.get(key, [before])):
                if not any(
                    self._fits((old_name, branch), (new_name, other), place) for other in branches
                ):
                    self.lost.append(f"{place}: {key} has nothing for what was its branch {index}")

    def _fits(self, old, new, place):
        """Whether one alternative takes all that another took; what it adds is gained."""
        lost, gained = self.lost, self.gained
        self.lost, self.gained = [], []
        self._compare(old, new, place)
        fits, more = not self.lost, self.gained
        self.lost, self.gained = lost, gained + (more if fits else [])
        return fits

    def _keywords(self, before, after, place):
        values, now = _values(before), _values(after)
        if values is not None:
            refused = [value for value in values if not Draft202012Validator(after).is_valid(value)]
            self.lost += [f"{place}: {value!r} is refused" for value in refused]
            self.gained += [f"{place}: {value!r}" for value in now or () if value not in values]
            return
        if now is not None:
            self.lost.append(f"{place}: only {now} now")
        wanted = set(after.get("required", ())) - set(before.get("required", ()))
        self.lost += [f"{place}.{key} is required now" for key in sorted(wanted)]
        types = _types(before)
        if "type" in after and (types is None or not types <= _types(after)):
            self.lost.append(f"{place}: type is {after['type']}, was {before.get('type')}")
        for key in _NOT_LESS:
            if after.get(key) in _BEYOND.get(key, ()):
                continue
            if key in after and after[key] > before.get(key, float("-inf")):
                self.lost.append(f"{place}: {key} is {after[key]}, was {before.get(key)}")
        for key in _NOT_MORE:
            if after.get(key) in _BEYOND.get(key, ()):
                continue
            if key in after and after[key] < before.get(key, float("inf")):
                self.lost.append(f"{place}: {key} is {after[key]}, was {before.get(key)}")
        for key in _SAME:
            if key in after and after[key] != before.get(key):
                if _BOUNDED_PATTERNS.get(after[key], "") == before.get(key):
                    continue
                self.lost.append(f"{place}: {key} is {after[key]!r}, was {before.get(key)!r}")
        known = {"required", "type", "enum", "const", "properties", "anyOf", "oneOf", *_TEXT}
        strange = set(after) - known - {*_NOT_LESS, *_NOT_MORE, *_SAME, *_WITHIN}
        self.lost += [f"{place}: {key} is not understood here" for key in sorted(strange)]


def _types(node):
    if "type" not in node:
        return None
    found = {node["type"]} if isinstance(node["type"], str) else set(node["type"])
    return found | ({"integer"} if "number" in found else set())


def _values(node):
    return [node["const"]] if "const" in node else node.get("enum")
