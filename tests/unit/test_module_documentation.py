"""What ansible-doc says of a module is what its argument spec does."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_modules import MODULES, PROJECT, argument_spec, documented, load, module_options

from foundation.core import defaults
from foundation.core.workstreams import WORKSTREAMS
from foundation.reports.formats import FORMATS
from python_probes.benchmark.command import STATE


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_documentation_matches_the_argument_spec(path: Path) -> None:
    assert documented(path)["module"] == path.stem
    assert module_options(path) == argument_spec(path)


def test_documented_values_are_those_of_the_package() -> None:
    by_module = {path.stem.removeprefix("foundation_"): module_options(path) for path in MODULES}
    for option, default in (
        ("baseline_dir", defaults.DOCUMENTS),
        ("handoff_dir", defaults.HANDOFF),
        ("page", defaults.HARDWARE_PAGE),
        ("plots_dir", defaults.PLOTS),
        ("report", defaults.GATE_REPORT),
        ("status", defaults.STATUS),
        ("posted", defaults.STATUS_POSTED),
    ):
        found = {options[option]["default"] for options in by_module.values() if option in options}
        assert found == {str(default)}
    assert by_module["gate"]["formats"]["choices"] == list(FORMATS)
    assert by_module["gate"]["formats"]["default"] == list(FORMATS)
    assert by_module["store"]["profile"]["default"] == defaults.PROFILE
    assert by_module["workstream"]["workstream"]["choices"] == list(WORKSTREAMS)


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
