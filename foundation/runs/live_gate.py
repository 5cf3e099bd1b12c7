"""The gate over hosts that were just asked who they are: what playbooks/gate.yml does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ..documents import live_answers
from ..evaluation.gate import judge_folder, write_report
from ..evaluation.waivers import EVERYTHING
from ..reports import terminal, writer


def judge(
    baseline_dir: Path,
    hosts: Sequence[str],
    answers: Mapping[str, Any],
    now: datetime,
    *,
    profiles: Mapping[str, str],
    waivers: Path | None,
    inventory: Mapping[str, Collection[str]],
    path: Path,
    formats: Collection[str],
    write: bool,
    show: Callable[[str], object],
) -> str:
    """Keep the answers, judge, show the verdict and return it.

    `answers` are those of `live_answers.keep`, `inventory` has by group its hosts. With `write`,
    the report goes to `path`, with the formats beside it. Raises FoundationError, also where a
    format cannot be written: the report is there then.
    """
    if write:
        live_answers.keep(baseline_dir, hosts, answers, now, _groups(inventory))
    report = judge_folder(
        baseline_dir, profiles, waivers, hosts, now=now, inventory=inventory.get("all", ())
    )
    if write:
        write_report(report, path)
    show(terminal.render(report, report_path=path))
    if write:
        writer.write_beside(report, path, formats)
    return str(report["verdict"])


def _groups(inventory: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """By host, the groups that waivers may name: all but those of every host."""
    groups: dict[str, list[str]] = {}
    for name, hosts in inventory.items():
        for host in hosts if name not in EVERYTHING else ():
            groups.setdefault(host, []).append(name)
    return groups
