"""What the `foundation` command says of itself, and what it loads to do so."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import documents as made
import pytest

from foundation.cli import main
from foundation.documents import store
from python_probes.core.version import VERSION


def commands() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    parser = main._parser()
    yield "foundation", parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


@pytest.mark.parametrize(("name", "parser"), list(commands()))
def test_every_option_says_what_it_does_and_its_default(
    name: str, parser: argparse.ArgumentParser
) -> None:
    text = " ".join(parser.format_help().split())
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            continue
        assert action.help, action.dest
        if action.default not in (None, False, 0, argparse.SUPPRESS):
            assert f"{action.help} (default: {action.default})" in text, action.dest


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"foundation {VERSION}\n"


def loaded_by(*arguments: str) -> set[str]:
    """The modules that a command has loaded when it ends."""
    code = (
        "import json, sys; from foundation.cli import main\n"
        "try: main.main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


def rooms(modules: set[str]) -> set[str]:
    return {name.split(".")[1] for name in modules if name.startswith("foundation.")}


def test_help_loads_no_library() -> None:
    modules = loaded_by("--help")
    assert rooms(modules) == {"cli", "core", "reports"}
    assert {one for one in modules if one.startswith("foundation.reports.")} == {
        "foundation.reports.formats"
    }
    assert not modules & {"jsonschema", "jsonschema_rs", "jmespath", "yaml", "rich", "ansible"}


def test_validate_loads_neither_reports_nor_charts_nor_runs(tmp_path: Path) -> None:
    path = tmp_path / "environment.json"
    store.write(made.spark()["environment"], path)
    added = loaded_by("validate", str(path)) - loaded_by("--help")
    assert rooms(added) == {"core", "documents"}
