"""What ansible-doc says of a module is what its argument spec does."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import get_docstring

from python_probes.benchmark.command import STATE

PROJECT = Path(__file__).parents[2]
MODULES = sorted((PROJECT / "library").glob("*.py"))
PASSED_ON = ("type", "elements", "choices", "default", "required", "no_log")


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"loaded_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def documented(path: Path) -> dict[str, Any]:
    """The module's documentation with its fragments, as Ansible reads it."""
    fragment_loader.add_directory(str(PROJECT / "plugins/doc_fragments"))
    documentation, *_ = get_docstring(str(path), fragment_loader, is_module=True)
    return {"options": {}, **documentation}


def argument_spec(path: Path) -> dict[str, Any]:
    """The module's own, or that of the action plugin of its name."""
    plugin = PROJECT / "plugins/action" / path.name
    action = load(plugin).ActionModule if plugin.exists() else None
    if hasattr(action, "argument_spec"):  # else it runs the module
        return dict(action.argument_spec)
    return dict(load(path).argument_spec())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_documentation_matches_the_argument_spec(path: Path) -> None:
    documentation = documented(path)
    assert documentation["module"] == path.stem
    options = {
        name: {key: option[key] for key in PASSED_ON if key in option}
        for name, option in documentation["options"].items()
    }
    assert options == argument_spec(path)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_part_of_the_documentation_is_there(path: Path) -> None:
    module = load(path)
    documentation = documented(path)
    assert all(option["description"] for option in documentation["options"].values())
    assert "check_mode" in documentation["attributes"]
    examples = yaml.safe_load(module.EXAMPLES)
    for task in examples:
        arguments = task.get(path.stem)
        if arguments is not None:
            assert set(arguments) <= set(documentation["options"])
    assert any(path.stem in task for task in examples)
    for value in yaml.safe_load(module.RETURN).values():
        assert {"description", "returned", "type", "sample"} <= set(value)


def test_the_state_file_is_the_benchmarks() -> None:
    """Spelled out in the module, which an old Python must be able to read."""
    benchmark = next(path for path in MODULES if path.stem == "foundation_benchmark")
    assert argument_spec(benchmark)["state"]["default"] == STATE


def test_every_action_plugin_is_documented() -> None:
    plugins = {path.name for path in (PROJECT / "plugins/action").glob("*.py")}
    assert plugins <= {path.name for path in MODULES}
