"""The gate report as a text file for the textfile collector of node_exporter.

An outcome is one series with the value 1, as Prometheus itself tells the state of an alert
(`ALERTS{alertstate="firing"} 1`), and not one series per possible outcome with 0 or 1: that would
be six times the series for a fleet whose outcomes rarely change. What has to be there always, so
that an alert on it cannot be lost with a series, are the counts, which are given with their zeros.
docs/adr/0014 and docs/reports.md say more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ..core.errors import one_line
from .cases import plain
from .findings import OUTCOMES, VERDICTS

WAIVER_STATES = ("used", "expired", "unused")

# Prometheus wants base units, so that no query has to know a prefix. By name, since "GB" of a
# unit that is not known here may be anything: such a figure keeps its own unit.
BASE_UNITS: Mapping[str, tuple[str, int]] = {
    "GB/s": ("bytes/s", 9),
    "TFLOP/s": ("flop/s", 12),
    "TOP/s": ("op/s", 12),
}
"""By a figure's unit: the base unit and the power of ten that leads to it."""


@dataclass(frozen=True)
class _Report(Collector):
    report: Mapping[str, Any]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for part in (_gate, _workstreams, _hosts, _figures):
            yield from part(self.report)


def render(report: Mapping[str, Any]) -> str:
    """The text exposition format of a gate report, ending with a new line."""
    return generate_latest(_Report(report)).decode()


def _gate(report: Mapping[str, Any]) -> Iterator[GaugeMetricFamily]:
    judged = datetime.fromisoformat(report["generated_at"]).timestamp()
    yield _single("gate_passed", "1 if the phase gate passed.", report["verdict"] == "PASSED")
    yield _single("gate_timestamp_seconds", "When the gate judged, in Unix time.", judged)
    left_out = len(report["not_judged"])
    yield _single(
        "hosts_not_judged", "Hosts that were not asked for, by --limit or --expect.", left_out
    )
    verdicts = Counter(host["verdict"] for host in report["hosts"].values())
    hosts = _family("hosts", "Judged hosts by verdict.", "verdict")
    for verdict in VERDICTS:
        hosts.add_metric([verdict], verdicts[verdict])
    yield hosts
    states = Counter(waiver["state"] for waiver in report["waivers"])
    waivers = _family("waivers", "Waivers by what they did.", "state")
    for state in WAIVER_STATES:
        waivers.add_metric([state], states[state])
    yield waivers


def _workstreams(report: Mapping[str, Any]) -> Iterator[GaugeMetricFamily]:
    total = _family("workstream_criteria", "Criteria judged over all hosts.", "workstream")
    passed = _family("workstream_criteria_passed", "Criteria that pass.", "workstream")
    for name, workstream in report["workstreams"].items():
        total.add_metric([name], workstream["total"])
        passed.add_metric([name], workstream["passed"])
    yield total
    yield passed


def _hosts(report: Mapping[str, Any]) -> Iterator[GaugeMetricFamily]:
    verdict = _family("host_verdict", "1 for the verdict over a host.", "host", "verdict")
    counts = _family("host_criteria", "Criteria of a host by outcome.", "host", "outcome")
    criteria = _family("criterion", "1 for the outcome of a criterion.", "host", "id", "outcome")
    for name, host in report["hosts"].items():
        verdict.add_metric([name, host["verdict"]], 1)
        outcomes = Counter(entry["outcome"] for entry in host["criteria"])
        for outcome in OUTCOMES:
            counts.add_metric([name, outcome], outcomes[outcome])
        for entry in host["criteria"]:
            criteria.add_metric([name, plain(entry["id"]), entry["outcome"]], 1)
    yield verdict
    yield counts
    yield criteria


def _figures(report: Mapping[str, Any]) -> Iterator[GaugeMetricFamily]:
    figures = _family(
        "figure", "A measured figure that can be trusted, in base units.", "host", "figure", "unit"
    )
    untrusted = _family("figures_untrusted", "Figures of a host that are left out.", "host")
    for name, host in report["hosts"].items():
        for figure, found in host["figures"].items():
            if found["trusted"]:
                unit, exponent = BASE_UNITS.get(found["unit"], (one_line(found["unit"]), 0))
                value = float(Decimal(repr(found["value"])).scaleb(exponent))
                figures.add_metric([name, figure, unit], value)
        left_out = sum(not found["trusted"] for found in host["figures"].values())
        untrusted.add_metric([name], left_out)
    yield figures
    yield untrusted


def _family(name: str, documentation: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"foundation_{name}", documentation, labels=labels)


def _single(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"foundation_{name}", documentation, value=value)
