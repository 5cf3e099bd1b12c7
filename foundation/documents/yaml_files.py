"""YAML that people write (profiles, waivers), read strictly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from yaml.composer import Composer
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.nodes import MappingNode, ScalarNode
from yaml.resolver import Resolver

from ..core.errors import FoundationError, Json, one_line
from .schema_registry import first_fault

_MAXIMUM_BYTES = 2**20
_BEYOND = 1e18


if TYPE_CHECKING or not yaml.__with_libyaml__:
    _Loader = yaml.SafeLoader
else:

    class _Loader(Composer, SafeConstructor, Resolver, yaml.cyaml.CParser):
        """The safe loader over the events of libyaml, a quarter of the time for a profile.

        CSafeLoader composes in C too, where nothing could be refused.
        """

        def __init__(self, stream: str) -> None:
            yaml.cyaml.CParser.__init__(self, stream)
            Composer.__init__(self)
            SafeConstructor.__init__(self)
            Resolver.__init__(self)


class _StrictLoader(_Loader):
    """The safe loader, less what lets a file mean something other than it seems to.

    A duplicate key would silently win over the first, an alias could grow without bound, and a
    date or what a tag makes would become an object that no schema knows.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            raise ConstructorError(None, None, "aliases are not allowed", event.start_mark)
        if getattr(event, "tag", None) is not None:
            raise ConstructorError(None, None, "tags are not allowed", event.start_mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        return node

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                raise ConstructorError(None, None, "a key must be a text", key.start_mark)
            if key.value in seen:
                raise ConstructorError(
                    None, None, f"key {key.value!r} occurs twice", key.start_mark
                )
            seen.add(str(key.value))
        return dict(super().construct_mapping(node, deep))


def _number(loader: _StrictLoader, node: yaml.ScalarNode) -> float:
    """An integer or float: a limit of .nan or .inf would switch off what it looks like setting."""
    is_float = node.tag.endswith(":float")
    make = loader.construct_yaml_float if is_float else loader.construct_yaml_int
    number: float = make(node)
    if not abs(number) < _BEYOND:
        raise ConstructorError(None, None, "no number below 1e18", node.start_mark)
    return number


_StrictLoader.add_constructor("tag:yaml.org,2002:float", _number)
_StrictLoader.add_constructor("tag:yaml.org,2002:int", _number)
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, expression) for tag, expression in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(path: Path, schema: str, error_type: type[FoundationError]) -> Json:
    """The content of a YAML file that is valid against a schema of this package.

    Raises `error_type` with one line that names the file, the place and what was found.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_MAXIMUM_BYTES + 1)
        if len(raw) > _MAXIMUM_BYTES:
            raise error_type(f"{path}: larger than 1 MiB")
        # The loader derives from SafeLoader: it makes plain values only.
        content = yaml.load(raw.decode("utf-8"), Loader=_StrictLoader)  # noqa: S506
    except OSError as error:
        raise error_type(f"{path}: cannot be read: {error.strerror}; check the path") from error
    except UnicodeDecodeError as error:
        raise error_type(f"{path}: no UTF-8 text (byte {error.start})") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise error_type(f"{path}: {_where(error)}") from error
    fault = first_fault(schema, content)
    if fault is not None:
        raise error_type(f"{path}: {fault}")
    return content


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    place = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
    return one_line(f"{place}{problem}")
