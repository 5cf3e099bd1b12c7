"""Every command in the documentation is tried, as far as that goes here: documented_commands.py."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import documents as made
import pytest
import yaml
from command_checks import PLAYBOOKS, check_for, of_playbooks, run
from documented_commands import PROJECT, Block, DocumentationError, all_blocks, blocks, pages
from markdown_it import MarkdownIt

from foundation.documents import store

BLOCKS = all_blocks()
HOSTS = ("spark-01", "spark-02", "spark-03")
_AUTHOR = ("-c", "user.name=nobody", "-c", "user.email=nobody@invalid")


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with three healthy Sparks' documents, as after a run."""
    folder = tmp_path_factory.mktemp("documented") / "foundation"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (PROJECT / name).is_symlink() or (PROJECT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name, follow_symlinks=False)
    shutil.copy(folder / "inventory/sparks.example.yml", folder / "inventory/sparks.yml")
    collected = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for host in HOSTS:
        for kind, document in made.spark(host).items():
            text = json.dumps(document).replace(made.COLLECTED, collected)
            target = store.path(folder / "bench/baselines", host, kind)
            store.write(json.loads(text), target)
    shutil.copytree(folder / "bench/baselines", folder / "other-controller")
    for words in (["init", "--quiet"], ["add", "--all"], [*_AUTHOR, "commit", "-qm", "As cloned"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    environment = folder / ".venv"
    environment.mkdir()
    (environment / "bin").symlink_to(Path(sys.executable).parent)
    for mark in (".controller", ".development"):
        (environment / mark).touch()
    return folder


def of_kind(kind: str) -> list[Block]:
    return [block for block in BLOCKS if block.how.kind == kind]


@pytest.mark.parametrize("block", of_kind("check"), ids=str)
def test_the_program_takes_these_options(block: Block, sandbox: Path) -> None:
    for words in block.simple_commands():
        if of_playbooks(words):
            continue
        try:
            check_for(words)(words, sandbox)
        except SystemExit as error:
            assert error.code in (0, None), f"{' '.join(words)}: not accepted"


def _executed(block: Block, sandbox: Path, **environment: str) -> None:
    script = "\n".join(block.commands)
    finished = run(sandbox, ["bash", "-euo", "pipefail", "-c", script], **environment)
    assert finished.returncode in block.how.exits, finished.stdout
    assert "Traceback" not in finished.stdout
    if block.how.same_output:
        assert finished.stdout.strip() == block.output.strip()


@pytest.mark.parametrize("block", of_kind("run"), ids=str)
def test_the_block_runs(block: Block, sandbox: Path) -> None:
    _executed(block, sandbox)


@pytest.mark.slow
@pytest.mark.parametrize("block", of_kind("run in minutes"), ids=str)
def test_the_block_runs_for_minutes(block: Block, sandbox: Path) -> None:
    _executed(block, sandbox, HOME=str(Path.home()))  # where the probe runtime is


def playbook_faults(lines: list[list[str]], sandbox: Path) -> list[str]:
    """What speaks against command lines of ansible-playbook."""
    asked = [[word for word in words[1:] if word != "-K"] for words in lines]  # it would ask
    finished = subprocess.run(
        [sys.executable, PROJECT / "tests/playbook_options.py"],
        cwd=sandbox,
        env={**os.environ, "ANSIBLE_CONFIG": str(sandbox / "ansible.cfg")},
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    faults = []
    for words, answer in zip(lines, json.loads(finished.stdout), strict=True):
        told = answer["output"]
        tags = [tag for option in _values(words, "--tags", "-t") for tag in option.split(",")]
        tagged = [re.search(rf"TAGS: \[.*\b{tag}\b", told) for tag in tags]
        unknown = set(_variables_set(words)) - variables()
        if answer["status"] != 0 or not re.search(r"hosts \([1-9]", told):
            faults.append(f"{' '.join(words)}: {told[-300:]}")
        if unknown or None in tagged:
            faults.append(f"{' '.join(words)}: variables {unknown}, tags {tags}: not all known")
    return faults


def _values(words: list[str], *options: str) -> list[str]:
    return [value for option, value in itertools.pairwise(words) if option in options]


def _variables_set(words: list[str]) -> list[str]:
    """The names that -e sets; a file of variables (@FILE) is the reader's own."""
    names: list[str] = []
    for value in _values(words, "-e", "--extra-vars"):
        if value.startswith("{"):
            names += json.loads(value)
        elif not value.startswith("@"):
            names.append(value.partition("=")[0])
    return names


def variables() -> set[str]:
    """The variables of docs/variables.md and of the roles."""
    page = (PROJECT / "docs/variables.md").read_text()
    known = set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE))
    for path in PROJECT.glob("roles/*/meta/argument_specs.yml"):
        for spec in yaml.safe_load(path.read_text())["argument_specs"].values():
            known |= set(spec["options"])
    return known


@pytest.mark.slow
def test_playbooks_take_these_options_hosts_tags_and_variables(sandbox: Path) -> None:
    lines = {
        tuple(words): None
        for block in of_kind("check")
        for words in block.simple_commands()
        if of_playbooks(words)
    }
    assert lines
    assert playbook_faults([list(words) for words in lines], sandbox) == []


def test_a_wrong_command_line_of_a_playbook_is_found(sandbox: Path) -> None:
    wrong = (
        ["--tagz", "WS-01"],
        ["--tags", "WS-09"],
        ["-e", "benchmark_levle=full"],
        ["-i", "inventory/sparks.yml", "--limit", "spark-99"],
    )
    lines = [[PLAYBOOKS, "foundation.yml", *options] for options in wrong]
    faults = playbook_faults(lines, sandbox)
    for line in lines:
        assert any(fault.startswith(" ".join(line)) for fault in faults), line


@pytest.mark.parametrize(
    "command",
    [
        "foundation gate --documentz x",
        "foundation judge",
        "make no-such-target",
        "python -m python_probes hardware --hots x",
        "repro/run.sh --seeds 7",
        "cp inventory/none.yml here",
        "rm -r reports",
    ],
)
def test_a_wrong_command_is_found(command: str, sandbox: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"```bash\n{command}   # as typed\n```\n")
    (words,) = blocks(page)[0].simple_commands()
    with pytest.raises((AssertionError, SystemExit)):
        check_for(words)(words, sandbox)


@pytest.mark.parametrize(
    "text",
    [
        "    make test\n",
        "```\nmake test\n```\n",
        "```shell\nmake test\n```\n",
        "<!-- test: not run -->\n```bash\nmake test\n```\n",
        "<!-- test: later -->\n```bash\nmake test\n```\n",
        "<!-- test: run -->\n\nText.\n",
    ],
)
def test_a_block_that_would_escape_is_found(text: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(DocumentationError):
        blocks(page)


def test_a_block_that_runs_can_fail(sandbox: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- test: run, same output -->\n```console\n$ echo here\nthere\n```\n")
    with pytest.raises(AssertionError):
        _executed(blocks(page)[0], sandbox)


@pytest.mark.parametrize("page", sorted(PROJECT.glob("roles/*/README.md")), ids=str)
def test_examples_of_a_role_set_variables_that_it_takes(page: Path) -> None:
    examples = [
        yaml.safe_load(token.content)
        for token in MarkdownIt("commonmark").parse(page.read_text())
        if token.type == "fence" and token.info == "yaml"
    ]
    assert examples, "every document has an example"
    for example in examples:
        assert isinstance(example, list) or set(example) <= variables()


def test_every_page_with_commands_is_looked_at() -> None:
    names = {str(page.relative_to(PROJECT)) for page in pages()}
    assert {"README.md", "docs/fleet.md", "roles/probe_runtime/README.md"} <= names
