"""Every validity rule trips on its fixture and not on the nearest healthy one, alone and mixed."""

import copy
from dataclasses import replace

import documents as made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.evaluation import gate, validity
from foundation.evaluation.criterion_result import figure_faults
from foundation.evaluation.evidence import Evidence
from foundation.profiles.criteria import load_profiles

AUTO = load_profiles("auto")
SPARK = AUTO[0]
HARDWARE = "hardware_baseline"
BF16, COPY, READ, RANDOM = (
    f"data.figures.{name}"
    for name in ("gemm|bf16", "memory|copy", "storage|read", "storage|random_read")
)
TRIAD = "data.figures.cpu|triad"
SUSTAINED = "data.figures.sustained|bf16"
TRACE = f"{BF16}.trace"
GIB = made.GIB


def at(place, value, kind="benchmark"):
    return lambda documents: made.change(documents[kind], place, value)


def also(*changes):
    def alter(documents):
        for change in changes:
            change(documents)

    return alter


def same(documents):
    """A healthy Spark as it is."""


def wedge(clock, power, busy=96.0, place=TRACE, **changes):
    """The readings of a load; None where one could not be read."""
    readings = {"sm_clock_mhz": clock, "power_watts": power, "utilization_percent": busy}
    return also(
        *[
            at(f"{place}.{name}", None if value is None else made._range(value))
            for name, value in readings.items()
        ],
        *[at(f"{place}.{name}", value) for name, value in changes.items()],
    )


def measured(place, value, unit="TFLOP/s", **changes):
    """Another value, with the trace and the parameters that the figure has."""

    def alter(documents):
        name = place.removeprefix("data.figures.").replace("|", ".")
        figure = documents["benchmark"]["data"]["figures"][name]
        figure.update(
            {k: made.figure(value, unit)[k] for k in ("value", "unit", "samples")} | changes
        )

    return alter


