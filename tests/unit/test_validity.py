"""Every validity rule trips on its fixture and not on the healthy one."""

import documents as made
import pytest

from foundation import gate, validity
from foundation.criteria import load_profiles

LIMITS = load_profiles("dgx_spark")[0].limits
BF16 = "data.figures.gemm|bf16"
TRACE = f"{BF16}.trace"


def wedge(clock, power, busy=96.0):
    def alter(documents):
        benchmark = documents["benchmark"]
        for name, value in (
            ("sm_clock_mhz", clock),
            ("power_watts", power),
            ("utilization_percent", busy),
        ):
            made.change(benchmark, f"{TRACE}.{name}.median", value)

    return alter


def at(place, value, kind="benchmark"):
    return lambda documents: made.change(documents[kind], place, value)


SCATTERED = [60.0, 70.0, 92.0, 92.0, 92.0, 110.0, 120.0]
ONE = made.figure(92.0, "TFLOP/s")

# rule: what trips it, and the nearest that does not
PAIRS = {
    "number": [
        (at(f"{BF16}.value", 0.0), at(f"{BF16}.value", 92.0)),
        (at(f"{BF16}.value", -92.0), at(f"{BF16}.value", 92.0)),
        (at(f"{BF16}.value", float("nan")), at(f"{BF16}.value", 92.0)),
        (at(f"{BF16}.samples", [92.0, float("inf")]), at(f"{BF16}.value", 92.1)),
    ],
    "unit": [(at(f"{BF16}.unit", "GB/s"), at(f"{BF16}.unit", "TFLOP/s"))],
    "median": [(at(f"{BF16}.value", 97.0), at(f"{BF16}.value", 92.3))],
    "wrong_build": [
        (
            at("data.build.arch_list", ["sm_80", "sm_90", "compute_90"]),
            at("data.build.arch_list", ["sm_121"]),
        ),
        (at("data.build.arch_list", ["sm_122"]), at("data.build.arch_list", ["sm_120a"])),
        (at("data.build.arch_list", None), at("data.build.arch_list", ["sm_120"])),
        (at("data.device.compute_capability", None), at("data.device.compute_capability", "12.0")),
        (
            at("data.torch.version", "2.12.0+cu130", "environment"),
            at("data.torch.version", "2.13.0+cu130", "environment"),
        ),
    ],
    "power_wedge": [
        (wedge(481.0, 5.8), wedge(2424.0, 87.2)),
        (wedge(507.0, 11.1), wedge(2483.0, 89.4)),
        (wedge(858.0, 15.8), wedge(858.0, 15.8, busy=50.0)),
        (wedge(999.0, 19.9, busy=90.0), wedge(1000.0, 19.9)),
        (wedge(999.0, 19.9), wedge(999.0, 20.0)),
    ],
    "throttled": [
        (at(f"{TRACE}.event_reasons", [reason]), at(f"{TRACE}.event_reasons", ["sw_power_cap"]))
        for reason in LIMITS["throttle_reasons"]
    ],
    "busy": [
        (at(f"{TRACE}.other_processes", 1), at(f"{TRACE}.other_processes", None)),
        (
            at("data.conditions.other_gpu_processes", 2),
            at("data.conditions.other_gpu_processes", 0),
        ),
        (
            at("data.conditions.load_average_1m", 10.1),
            at("data.conditions.load_average_1m", 10.0),
        ),
    ],
    "untraced": [
        (at(TRACE, None), at(f"{TRACE}.samples", 3)),
        (at(f"{TRACE}.samples", 2), at(f"{TRACE}.samples", 30)),
    ],
    "too_short": [
        (at(f"{BF16}.samples", [92.0] * 4), at(f"{BF16}.samples", [92.0] * 5)),
        (at(f"{BF16}.duration_seconds", 0.1), at(f"{BF16}.duration_seconds", 0.2)),
    ],
    "spread": [(at(f"{BF16}.samples", SCATTERED), at(f"{BF16}.samples", [92.0] * 7))],
    "implausible": [
        (at(BF16, made.figure(10.0, "TFLOP/s")), at(BF16, made.figure(29.0, "TFLOP/s"))),
        (at(BF16, made.figure(500.0, "TFLOP/s")), at(BF16, made.figure(125.0, "TFLOP/s"))),
    ],
}
CASES = [(rule, index) for rule, pairs in PAIRS.items() for index in range(len(pairs))]


def broken(documents):
    benchmark = documents["benchmark"]["data"]
    measurement = validity.Measurement(
        name="gemm.bf16",
        figure=benchmark["figures"]["gemm.bf16"],
        benchmark=benchmark,
        environment=documents["environment"]["data"],
        limits=LIMITS,
        unit="TFLOP/s",
    )
    return {fault.rule: fault for fault in validity.faults(measurement)}


def test_every_rule_has_a_pair():
    assert [rule.name for rule in validity.RULES] == list(PAIRS)


@pytest.mark.parametrize(("rule", "index"), CASES)
def test_a_rule_trips_on_its_fixture_alone(rule, index):
    trips, does_not = PAIRS[rule][index]
    bad, good = made.spark(), made.spark()
    trips(bad)
    does_not(good)
    fault = broken(bad).get(rule)
    assert fault is not None
    assert "\n" not in fault.evidence
    assert fault.cure
    assert broken(good) == {}


@pytest.mark.parametrize(("rule", "index"), CASES)
def test_an_untrusted_figure_is_invalid_and_says_the_cure(rule, index):
    given = made.spark()
    PAIRS[rule][index][0](given)
    report = gate.evaluate(load_profiles("dgx_spark"), {made.HOST: given}, (), made.NOW)
    host = report["hosts"][made.HOST]
    entry = next(e for e in host["criteria"] if e["id"] == "gemm_bf16")
    assert entry["outcome"] == "invalid"
    assert rule in entry["message"]
    assert host["verdict"] != "PASS"


def test_a_cpu_figure_needs_no_gpu_trace_or_gpu_code():
    documents = made.plain()
    documents["benchmark"]["data"]["figures"]["gemm.bf16"]["value"] = 92.0
    assert broken(documents) == {}


def test_without_limits_only_damage_is_refused():
    benchmark = made.benchmark()["data"]
    figure = {**benchmark["figures"]["gemm.bf16"], "samples": SCATTERED, "trace": None}
    measurement = validity.Measurement("gemm.bf16", figure, benchmark, {}, {})
    assert validity.faults(measurement) == []
