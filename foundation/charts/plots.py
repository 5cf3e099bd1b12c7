"""Pictures of what was measured: PNG files of each host, below `<out>/<host>/`.

matplotlib is imported when the first picture is drawn, so that the gate starts without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import DocumentError
from ..core.files import write_atomically
from ..documents import store
from ..documents.store import BASELINE
from ..evaluation.criterion_result import figure_faults
from ..evaluation.evidence import Evidence
from ..history import run_history
from ..profiles.constraints import Constraint
from ..profiles.criteria import Profile
from . import bar_charts, history_chart, line_charts
from .style import png, settings
from .subject import Subject, Targets

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHARTS: Mapping[str, Callable[[Subject], Figure | None]] = {
    "throughput": bar_charts.throughput,
    "bandwidth": bar_charts.bandwidth,
    "storage": bar_charts.storage,
    "storage_latency": line_charts.storage_latency,
    "soak": line_charts.soak,
    "history": history_chart.history,
}
"""By the name of the file without `.png`."""


def draw(
    baseline_dir: Path, out: Path, host: str, profiles: Sequence[Profile], *, write: bool = True
) -> list[Path]:
    """Draw every chart of a host for which something was measured; the files, in order.

    A chart with nothing to show is left as an earlier run drew it: its title says when that was.
    `write=False` draws and writes nothing. Raises DocumentError where the benchmark document
    cannot be used, StorageError.
    """
    subject = gather(baseline_dir, host, profiles)
    folder = store.folder(out, host)
    paths = []
    with settings():
        for name, chart in CHARTS.items():
            figure = chart(subject)
            if figure is None:
                continue
            paths.append(folder / f"{name}.png")
            content = png(figure)
            if write:
                write_atomically(paths[-1], content)
    return paths


def gather(baseline_dir: Path, host: str, profiles: Sequence[Profile]) -> Subject:
    """What there is to draw of a host, judged by the one of `profiles` that it selects.

    Whether the documents are stale is not asked: a picture bears its date. Raises DocumentError.
    """
    stored = store.load_folder(baseline_dir).get(host, {})
    evidence = Evidence(host, stored)
    if "benchmark" not in evidence.readable:
        raise DocumentError(f"{host}: nothing to draw: {evidence.blockers['benchmark'].message}")
    profile = evidence.select_profile(profiles)
    benchmark = evidence.readable["benchmark"]
    return Subject(
        host=host,
        benchmark=benchmark,
        faults={
            name: [one.rule.replace("_", " ") for one in figure_faults(name, evidence, profile)]
            for name in benchmark["data"]["figures"]
        },
        targets=_targets(evidence, profile),
        baseline=evidence.readable.get(BASELINE),
        history=run_history.load(run_history.path(baseline_dir, host)),
    )


def _targets(evidence: Evidence, profile: Profile) -> dict[str, Targets]:
    """What the profile asks of the host's figures; the most, where several criteria ask."""
    figures = evidence.readable["benchmark"]["data"]["figures"]
    found: dict[str, Targets] = {}
    for criterion in profile.criteria:
        name = criterion.figure
        if name is None or name not in figures or criterion.path.text != "value":
            continue
        if criterion.when is not None and evidence.answer(criterion.when) is not True:
            continue
        before = found.get(name, Targets())
        unit = figures[name]["unit"]
        found[name] = Targets(
            _higher(before.required, criterion.require, unit),
            _higher(before.expected, criterion.warn, unit),
        )
    return found


def _higher(before: float | None, constraint: Constraint | None, unit: str) -> float | None:
    """The higher of a target so far and what a constraint in the figure's unit asks."""
    floor = None if constraint is None or constraint.unit != unit else constraint.floor
    known = [value for value in (before, floor) if value is not None]
    return max(known, default=None)
