"""Gate reports of fleets with every kind of trouble, for the pages made from them. SYNTHETIC.

The gate itself judges made-up documents, so that a report is what the gate writes; keys that the
gate adds for a whole fleet are put in where it does not yet.
"""

import copy
import functools
import random

import documents as made

from foundation.core.errors import DocumentError
from foundation.evaluation import gate
from foundation.evaluation.waivers import Waiver
from foundation.profiles.criteria import load_profiles

AUTO = load_profiles("auto")


def healthy(name, seed=0):
    """A healthy Spark whose figures are a little its own."""
    documents = made.spark(name)
    chance = random.Random(f"{name} {seed}")  # noqa: S311 - no secret
    for figure in documents["benchmark"]["data"]["figures"].values():
        factor = 1 + 0.01 * chance.uniform(-1, 1)
        figure["samples"] = [sample * factor for sample in figure["samples"]]
        figure["value"] *= factor
    return documents


def _old_driver(documents):
    made.change(documents["hardware_baseline"], "data.gpu.driver_version", "580.82.07")


def _bad_driver(documents):
    made.change(documents["hardware_baseline"], "data.gpu.driver_version", "580.82.09")


def _slow(documents):
    for name in ("gemm.bf16", "gemm.fp16"):
        figure = documents["benchmark"]["data"]["figures"][name]
        figure["samples"] = [sample * 0.6 for sample in figure["samples"]]
        figure["value"] *= 0.6


def _throttled(documents):
    trace = documents["benchmark"]["data"]["figures"]["gemm.bf16"]["trace"]
    trace["event_reasons"] = ["hw_thermal_slowdown"]


def _damaged(documents):
    documents["benchmark"] = DocumentError(
        "benchmark.json: not JSON: line 1, column 1: run it again"
    )


def _unreachable(documents):
    documents["live_state"] = made.live_state(
        documents["live_state"]["host"], False, "no route to host"
    )


def _little_memory(documents):
    made.with_memory(documents, 112 * made.GIB)


TROUBLES = (
    _old_driver, _bad_driver, _slow, _throttled, _damaged, _unreachable, _little_memory,
)  # fmt: skip


def judged(hosts):
    """The report over so many healthy Sparks, exactly as the gate writes it."""
    names = [f"spark-{number:02}" for number in range(1, hosts + 1)]
    return gate.evaluate(AUTO, {name: healthy(name) for name in names}, (), made.NOW)


def fleet(hosts, every=4, waivers=(), troubles=TROUBLES):
    """The report over so many Sparks, of which one in `every` has some trouble (0: none)."""
    stored = {}
    for number in range(1, hosts + 1):
        name = f"spark-{number:02}"
        stored[name] = healthy(name)
        if every and number % every == 0:
            troubles[(number // every - 1) % len(troubles)](stored[name])
    return with_later_keys(gate.evaluate(AUTO, stored, waivers, made.NOW), stored, waivers)


def with_later_keys(report, stored, waivers=()):
    """The report with the keys of the contract that the gate may not write."""
    for name, host in report["hosts"].items():
        documents = {k: d for k, d in stored.get(name, {}).items() if isinstance(d, dict)}
        host.setdefault("documents", {k: d["collected_at"] for k, d in documents.items()})
        figures = documents.get("benchmark", {"data": {"figures": {}}})["data"]["figures"]
        invalid = {e.get("figure") for e in host["criteria"] if e["outcome"] == "invalid"}
        host.setdefault(
            "figures",
            {
                key: {"value": one["value"], "unit": one["unit"], "trusted": key not in invalid}
                for key, one in figures.items()
            },
        )
    report.setdefault("not_judged", [])
    report.setdefault("fleet", {"differences": [], "outliers": []})
    report.setdefault(
        "waivers",
        [
            {
                "host": one.host,
                "criterion": one.criterion,
                "reason": one.reason,
                "expires": one.expires.isoformat(),
                "ticket": one.ticket,
                "state": "expired" if one.expires < made.NOW.date() else "used",
                "message": "",
            }
            for one in waivers
        ],
    )
    return report


def waiver(host, criterion, expires="2026-12-31"):
    return Waiver(
        host, criterion, "the vendor's fix is on its way", made.NOW.date().fromisoformat(expires),
        "OPS-1234",
    )  # fmt: skip


def failing():
    """A copy that a test may alter of `_failing`."""
    return copy.deepcopy(_failing())


@functools.cache
def _failing():
    """Twenty-four Sparks, of which six have a trouble each: what most tests and pictures use."""
    report = fleet(
        24,
        waivers=(
            waiver("spark-08", "driver_minimum"),
            waiver("spark-01", "memory_total", "2026-10-01"),
        ),
    )
    report["not_judged"] = ["spark-31", "spark-32"]
    report["fleet"] = {
        "differences": [
            {
                "id": "driver_minimum",
                "title": "NVIDIA driver",
                "majority": "580.178.04",
                "majority_hosts": 22,
                "hosts": {"spark-04": "580.82.07", "spark-08": "580.82.09"},
            }
        ],
        "outliers": [
            {
                "figure": "gemm.bf16",
                "unit": "TFLOP/s",
                "median": 92.0,
                "limit": 4.6,
                "hosts": {"spark-12": 55.2},
            }
        ],
    }
    return report


def large():
    """Four hundred hosts, of which one in eight does not pass."""
    report = failing()
    hosts = report["hosts"]
    bad = [host for host in hosts.values() if host["verdict"] != "PASS"]
    good = [host for host in hosts.values() if host["verdict"] == "PASS"]
    report["hosts"] = {
        f"spark-{n:03}": bad[n // 8 % len(bad)] if n % 8 == 0 else good[n % len(good)]
        for n in range(1, 401)
    }
    return report


def small():
    """One host of each kind, for what is slow."""
    report = failing()
    names = ("spark-04", "spark-16", "spark-20", "spark-24", "spark-08", "spark-01")
    report["hosts"] = {name: report["hosts"][name] for name in names}
    return report


def empty():
    """A report without hosts."""
    return with_later_keys(gate.evaluate(AUTO, {}, (), made.NOW), {})


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "</style></title></textarea><svg onload=alert(1)>",
    "https://evil.example/x.js",
    "\u202egnp.exe \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "x" * 1500,
    "\x1b[31mred\x00 a\nb",
)


def hostile():
    """A report in which every text that could come from a host is an attack."""
    report = failing()
    hosts = list(report["hosts"].values())
    for number, text in enumerate(HOSTILE):
        host = hosts[number]
        entry = host["criteria"][number]
        entry.update(
            outcome="fail", measured=text, message=text, action=text, title=text, required=text,
            blocks=True, warns=False, cause=None, remediation={"text": text, "command": text},
        )  # fmt: skip
        host.update(verdict="FAIL", profile=text)
        host["documents"] = {text: text}
        host["figures"][text] = {"value": 1.0 + number, "unit": text, "trusted": number % 2 == 0}
        report["hosts"][text] = host
        report["messages"].append(text)
        report["not_judged"].append(text)
        report["waivers"].append(
            {"host": text, "criterion": text, "reason": text, "expires": text, "ticket": text,
             "state": "unused", "message": text}
        )  # fmt: skip
        report["fleet"]["differences"].append(
            {
                "id": text,
                "title": text,
                "majority": text,
                "majority_hosts": 3,
                "hosts": {text: text},
            }
        )
        report["fleet"]["outliers"].append(
            {"figure": text, "unit": text, "median": 1.0, "limit": 2.0, "hosts": {text: 3.0}}
        )
    return report
