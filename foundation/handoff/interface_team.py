"""`handoff/interface/`: what the Interface team builds on. CPU and Rust, terminal, speed."""

from __future__ import annotations

import statistics
from typing import Any

from ..evaluation.verified_report import Host
from . import rust_flags
from .model_team import CPU
from .parts import Part, Parts, pick, section
from .toolchain import Toolchain

_CLUSTER = (
    "name", "implementer", "part", "cores", "cpus", "maximum_mhz", "minimum_mhz",
)  # fmt: skip
_BITS_BY_COLOR_TERM = {"truecolor": 24, "24bit": 24}
_BITS_BY_TERM_ENDING = {"-direct": 24, "-256color": 8}


def cpu(parts: Parts, host: Host, toolchain: Toolchain) -> None:
    """The cores by cluster, what they can do, and how to compile for them."""
    parts.problems_of(host, "hardware_baseline", ("cpu",))
    found = section(host.document("hardware_baseline"), "cpu")
    rust, why = (
        rust_flags.advise(found, toolchain) if found else (None, "rust: the CPU was not read")
    )
    if why is not None:
        parts.problem(host, "rust", "missing", why)
    parts.add(
        host,
        {
            **pick(found, CPU),
            "clusters": found and [pick(cluster, _CLUSTER) for cluster in found["clusters"]],
            "flags": found and found["flags"],
            "numa_nodes": found and found["numa_nodes"],
            "rust": rust,
        },
    )


def terminal(parts: Parts, host: Host) -> None:
    """What the terminal of the run could show: a run without one leaves nulls and says so."""
    environment = host.document("environment")
    parts.problems_of(host, "environment", ("terminal",))
    found = section(environment, "terminal") or {}
    bits, how = _color_depth(found)
    if environment is not None and bits is None:
        parts.problem(host, "terminal", "missing", f"color_depth_bits: {how}")
    if environment is not None and found.get("sixel") is None:
        parts.problem(
            host, "terminal", "missing", f"sixel: {found.get('sixel_reason') or 'no reason given'}"
        )
    parts.add(
        host,
        {
            **pick(found, ("is_terminal", "term", "color_term")),
            "color_depth_bits": bits,
            "color_depth_asked": how,
            "sixel": found.get("sixel"),
            "sixel_asked": "DA1, primary device attributes (ESC [ c), asked of /dev/tty; "
            "attribute 4 in the answer means Sixel",
            "sixel_answer": parts.text(found.get("sixel_reason")),
        },
    )


def _color_depth(found: Part) -> tuple[int | None, str]:
    """Bits of color, and how they are known: COLORTERM first, then the ending of TERM."""
    if not found.get("is_terminal"):
        return None, "there was no terminal: TERM and COLORTERM describe none"
    bits = _BITS_BY_COLOR_TERM.get(found.get("color_term") or "")
    if bits is not None:
        return bits, "COLORTERM"
    for ending, bits in _BITS_BY_TERM_ENDING.items():
        if (found.get("term") or "").endswith(ending):
            return bits, "TERM"
    return None, "neither COLORTERM nor TERM says it"


class Speed:
    """performance.json: every measured figure with what the gate thinks of it."""

    def __init__(self) -> None:
        self._figures: dict[str, dict[str, Any]] = {}
        self._runs: dict[str, Part] = {}

    def add(self, parts: Parts, host: Host) -> None:
        """The figures of a host; those that do not exist there are problems with their reason."""
        alias = parts.redaction.host(host.name)
        parts.problems_of(host, "benchmark", ("benchmark",))
        document = host.document("benchmark")
        data = document["data"] if document else {}
        self._runs[alias] = {
            "collected_at": document and document["collected_at"],
            "level": data.get("level"),
        }
        for skipped in data.get("skipped", ()):
            message = f"{skipped['figure']}: not measured: {skipped['reason']}"
            parts.problem(host, "benchmark", "skipped", message)
        for name, figure in data.get("figures", {}).items():
            faults = host.faults(name)
            entry = self._figures.setdefault(name, {"units": set(), "methods": {}, "hosts": {}})
            entry["units"].add(figure["unit"])
            entry["methods"].setdefault(parts.text(figure["method"]), []).append(alias)
            entry["hosts"][alias] = {
                "value": figure["value"],
                "spread": figure["spread"],
                "samples": len(figure["samples"]),
                "trusted": not faults,
                "faults": [parts.redaction.text(fault) for fault in faults],
            }

    def content(self) -> Part:
        """The runs, and the figures by name with the fleet's range of those that are trusted."""
        return {
            "runs": dict(sorted(self._runs.items())),
            "figures": {name: _figure(found) for name, found in sorted(self._figures.items())},
        }


def _figure(found: dict[str, Any]) -> Part:
    values = [one["value"] for one in found["hosts"].values() if one["trusted"]]
    (unit,) = found["units"] if len(found["units"]) == 1 else (None,)
    trusted = None
    if values and unit is not None:
        trusted = {
            "hosts": len(values),
            "minimum": min(values),
            "median": statistics.median(values),
            "maximum": max(values),
        }
    methods = [{"hosts": sorted(h), "method": m} for m, h in sorted(found["methods"].items())]
    return {"unit": unit, "trusted": trusted, "methods": methods, "hosts": found["hosts"]}