def samples(place, values):
    """Other samples, their median and spread stated as they are."""
    middle = sorted(values)[len(values) // 2]
    return also(
        at(f"{place}.samples", values), at(f"{place}.value", middle), at(f"{place}.spread", None),
        lambda d: d["benchmark"]["data"]["figures"][
            place.removeprefix("data.figures.").replace("|", ".")
        ]["parameters"].pop("bursts", None),
    )  # fmt: skip


def quarters(*clocks, place=TRACE, reasons=()):
    return also(
        at(f"{place}.sm_clock_quarters_mhz", list(clocks)),
        at(f"{place}.event_reasons", list(reasons)),
    )


def clocks(minimum, maximum, reasons=()):
    """Without quarters, as older probes recorded it."""

    def alter(documents):
        trace = documents["benchmark"]["data"]["figures"]["gemm.bf16"]["trace"]
        trace.pop("sm_clock_quarters_mhz", None)
        trace["event_reasons"] = list(reasons)
        trace["sm_clock_mhz"] = {"minimum": minimum, "median": 2400.0, "maximum": maximum}

    return alter


def packages(*names):
    return at("data.packages", [{"name": n, "version": "13.0"} for n in names], "environment")


def latency(p50, p95, p99, p99_9):
    return {"p50": p50, "p95": p95, "p99": p99, "p99_9": p99_9}


def link(gigatransfers, width=4):
    return also(
        at("data.storage.devices.0.link_speed_gigatransfers", gigatransfers, HARDWARE),
        at("data.storage.devices.0.link_width", width, HARDWARE),
    )


def result(error, limit):
    return also(
        at(f"{BF16}.parameters.checked_error", error), at(f"{BF16}.parameters.error_limit", limit)
    )


BURSTS = {"minimum": 0.0, "median": 22.0, "maximum": 98.0}
SCATTERED = [60.0, 70.0, 92.0, 92.1, 92.2, 110.0, 120.0]
BUSY = "data.conditions"
# rule: the figure, what trips it, and the nearest that does not
PAIRS = {
    "number": [
        ("gemm.bf16", at(f"{BF16}.value", 0.0), at(f"{BF16}.value", 92.0)),
        ("gemm.bf16", at(f"{BF16}.value", -92.0), same),
        ("gemm.bf16", at(f"{BF16}.value", float("nan")), same),
        ("memory.copy", at(f"{COPY}.samples", [230.0, 1e19]), same),
    ],
    "unit": [
        ("gemm.bf16", at(f"{BF16}.unit", "GB/s"), at(f"{BF16}.unit", "TFLOP/s")),
        ("memory.triad", at("data.figures.memory|triad.unit", "TFLOP/s"), same),
        ("gemm.int8", at("data.figures.gemm|int8.unit", "TFLOP/s"), same),
        ("storage.random_read_64", at("data.figures.storage|random_read_64.unit", "GB/s"), same),
    ],
    "inconsistent": [
        ("gemm.bf16", at(f"{BF16}.value", 97.0), at(f"{BF16}.value", 92.3)),
        ("gemm.bf16", at(f"{BF16}.spread", 0.09), at(f"{BF16}.spread", 0.03)),
        ("gemm.bf16", at(f"{BF16}.parameters.bursts", 10), at(f"{BF16}.parameters.bursts", 7)),
        (
            "gemm.bf16",
            at("data.skipped", [{"figure": "gemm.bf16", "reason": "too slow"}]),
            at("data.skipped", [{"figure": "gemm.fp4", "reason": "too slow"}]),
        ),
        ("gemm.bf16", result(0.11, 0.1), result(0.1, 0.1)),
        ("gemm.bf16", result(1e-9, 0.0), result(0.0, 0.0)),
        (
            "storage.random_read",
            at(f"{RANDOM}.latency_microseconds", latency(190.0, 180.0, 400.0, 900.0)),
            at(f"{RANDOM}.latency_microseconds", latency(190.0, 190.0, 190.0, 900.0)),
        ),
        (
            "storage.random_read",
            at(f"{RANDOM}.latency_microseconds", latency(0.0, 180.0, 400.0, 900.0)),
            same,
        ),
    ],
    "wrong_device": [
        ("gemm.bf16", at("data.device.kind", "cpu"), at("data.device.kind", "cuda")),
        ("gemm.bf16", at("data.device.name", "NVIDIA A100"), at("data.device.name", None)),
        (
            "gemm.bf16",
            at("data.device.compute_capability", "12.0"),
            at("data.device.compute_capability", "12.1"),
        ),
        ("gemm.bf16", at("data.gpu.present", False, HARDWARE), same),
    ],
    "memory_size": [
        (
            "gemm.bf16",
            at("data.device.memory_total_bytes", 80 * GIB),
            at("data.device.memory_total_bytes", 119 * GIB),
        ),
        (
            "memory.copy",
            at("data.memory.total_bytes", 115 * GIB, HARDWARE),
            at("data.memory.total_bytes", 119 * GIB, HARDWARE),
        ),
        (
            "memory.copy",
            at("data.gpu.devices.0.memory_total_bytes", 140 * GIB, HARDWARE),
            at("data.gpu.devices.0.memory_total_bytes", None, HARDWARE),
        ),
        (
            "memory.copy",
            at("data.device.memory_total_bytes", 0),
            at("data.device.memory_total_bytes", None),
        ),
    ],
    "wrong_build": [
        (
            "gemm.bf16",
            at("data.build.arch_list", ["sm_80", "sm_90", "compute_90"]),
            at("data.build.arch_list", ["sm_121"]),
        ),
        (
            "sustained.bf16",
            at("data.build.arch_list", ["sm_122"]),
            at("data.build.arch_list", ["sm_120f"]),
        ),
        # Code for 12.0 alone, and what only one of two documents tells of the same torch.
        ("gemm.bf16", at("data.build.arch_list", ["sm_80", "sm_120a"]), same),
        ("gemm.bf16", at("data.torch.arch_list", ["sm_80"], "environment"), same),
        ("memory.copy", at("data.torch.cuda_available", False, "environment"), same),
        (
            "memory.copy",
            also(
                at("data.build.torch", "2.9.0+cu128"),
                at("data.torch.version", "2.9.0+cu128", "environment"),
            ),
            also(
                at("data.build.torch", "2.9.0+cu130"),
                at("data.torch.version", "2.9.0+cu130", "environment"),
            ),
        ),
        ("attention.bf16", at("data.build.arch_list", None), same),
        ("gemm.bf16", at("data.device.compute_capability", None), same),
        (
            "memory.copy",
            at("data.torch.version", "2.12.0+cu130", "environment"),
            at("data.torch.version", "2.13.0+cu130", "environment"),
        ),
        ("memory.copy", at("data.build.cuda", None), at("data.build.cuda", "13.1")),
        ("memory.copy", at("data.build.cuda", "12.8"), at("data.build.cuda", "13.0")),
        ("memory.copy", at("data.build.cuda", "thirteen"), same),
        ("memory.copy", at("data.build.torch", None), same),
        ("memory.copy", at("data.build.torch", "2.13.0+cpu"), same),
        (
            "gemm.bf16",
            packages("torch", "nvidia-cuda-runtime"),
            packages("torch", "nvidia-cuda-runtime", "nvidia-cublas"),
        ),
        ("gemm.bf16", packages("torch", "nvidia-cuda-runtime-cu12"), packages("torch")),
        (
            "gemm.bf16",
            packages("nvidia-cusolver", "nvidia-cublas-cu12"),
            packages("nvidia-cusolver", "nvidia-cublas-cu12", "nvidia-cublas-cu13"),
        ),
    ],
    "power_wedge": [
        ("gemm.bf16", wedge(481.0, 5.8), wedge(2424.0, 87.2)),
        ("gemm.bf16", wedge(507.0, 11.1), wedge(2483.0, 89.4)),
        ("gemm.bf16", wedge(858.0, 15.8), wedge(858.0, 15.8, busy=50.0)),
        ("gemm.bf16", wedge(999.0, 19.9, busy=80.0), wedge(1000.0, 19.9)),
        # Bursts: busy now and then, and idle in between or not.
        (
            "gemm.bf16",
            wedge(611.0, 14.0, utilization_percent=BURSTS),
            wedge(208.0, 4.2, utilization_percent=BURSTS, performance_states=["P0", "P8"]),
        ),
        ("gemm.bf16", wedge(999.0, 19.9), wedge(999.0, 20.0)),
        # What was not read hides nothing.
        ("gemm.bf16", wedge(481.0, None), wedge(481.0, None, event_reasons=["sw_power_cap"])),
        ("gemm.bf16", wedge(481.0, 5.8, None), wedge(481.0, 5.8, None, event_reasons=["gpu_idle"])),
        ("gemm.bf16", wedge(481.0, 5.8, None), wedge(481.0, 5.8, None, performance_states=["P8"])),
        (
            "gemm.bf16",
            wedge(481.0, 5.8, None, performance_states=["P2"]),
            wedge(481.0, 5.8, None, performance_states=["P2"], event_reasons=["gpu_idle"]),
        ),
        ("gemm.bf16", wedge(None, 5.8), wedge(2424.0, None)),
        # A sustained load shows what a burst is too short for.
        (
            "memory.copy",
            wedge(481.0, 5.8, place=f"{SUSTAINED}.trace"),
            wedge(1450.0, 60.0, place=f"{SUSTAINED}.trace"),
        ),
    ],
    "throttled": [
        *(
            (
                "gemm.bf16",
                at(f"{TRACE}.event_reasons", [reason]),
                at(f"{TRACE}.event_reasons", ["sw_power_cap"]),
            )
            for reason in SPARK.limits["throttle_reasons"]
        ),
        ("gemm.bf16", quarters(2450, 2300, 2100, 2050), quarters(2450, 2300, 2150, 2100)),
        ("gemm.bf16", quarters(2450, 2450, 2450, 1500), quarters(1500, 2450, 2450, 2450)),
        ("memory.copy", quarters(2450, 2450, None, 1500, place=f"{COPY}.trace"), same),
        (
            "sustained.bf16",
            quarters(2450, 2200, 2000, 1800, place=f"{SUSTAINED}.trace"),
            quarters(2450, 2200, 2000, 1900, place=f"{SUSTAINED}.trace"),
        ),
        # A GPU that lowers its clock between bursts, and one that slows down beside.
        (
            "gemm.bf16",
            quarters(2400, 2000, 1500, 1200, reasons=["gpu_idle"]),
            quarters(2400, 1200, 2400, 1200, reasons=["gpu_idle"]),
        ),
        ("gemm.bf16", clocks(1000.0, 2450.0), clocks(208.0, 2450.0, ["gpu_idle"])),
        ("gemm.bf16", clocks(1000.0, 2450.0), clocks(1300.0, 2450.0)),
        (
            "gemm.bf16",
            at(f"{TRACE}.sm_clock_mhz", {"minimum": 900.0, "median": 1200.0, "maximum": 2450.0}),
            at(f"{TRACE}.sm_clock_mhz", {"minimum": 900.0, "median": 2400.0, "maximum": 2450.0}),
        ),
        (
            "gemm.bf16",
            at(f"{TRACE}.sm_clock_mhz.minimum", 600.0),
            also(
                at(f"{TRACE}.sm_clock_mhz.minimum", 208.0),
                at(f"{TRACE}.performance_states", ["P0", "P8"]),
            ),
        ),
        ("gemm.bf16", quarters(2450, 1200, 2450, 2450), quarters(2450, 1300, 2450, 2450)),
    ],
    "busy": [
        ("gemm.bf16", at(f"{TRACE}.other_processes", 1), at(f"{TRACE}.other_processes", None)),
        ("memory.copy", at(f"{BUSY}.other_gpu_processes", 2), at(f"{BUSY}.other_gpu_processes", 0)),
        ("cpu.triad", at(f"{BUSY}.load_average_1m", 10.1), at(f"{BUSY}.load_average_1m", 10.0)),
        (
            "cpu.triad",
            also(at(f"{BUSY}.load_average_1m", 10.1), at(f"{BUSY}.logical_cpus", None)),
            also(at(f"{BUSY}.load_average_1m", 10.0), at(f"{BUSY}.logical_cpus", None)),
        ),
        ("cpu.triad", at(f"{BUSY}.load_average_1m", float("nan")), same),
        (
            "storage.read",
            at(f"{BUSY}.swap_used_bytes", GIB),
            at(f"{BUSY}.swap_used_bytes", GIB // 2),
        ),
    ],
    "untraced": [
        ("gemm.bf16", at(TRACE, None), at(f"{TRACE}.samples", 3)),
        ("memory.triad", at("data.figures.memory|triad.trace.samples", 2), same),
        ("gemm.bf16", at(f"{TRACE}.rate_hz", 2.0), at(f"{TRACE}.rate_hz", 9.5)),
        ("gemm.bf16", at(f"{TRACE}.rate_hz", 0.0), at(f"{TRACE}.rate_hz", None)),
        ("gemm.bf16", at(f"{TRACE}.event_reasons", None), at(f"{TRACE}.event_reasons", [])),
        (
            "gemm.bf16",
            at(f"{TRACE}.sm_clock_mhz", None),
            at(f"{TRACE}.temperature_celsius", None),
        ),
    ],
    "too_short": [
        ("gemm.bf16", samples(BF16, [92.0, 92.1, 92.2]), samples(BF16, [92.0, 92.1, 92.1, 92.2])),
        ("gemm.bf16", at(f"{BF16}.duration_seconds", 0.09), at(f"{BF16}.duration_seconds", 0.1)),
        ("sustained.bf16", at(f"{SUSTAINED}.duration_seconds", 1.9), same),
        ("storage.read", at(f"{READ}.duration_seconds", 0.4), same),
    ],
    "spread": [
        ("gemm.bf16", samples(BF16, SCATTERED), samples(BF16, [90.0, 91.0, 92.0, 93.0, 94.0])),
        ("gemm.bf16", at(f"{BF16}.spread", 0.11), at(f"{BF16}.spread", 0.05)),
        (
            "storage.read",
            samples(READ, [2.0, 2.1, 6.0, 9.0, 9.1]),
            samples(READ, [4.0, 5.0, 6.0, 7.0, 8.0]),
        ),
    ],
    "identical": [
        ("gemm.bf16", samples(BF16, [92.0] * 7), samples(BF16, [92.0] * 6 + [92.1])),
        ("storage.read", samples(READ, [5.1] * 5), samples(READ, [200 * 2**20 / 1e9] * 5)),
        ("storage.random_read", samples(RANDOM, [4850.5] * 5), samples(RANDOM, [4850.0] * 5)),
    ],
    "specification": [
        ("memory.copy", measured(COPY, 273.0, "GB/s"), measured(COPY, 267.0, "GB/s")),
        ("memory.copy", measured(COPY, 273.056, "GB/s"), measured(COPY, 266.0, "GB/s")),
        (
            "gemm.nvfp4",
            measured("data.figures.gemm|nvfp4", 1000.0),
            measured("data.figures.gemm|nvfp4", 356.0),
        ),
    ],
    "clock": [
        (
            "gemm.bf16",
            at(f"{BF16}.clock_step_seconds", -0.6),
            at(f"{BF16}.clock_step_seconds", 0.4),
        ),
        ("storage.read", at(f"{READ}.clock_step_seconds", 3600.0), same),
        (
            "gemm.bf16",
            at(f"{BF16}.started_at", "2026-10-20T11:00:05Z"),
            at(f"{BF16}.started_at", made.COLLECTED),
        ),
        (
            "gemm.bf16",
            at(f"{BF16}.started_at", "2026-10-19T09:59:00Z"),
            also(
                at(f"{BF16}.started_at", "2026-10-19T10:01:00Z"),
                at("data.resumed", [made.resumed("gemm.bf16")]),
            ),
        ),
        (
            "gemm.bf16",
            at(f"{BF16}.started_at", "2026-10-20T10:50:00Z"),
            at(f"{BF16}.started_at", "2026-10-20T10:55:00Z"),
        ),
        (
            "cpu.triad",
            at("data.duration_seconds", 30.0),
            also(
                at("data.duration_seconds", 30.0),
                at("data.resumed", [made.resumed("cpu.triad", *made.SPARK_FIGURES)]),
            ),
        ),
        (
            "sustained.bf16",
            at(f"{SUSTAINED}.duration_seconds", 60.0),
            also(
                at(f"{SUSTAINED}.duration_seconds", 60.0),
                at("data.resumed", [made.resumed("sustained.bf16")]),
            ),
        ),
    ],
    "page_cache": [
        ("storage.read", at(f"{READ}.parameters", {"direct": False}), same),
        ("storage.random_read", at(f"{RANDOM}.parameters", {}), same),
        (
            "storage.read",
            at(f"{READ}.parameters.file_system", "tmpfs"),
            at(f"{READ}.parameters.file_system", "ext4"),
        ),
        (
            "storage.read",
            also(measured(READ, 10.6, "GB/s"), link(16.0)),
            also(measured(READ, 10.6, "GB/s"), link(32.0)),
        ),
        (
            "storage.read",
            also(measured(READ, 2.1, "GB/s"), link(5.0)),
            also(measured(READ, 1.9, "GB/s"), link(5.0)),
        ),
        (
            "storage.read",
            also(at(f"{READ}.parameters.device", "/dev/nvme0n1p2"), link(8.0, 1)),
            also(at(f"{READ}.parameters.device", "dm-0"), link(16.0)),
        ),
        (
            "storage.read",
            also(measured(READ, 15.7, "GB/s"), link(None), measured(TRIAD, 200.0, "GB/s")),
            also(measured(READ, 15.5, "GB/s"), link(None), measured(TRIAD, 200.0, "GB/s")),
        ),
        (
            "storage.read",
            also(
                measured(READ, 15.0, "GB/s"), link(None), measured(TRIAD, 29.0, "GB/s")
            ),
            also(
                measured(READ, 14.0, "GB/s"), link(None), measured(TRIAD, 29.0, "GB/s")
            ),
        ),
    ],
    "latency": [
        (
            "storage.random_read",
            at(f"{RANDOM}.latency_microseconds", latency(420.0, 500.0, 600.0, 900.0)),
            at(f"{RANDOM}.latency_microseconds", latency(300.0, 500.0, 600.0, 900.0)),
        ),
        (
            "storage.random_read",
            at(f"{RANDOM}.latency_microseconds", latency(40.0, 45.0, 50.0, 60.0)),
            at(f"{RANDOM}.latency_microseconds", latency(100.0, 300.0, 600.0, 5000.0)),
        ),
        (
            "storage.random_read_64",
            at(
                "data.figures.storage|random_read_64.latency_microseconds",
                latency(1000.0, 1100.0, 1200.0, 1300.0),
            ),
            same,
        ),
    ],
    "implausible": [
        ("gemm.bf16", measured(BF16, 10.0), measured(BF16, 84.0)),
        ("gemm.bf16", measured(BF16, 130.0), measured(BF16, 120.0)),
        ("gemm.fp16", measured("data.figures.gemm|fp16", 27.0), same),
        ("gemm.tf32", measured("data.figures.gemm|tf32", 27.0), same),
        ("gemm.fp8", measured("data.figures.gemm|fp8", 80.0), same),
        ("gemm.int8", measured("data.figures.gemm|int8", 80.0, "TOP/s"), same),
        ("gemm.nvfp4", measured("data.figures.gemm|nvfp4", 160.0), same),
        (
            "cpu.gemm_fp32",
            measured("data.figures.cpu|gemm_fp32", 28.0),
            also(
                measured("data.figures.cpu|gemm_fp32", 28.0),
                at("data.figures.cpu|gemm_fp32.parameters.threads", 64),
            ),
        ),
        ("sustained.bf16", measured(SUSTAINED, 97.0), measured(SUSTAINED, 96.0)),
        ("sustained.bf16", measured(SUSTAINED, 25.0), measured(SUSTAINED, 60.0)),
        ("memory.copy", measured(COPY, 280.0, "GB/s"), measured(COPY, 218.0, "GB/s")),
        ("memory.triad", measured("data.figures.memory|triad", 160.0, "GB/s"), same),
        (
            "storage.random_read_64",
            also(
                measured("data.figures.storage|random_read_64", 3000.0, "IOPS"),
                lambda d: d["benchmark"]["data"]["figures"]["storage.random_read_64"].pop(
                    "latency_microseconds"
                ),
            ),
            same,
        ),
    ],
}  # fmt: skip
CASES = [(rule, index) for rule, pairs in PAIRS.items() for index in range(len(pairs))]
IDS = [f"{rule}-{index}" for rule, index in CASES]


def judged(documents):
    report = gate.evaluate(AUTO, {made.HOST: documents}, (), made.NOW)
    host = report["hosts"][made.HOST]
    return host["verdict"], {entry["id"]: entry for entry in host["criteria"]}


def broken(documents):
    """What speaks against each figure, as the gate sees it."""
    evidence = Evidence(made.HOST, documents)
    evidence.apply(SPARK, made.NOW)
    found = {
        name: {fault.rule: fault for fault in figure_faults(name, evidence, SPARK)}
        for name in documents["benchmark"]["data"]["figures"]
    }
    return {name: faults for name, faults in found.items() if faults}


def test_every_rule_has_a_pair():
    assert [rule.name for rule in validity.RULES] == list(PAIRS)


@pytest.mark.parametrize(("rule", "index"), CASES, ids=IDS)
def test_a_rule_trips_on_its_fixture(rule, index):
    name, trips, _ = PAIRS[rule][index]
    given = made.spark()
    trips(given)
    fault = broken(given)[name][rule]
    assert "\n" not in fault.evidence
    assert fault.remediation.command.startswith("ansible-playbook foundation.yml --limit {host}")
    verdict, criteria = judged(given)
    assert verdict != "PASS"
    found = criteria["figures_valid"]
    assert found["outcome"] == "invalid"
    assert f"({rule})" in found["message"]
    assert name in found["message"] or "all " in found["message"]
    assert found["measured"] != "0 figures"


@pytest.mark.parametrize(("rule", "index"), CASES, ids=IDS)
def test_no_rule_trips_on_the_nearest_healthy_one(rule, index):
    given = made.spark()
    PAIRS[rule][index][2](given)
    assert broken(given) == {}
    found = judged(given)[1]["figures_valid"]
    assert (found["outcome"], found["measured"]) == ("pass", "0 figures")


@given(st.lists(st.sampled_from(CASES), min_size=2, max_size=6, unique=True))
@settings(max_examples=100, deadline=None)
def test_no_mixture_of_faults_passes(chosen):
    documents = made.spark()
    for rule, index in chosen:
        try:
            PAIRS[rule][index][1](documents)
        except TypeError:  # an earlier fault took the place away, and stays
            continue
    verdict, criteria = judged(documents)
    assert verdict != "PASS"
    assert criteria["figures_valid"]["outcome"] == "invalid"


# Of each pair the first figure is drawn, the second follows in a ratio that is drawn.
@st.composite
def healthy(draw):
    """Values, traces and conditions as they were seen on boxes, or lie between those."""
    documents = made.spark()
    documents["benchmark"] = made.full_benchmark()
    data = documents["benchmark"]["data"]

    def between(low, high):
        return draw(st.floats(low, high))

    values = {
        "gemm.fp32": between(25, 40), "gemm.tf32": between(41, 62), "gemm.fp16": between(82, 100),
        "gemm.bf16": between(82, 98), "gemm.int8": between(120, 200),
        "gemm.fp8": between(150, 190), "gemm.nvfp4": between(240, 356),
        "sustained.bf16": between(76, 84), "memory.copy": between(216, 267),
        "memory.triad": between(220, 260), "transfer.to_device_pinned": between(48, 55),
        "transfer.to_host_pinned": between(48, 55), "cpu.triad": between(91, 120),
        "storage.read": between(5.1, 10.5), "storage.write": between(1.7, 2.0),
        "storage.random_read": between(4200, 12000),
    }  # fmt: skip
    jitter = st.floats(0.98, 1.02)
    for name, value in values.items():
        figure = data["figures"][name]
        taken = [value * draw(jitter) for _ in range(7)]
        if len(set(taken)) == 1:
            taken[0] *= 1.001
        figure.update(samples=taken, value=sorted(taken)[3], spread=None)
        if name == "storage.random_read":
            figure["latency_microseconds"] = latency(
                0.9e6 / value, 1.2e6 / value, 2e6 / value, 9e6 / value
            )
        if figure["trace"] is not None:
            clock = between(2380, 2483)
            figure["trace"]["sm_clock_mhz"] = made._range(clock)
            figure["trace"]["sm_clock_quarters_mhz"] = [clock * draw(jitter) for _ in range(4)]
            figure["trace"]["event_reasons"] = draw(
                st.sampled_from([[], ["gpu_idle"], ["sw_power_cap"], ["gpu_idle", "sw_power_cap"]])
            )
    data["conditions"].update(
        load_average_1m=between(0, 8), swap_used_bytes=draw(st.integers(0, 300 * 2**20))
    )
    return documents


@given(healthy())
@settings(max_examples=60, deadline=None)
def test_no_healthy_document_is_called_invalid(documents):
    assert broken(documents) == {}
    assert judged(documents)[0] == "PASS"


def test_the_suspect_is_named_and_not_what_it_contradicts():
    given = made.spark()
    measured(BF16, 10.0)(given)
    assert set(broken(given)) == {"gemm.bf16"}
    both = made.spark()
    measured("data.figures.memory|triad", 160.0, "GB/s")(both)
    assert set(broken(both)) == {"memory.copy", "memory.triad"}


def test_a_fault_of_the_whole_document_is_told_once():
    given = made.spark()
    at(f"{BUSY}.load_average_1m", 64.0)(given)
    found = judged(given)[1]["figures_valid"]
    count = len(given["benchmark"]["data"]["figures"])
    assert found["measured"] == f"{count} figures"
    assert f"all {count} figures: load average 64.0" in found["message"]


def test_a_figure_that_no_criterion_names_is_judged():
    given = made.spark()
    given["benchmark"]["data"]["figures"]["gemm.fp6"] = made.figure(200.0, "GB/s")
    verdict, criteria = judged(given)
    assert verdict == "INVALID"
    assert "gemm.fp6" in criteria["figures_valid"]["message"]
    assert [e["id"] for e in criteria.values() if e["outcome"] == "invalid"] == ["figures_valid"]


def test_a_cpu_figure_needs_no_gpu_trace_or_gpu_code():
    verdict, criteria = judged(made.plain())
    assert (verdict, criteria["figures_valid"]["outcome"]) == ("PASS", "pass")
    named_gpu = made.plain()
    named_gpu["benchmark"]["data"]["figures"]["gemm.fp32"] = made.figure(0.2, "TFLOP/s")
    assert "wrong_device" in judged(named_gpu)[1]["figures_valid"]["message"]


def test_number_formats_that_an_older_gpu_emulates_are_not_compared():
    documents = made.spark()
    data = documents["benchmark"]["data"]
    documents[HARDWARE]["data"]["gpu"]["devices"][0]["compute_capability"] = "7.5"
    data["device"]["compute_capability"] = "7.5"
    data["build"]["arch_list"] = ["sm_75"]
    documents["environment"]["data"]["torch"]["arch_list"] = ["sm_75"]
    data["figures"] = made.gpu_figures({"gemm.fp32": 8.0, "gemm.tf32": 7.9, "gemm.bf16": 6.0})
    assert broken(documents) == {}
    data["figures"] |= made.gpu_figures({"gemm.fp16": 7.0})
    assert set(broken(documents)) == {"gemm.fp16", "gemm.fp32"}


def test_a_disk_among_several_without_a_name_may_be_an_array():
    documents = made.spark()
    devices = documents[HARDWARE]["data"]["storage"]["devices"]
    devices.append({**devices[0], "name": "nvme1n1"})
    documents["benchmark"]["data"]["figures"]["storage.read"] = made.disk_figure(15.0, "GB/s")
    link(16.0)(documents)
    assert broken(documents) == {}
    devices[1]["link_speed_gigatransfers"] = 8.0
    assert set(broken(documents)) == {"storage.read"}


def test_a_time_that_is_none_and_a_run_without_a_length_say_nothing():
    benchmark = made.benchmark()["data"] | {"duration_seconds": None}
    figure = {**benchmark["figures"]["gemm.bf16"], "started_at": "2016-12-31T23:59:60Z"}
    benchmark["figures"] = {"gemm.bf16": figure}
    run = validity.Run(benchmark, {}, {}, SPARK, made.COLLECTED)
    assert validity.faults(run, "gemm.bf16") == []


def test_without_limits_only_damage_is_refused():
    benchmark = made.benchmark()["data"]
    figure = {**benchmark["figures"]["gemm.bf16"], "trace": None}
    figure.update(samples=SCATTERED, value=92.1, spread=None)
    figure["parameters"] = {}
    benchmark["figures"] = {"gemm.bf16": figure}
    run = validity.Run(benchmark, {}, {}, replace(SPARK, limits={}), made.COLLECTED)
    assert validity.faults(run, "gemm.bf16") == []


@pytest.mark.parametrize("place", ["started_at", "clock_step_seconds", "latency_microseconds"])
def test_what_is_optional_may_be_absent(place):
    documents = copy.deepcopy(made.spark())
    for figure in documents["benchmark"]["data"]["figures"].values():
        figure.pop(place, None)
    assert broken(documents) == {}
