"""Our figures beside the independent references of the same run, as a Markdown table.

    python tests/performance/reference/compare.py --documents run*.json --references ref*.json

`--documents` are benchmark documents of repeated runs on one machine, `--references` what
reference.py printed between them. Spread is (largest - smallest) / median over the runs.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--documents", nargs="+", type=Path, required=True)
    parser.add_argument("--references", nargs="+", type=Path, required=True)
    options = parser.parse_args()
    ours = _by_figure(json.loads(path.read_text())["data"]["figures"] for path in options.documents)
    references = _by_figure(json.loads(path.read_text()) for path in options.references)
    print("| figure | unit | ours | reference | ratio | spread of ours | runs | reference method |")
    print("|---|---|---|---|---|---|---|---|")
    for name, found in ours.items():
        values = [one["value"] for one in found]
        median = statistics.median(values)
        spread = (max(values) - min(values)) / median
        reference = references.get(name, [])
        theirs = statistics.median(one["value"] for one in reference) if reference else None
        print(
            f"| {name} | {found[0]['unit']} | {median:.4g} | "
            + (f"{theirs:.4g} | {median / theirs:.3f}" if theirs else "none | ")
            + f" | {spread:.1%} | {len(values)} | "
            + (reference[0]["method"] if reference else "")
            + " |"
        )


def _by_figure(runs: Any) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for run in runs:
        for name, figure in run.items():
            found[name].append(figure)
    return found


if __name__ == "__main__":
    main()
