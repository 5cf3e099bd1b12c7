"""The commands in the documentation, and how far each can be tried here.

Commands stand in fenced blocks: `bash` to type, `console` after a `$`, with what they printed. An
HTML comment before a block says how the block is tried:

- `<!-- test: run -->`: in a sandbox, in seconds; also `run, exit 1`, `run, same output`, or
  `exit 0 or 2` where the verdict is the machine's
- `<!-- test: run in minutes -->`: the same in `make test-docs`
- `<!-- test: not run: REASON -->`: for what needs a Spark, root or a network
- none: each command's options are parsed by the program itself, as CHECKS says
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

PROJECT = Path(__file__).parents[1]
LANGUAGES = ("bash", "console")
OTHERS = (
    *("text", "yaml", "json", "jsonl", "toml", "ini", "xml", "html", "diff", "markdown"),
    *("python", "groovy", "rust", "promql"),
)
_ANNOTATION = re.compile(r"<!-- test: (.*?) -->\s*", re.DOTALL)
_HOW = re.compile(
    r"(?P<kind>run in minutes|run|not run)(?:, exit (?P<exit>\d+(?: or \d+)*))?"
    r"(?P<same>, same output)?(?:: (?P<reason>.{15,}))?",
    re.DOTALL,
)
_OPERATORS = {"&&", "||", "|", ";"}
_REDIRECTIONS = {">", ">>", "<", "2>"}
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*")


class DocumentationError(ValueError):
    """A block that says nothing clear about how it is to be tried."""


@dataclass(frozen=True)
class How:
    """How a block is tried. `kind` is `check`, `run`, `run in minutes` or `not run`."""

    kind: str = "check"
    exits: tuple[int, ...] = (0,)
    same_output: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Block:
    """A fenced block of commands; `output` is what a console block shows."""

    page: str
    line: int
    how: How
    commands: tuple[str, ...]
    output: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def simple_commands(self) -> Iterator[list[str]]:
        """Each command's words, taken out of pipelines and lists."""
        for command in self.commands:
            yield from _split(command)


def pages() -> list[Path]:
    """The pages at the top, docs/ and the roles' pages, less what a run writes."""
    found = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]
    found += (PROJECT / "roles").glob("*/README.md")
    return sorted(page for page in found if page != PROJECT / "docs/hardware.md")


def blocks(page: Path) -> list[Block]:
    """The blocks of commands in a page. Raises DocumentationError."""
    name = str(page.relative_to(PROJECT)) if page.is_relative_to(PROJECT) else page.name
    found, annotation = [], None
    for token in MarkdownIt("commonmark").parse(page.read_text()):
        line = (token.map or [0])[0] + 1
        if token.type == "html_block":
            matched = _ANNOTATION.fullmatch(token.content.strip() + "\n")
            if matched is not None:
                annotation = (line, matched[1])
            continue
        if token.type == "code_block":
            raise DocumentationError(f"{name}:{line}: an indented block: fence it, with a language")
        if token.type == "fence":
            language = token.info.strip()
            if language in LANGUAGES:
                how = _how(annotation[1], f"{name}:{annotation[0]}") if annotation else How()
                commands, output = _read(language, token.content)
                found.append(Block(name, line, how, commands, output))
                annotation = None
            elif language not in OTHERS:
                raise DocumentationError(f"{name}:{line}: a block of {language or 'no language'}")
        if annotation is not None:
            raise DocumentationError(f"{name}:{annotation[0]}: no block of commands follows")
    if annotation is not None:
        raise DocumentationError(f"{name}:{annotation[0]}: no block of commands follows")
    return found


def all_blocks() -> list[Block]:
    """The blocks of all pages."""
    return [block for page in pages() for block in blocks(page)]


def _how(text: str, where: str) -> How:
    matched = _HOW.fullmatch(" ".join(text.split()))
    if matched is None or (matched["kind"] == "not run") != (matched["reason"] is not None):
        raise DocumentationError(f"{where}: 'test: {text}' is none of those that are known")
    return How(
        matched["kind"],
        tuple(int(status) for status in (matched["exit"] or "0").split(" or ")),
        matched["same"] is not None,
        matched["reason"] or "",
    )


def _read(language: str, text: str) -> tuple[tuple[str, ...], str]:
    joined = text.replace("\\\n", " ")
    lines = joined.splitlines()
    if language == "console":
        commands = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        output = [line for line in lines if not line.startswith("$ ")]
        return tuple(commands), "\n".join(output).strip("\n")
    return tuple(line for line in lines if shlex.split(line, comments=True)), ""


def _split(command: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|&;<>")
    lexer.commenters = "#"
    lexer.whitespace_split = True
    words: list[str] = []
    skip = False
    for token in lexer:
        if skip:
            skip = False
        elif token in _OPERATORS:
            yield from _words(words)
            words = []
        elif token in _REDIRECTIONS:
            skip = True
        else:
            words.append(token)
    yield from _words(words)


def _words(words: list[str]) -> Iterator[list[str]]:
    """A command without the variables that are set for it."""
    while words and _ASSIGNMENT.fullmatch(words[0]):
        words = words[1:]
    if words:
        yield words


def main() -> None:
    """Tell how much is tried and what is not, with the reasons."""
    found = all_blocks()
    for kind in ("run", "run in minutes", "check", "not run"):
        chosen = [block for block in found if block.how.kind == kind]
        print(f"{kind}: {len(chosen)} blocks, {sum(len(one.commands) for one in chosen)} commands")
    for block in found:
        if block.how.kind == "not run":
            print(f"  {block}: {'; '.join(block.commands)}\n    {block.how.reason}")


if __name__ == "__main__":
    main()
