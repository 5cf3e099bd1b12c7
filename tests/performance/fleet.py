"""A stored fleet of any size, made from real documents: docs/examples/h200 and synthetic Sparks.

Every second host is the H200 of docs/examples with another name, GPU and serial; the others are
the healthy Spark of tests/documents.py. All figures of a host are scaled by up to 0.4 % of its
own, so that no two hosts give the same text. The documents are as fresh as `now`.
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
sys.path.insert(0, str(PROJECT / "tests"))

import documents as made  # noqa: E402 - the tests' helpers are no package

H200 = PROJECT / "docs/examples/h200"
KINDS = ("hardware_baseline", "environment", "reproducibility", "benchmark", "live_state")


def store(folder: Path, count: int, now: datetime) -> list[str]:
    """Write the documents of `count` hosts below `folder`; return the hosts' names."""
    h200 = {kind: json.loads((H200 / f"{kind}.json").read_text("utf-8")) for kind in KINDS}
    spark = {**made.spark(), "benchmark": made.full_benchmark()}
    names = [f"host-{index:05d}" for index in range(count)]
    for index, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for kind, document in (h200, spark)[index % 2].items():
            mine = for_host(document, name, now)
            (folder / name / f"{kind}.json").write_text(json.dumps(mine, indent=2) + "\n")
    return names


def for_host(document: dict[str, Any], name: str, now: datetime) -> dict[str, Any]:
    """A copy of a document that another, equally healthy host could have written."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    uuid = f"GPU-{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
    old_uuids = document["identity"]["gpu_uuids"] or ()

    def other(text: str) -> str:
        if text in old_uuids:
            return uuid
        return f"hmac-sha256:{digest[:32]}" if text.startswith("hmac-sha256:") else text

    mine = _replaced(document, other)
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    mine.update(host=name, collected_at=moment)
    figures = mine["data"].get("figures", {}) if mine["kind"] == "benchmark" else {}
    factor = 1 + random.Random(name).uniform(-0.002, 0.002)  # noqa: S311 - no secret
    for figure in figures.values():
        figure["value"] *= factor
        figure["samples"] = [sample * factor for sample in figure["samples"]]
        if "started_at" in figure:
            figure["started_at"] = moment
    return mine


def _replaced(node: Any, other: Callable[[str], str]) -> Any:
    if isinstance(node, str):
        return other(node)
    if isinstance(node, dict):
        return {key: _replaced(value, other) for key, value in node.items()}
    if isinstance(node, list):
        return [_replaced(value, other) for value in node]
    return copy.copy(node)
