"""What a figure of a benchmark document is labeled with: what did the work, and its chart group.

The document says both; the documents of revision a590d1e and before do not, and `_FORMER` is
about their families. It stays as it is: a family that came since says it of itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

GPU, CPU, STORAGE = "gpu", "cpu", "storage"

_FORMER = {
    "attention": (GPU, "Loads"),
    "convolution": (GPU, "Loads"),
    "cpu": (CPU, "CPU memory"),
    "cpu.gemm_fp32": (CPU, "CPU"),
    "gemm": (GPU, "Matrix product by precision"),
    "memory": (GPU, "GPU memory"),
    "storage": (STORAGE, "Disk, sequential"),
    "storage.random_read": (STORAGE, "Disk, 1 request"),
    "storage.random_write": (STORAGE, "Disk, 1 request"),
    "storage.random_read_64": (STORAGE, "Disk, 64 requests"),
    "storage.random_write_64": (STORAGE, "Disk, 64 requests"),
    "sustained": (GPU, "Loads"),
    "sweep": (GPU, "BF16 product over its size"),
    "transfer": (GPU, "Between host and GPU"),
    "unified": (GPU, "Unified memory"),
}
"""By figure or family: the component and the chart group."""


def family(name: str) -> str:
    """What stands before the dot of a figure's name."""
    return name.partition(".")[0]


def by_figure(kept: Mapping[str, Any], name: str, component: str | None = None) -> Any:
    """What is kept for a figure, else for its family, else for its component; None otherwise."""
    return kept.get(name, kept.get(family(name), kept.get(component or "")))


def component(name: str, figure: Mapping[str, Any], known: Mapping[str, str]) -> str | None:
    """What did the work; None where nobody says.

    What the controller knows counts before what the host claims, so that no host takes a figure
    out of a GPU's rules: `known` is the profile's `components`, by figure or family.
    """
    former = _FORMER.get(family(name), (None,))[0]
    found: str | None = by_figure(known, name) or former or figure.get("component")
    return found


def chart_group(name: str, figure: Mapping[str, Any]) -> str:
    """The title of the chart that shows a figure of a benchmark document or a history line."""
    former = by_figure(_FORMER, name) or (None, family(name))
    return str(figure.get("chart_group") or former[1])


def is_sustained(name: str, figure: Mapping[str, Any]) -> bool:
    """Whether the figure is of one load for as long as the level says: it has a series then."""
    return "series" in figure or family(name) == "sustained"
