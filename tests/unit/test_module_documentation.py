"""What ansible-doc says of a module is what its argument spec does."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_modules import MODULES, PROJECT, argument_spec, documented, load

from python_probes.benchmark.command import STATE

PASSED_ON = ("type", "elements", "choices", "default", "required", "no_log")


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
