"""Every command in the documentation is tried, as far as that goes here: documented_commands.py."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import documents as made
import pytest
import yaml
from documented_commands import PROJECT, Block, DocumentationError, all_blocks, blocks, pages
from markdown_it import MarkdownIt

from foundation import cli, documents
from python_probes import benchmark as probe_benchmark
from python_probes import cli as probe_cli

BLOCKS = all_blocks()
PLAYBOOKS = "ansible-playbook"
HOSTS = ("spark-01", "spark-02", "spark-03")
_AUTHOR = ("-c", "user.name=nobody", "-c", "user.email=nobody@invalid")
Check = Callable[[list[str], Path], None]


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
            target = documents.path(folder / "bench/baselines", host, kind)
            documents.write(json.loads(text), target)
    shutil.copytree(folder / "bench/baselines", folder / "other-controller")
    for words in (["init", "--quiet"], ["add", "--all"], [*_AUTHOR, "commit", "-qm", "As cloned"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    environment = folder / ".venv"
    environment.mkdir()
    (environment / "bin").symlink_to(Path(sys.executable).parent)
    for mark in (".controller", ".development"):
        (environment / mark).touch()
    return folder


def run(sandbox: Path, words: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the sandbox, whose packages are imported."""
    return subprocess.run(
        words,
        cwd=sandbox,
        env={
            **os.environ,
            "HOME": str(sandbox.parent),
            "NO_COLOR": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(sandbox),
            "ANSIBLE_CONFIG": str(sandbox / "ansible.cfg"),
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _parsed(parser: Callable[[], ArgumentParser]) -> Check:
    def check(words: list[str], _: Path) -> None:
        parser().parse_args(words[1:])

    return check


def _make(words: list[str], sandbox: Path) -> None:
    finished = run(sandbox, ["make", "--dry-run", *words[1:]])
    assert finished.returncode == 0, finished.stdout


def _python(words: list[str], sandbox: Path) -> None:
    if words[1:3] == ["-m", "python_probes"]:
        parser = probe_benchmark._parser if words[3] == "benchmark" else probe_cli._parser
        parser().parse_args(words[4:] if words[3] == "benchmark" else words[3:])
        return
    assert words[1:3] == ["-m", "foundation"], f"{words}: annotate the block"
    cli._parser().parse_args(words[3:])


def _launcher(words: list[str], sandbox: Path) -> None:
    script = "import sys; import launch; launch._parser().parse_args(sys.argv[1:])"
    path = os.pathsep.join([str(sandbox), str(sandbox / "repro")])
    finished = run(sandbox, [sys.executable, "-c", script, *words[1:]], PYTHONPATH=path)
    assert finished.returncode == 0, finished.stdout


def _succeeds(words: list[str], sandbox: Path) -> None:
    finished = run(sandbox, words)
    assert finished.returncode == 0, finished.stdout


def _ansible(words: list[str], sandbox: Path) -> None:
    finished = run(sandbox, [*words, "--list-hosts"])
    assert re.search(r"hosts \([1-9]", finished.stdout), finished.stdout


def _sources_exist(words: list[str], sandbox: Path) -> None:
    for name in [word for word in words[1:-1] if not word.startswith("-")]:
        assert list(sandbox.glob(name)), f"{name}: no such file"


def _exists(words: list[str], sandbox: Path) -> None:
    assert (sandbox / words[1]).exists(), f"{words[1]}: no such file"


def _script(words: list[str], sandbox: Path) -> None:
    assert os.access(sandbox / words[0], os.X_OK), f"{words[0]}: no such command"
    assert run(sandbox, ["bash", "-n", words[0]]).returncode == 0


# By program, how its options are checked in a block without annotation. Of ansible-playbook all
# command lines are checked in one test, with Ansible's own --list-hosts and --list-tasks.
CHECKS: dict[str, Check] = {
    "foundation": _parsed(cli._parser),
    "make": _make,
    "python": _python,
    "run.sh": _launcher,
    "ansible": _ansible,
    "ansible-inventory": _succeeds,
    "cp": _sources_exist,
    ".": _exists,
}


def check_for(words: list[str]) -> Check:
    if re.fullmatch(r"scripts/\w+\.sh", words[0]):
        return _script
    program = Path(words[0]).name if words[0] != "." else "."
    assert program in CHECKS, f"{program}: not in CHECKS: add it, or annotate the block"
    return CHECKS[program]


def _of_playbooks(words: list[str]) -> bool:
    return Path(words[0]).name == PLAYBOOKS


def of_kind(kind: str) -> list[Block]:
    return [block for block in BLOCKS if block.how.kind == kind]


@pytest.mark.parametrize("block", of_kind("check"), ids=str)
def test_the_program_takes_these_options(block: Block, sandbox: Path) -> None:
    for words in block.simple_commands():
        if _of_playbooks(words):
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


def test_playbooks_take_these_options_hosts_tags_and_variables(sandbox: Path) -> None:
    lines = {
        tuple(words): None
        for block in of_kind("check")
        for words in block.simple_commands()
        if _of_playbooks(words)
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
