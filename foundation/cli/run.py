"""`foundation run`: run foundation.yml: provision and measure hosts."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..core import defaults
from ..core.exit_status import ExitStatus
from . import live_run

if TYPE_CHECKING:
    from ..runs.result import RunResult


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "-i",
        "--inventory",
        action="append",
        metavar="PATH|HOST,",
        help="the hosts; may be given again (default: this machine)",
    )
    live_run.add_options(parser)
    parser.add_argument(
        "-t", "--tags", action="append", metavar="TAG", help="only these parts of it, such as WS-01"
    )
    parser.add_argument(
        "--documents",
        type=Path,
        metavar="DIR",
        help=f"where to keep them (default: the inventory's, else {defaults.DOCUMENTS})",
    )
    parser.add_argument(
        "--json", action="store_true", help="the result as one JSON document on standard output"
    )


def run(options: argparse.Namespace) -> ExitStatus:
    """Run foundation.yml and print what became of each host."""
    from ..runs.runner import run_foundation

    with (
        live_run.interruptible() as cancel,
        live_run.display("run", options.json, cancel) as progress,
    ):
        result = run_foundation(
            options.inventory,
            **live_run.given(options),
            tags=options.tags,
            baseline_dir=options.documents,
            progress=progress,
            cancel=cancel,
        )
    text = "\n".join(_summary(result, options.tags)) + "\n"
    return live_run.end(result, text, options.json)


def _summary(result: RunResult, tags: object) -> Iterator[str]:
    """What a person wants to know after a run: counts, and each failure once with its hosts."""
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    for host, one in result.hosts.items():
        word = one.outcome.replace("_", " ")
        counts[word] += 1
        if one.outcome != "ok":
            groups[word, one.task or "", one.message].append(host)
    yield "Hosts: " + (", ".join(f"{number} {word}" for word, number in counts.items()) or "none")
    for (word, task, message), hosts in groups.items():
        yield f"  {word}: {', '.join(hosts)}"
        yield f"    {f'{task}: ' if task else ''}{message}"
    if tags is None:
        for host, one in result.hosts.items():
            if one.stale_documents:
                yield f"  {host}: of an earlier run: {', '.join(one.stale_documents)}"
    yield f"Documents: {result.documents_dir}"
    if result.passed and not result.check:
        yield "Judge them with: foundation gate -i INVENTORY"
