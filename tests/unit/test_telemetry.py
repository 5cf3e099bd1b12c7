"""The GPU's trace, sampled from an NVML of the test's own and summed up."""

from types import SimpleNamespace

import pytest

from python_probes.nvidia.nvml_calls import Nvml, NvmlError
from python_probes.nvidia.telemetry import (
    Sample,
    Sampler,
    computing_processes,
    count_others,
    series,
    summary,
)


class FakeNvml:
    """The functions of pynvml that telemetry asks; a name in `broken` raises its error."""

    class NVMLError(Exception):
        def __init__(self, value):
            super().__init__(f"error {value}")
            self.value = value

    def __init__(self, broken=None):
        self.NVML_ERROR_NOT_SUPPORTED = 3
        self.NVML_ERROR_GPU_IS_LOST = 15
        self.broken = broken or {}
        self.open = 0
        self.asked = []
        self.answers = {
            "nvmlDeviceGetHandleByIndex": "first",
            "nvmlDeviceGetHandleByUUID": "named",
            "nvmlDeviceGetCount": 2,
            "nvmlDeviceGetClockInfo": 2400,
            "nvmlDeviceGetPowerUsage": 84500,
            "nvmlDeviceGetTemperatureV": 70,
            "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=96),
            "nvmlDeviceGetPerformanceState": 0,
            "nvmlDeviceGetCurrentClocksEventReasons": 0x4,
            "nvmlDeviceGetComputeRunningProcesses": [SimpleNamespace(pid=41)],
        }

    def __getattr__(self, name):
        if not name.startswith("nvml"):
            raise AttributeError(name)

        def call(*arguments):
            self.asked.append((name, *arguments))
            if name in self.broken:
                raise self.NVMLError(self.broken[name])
            if name in ("nvmlInit", "nvmlShutdown"):
                self.open += 1 if name == "nvmlInit" else -1
                return None
            if name not in self.answers:
                raise self.NVMLError(self.NVML_ERROR_NOT_SUPPORTED)
            return self.answers[name]

        return call


def test_a_sample_holds_every_reading_in_its_unit():
    fake = FakeNvml()
    sampler = Sampler(Nvml(fake), "GPU-1")

    sampler.start()
    sampler.sample()
    sampler.stop()

    (sample,) = sampler.samples
    assert sample == Sample(
        sample.time,
        sm_clock_mhz=2400,
        power_watts=84.5,
        temperature_celsius=70,
        utilization_percent=96,
        states=frozenset({"P0"}),
        reasons=frozenset({"sw_power_cap"}),
        processes=frozenset({41}),
    )
    assert ("nvmlDeviceGetHandleByUUID", "GPU-1") in fake.asked
    assert fake.open == 0


def test_one_unsupported_reading_costs_one_field():
    sampler = Sampler(Nvml(FakeNvml({"nvmlDeviceGetPowerUsage": 3})))

    sampler.start()
    sampler.sample()

    assert sampler.samples[0].power_watts is None
    assert sampler.samples[0].sm_clock_mhz == 2400


def test_a_gpu_that_cannot_be_opened_leaves_nvml_closed():
    fake = FakeNvml({"nvmlDeviceGetHandleByIndex": 15})

    with pytest.raises(NvmlError) as caught:
        Sampler(Nvml(fake)).start()
    assert caught.value.code == "gpu_is_lost"
    assert fake.open == 0


def _sample(time, **fields):
    sets = ("states", "reasons", "processes")
    return Sample(
        time, **{name: frozenset(one) if name in sets else one for name, one in fields.items()}
    )


def test_the_clock_by_quarters_shows_a_fall():
    samples = [
        _sample(1 + n / 8, sm_clock_mhz=clock)
        for n, clock in enumerate(
            [2400, 2400, 2400, 2000, 2000, 2000, None, None, None, 1500, 1500]
        )
    ]

    assert summary(samples, 1.0, 2.5, set())["sm_clock_quarters_mhz"] == [2400, 2000, None, 1500]


def test_a_series_takes_the_nearest_sample_within_a_second():
    samples = [
        _sample(10.0, sm_clock_mhz=1, power_watts=10.0, temperature_celsius=50),
        _sample(10.4, sm_clock_mhz=2, power_watts=20.0),
        _sample(12.0, sm_clock_mhz=3, power_watts=30.0, temperature_celsius=52),
    ]

    columns = series(samples, 10.0, [0.1, 0.3, 1.3, 2.9, 3.1])

    assert columns["sm_clock_mhz"] == [1, 2, 3, 3, None]
    assert columns["power_watts"] == [10.0, 20.0, 30.0, 30.0, None]
    assert columns["temperature_celsius"] == [50, None, 52, 52, None]
    assert series([], 0.0, [1.0]) == {name: [None] for name in columns}


def test_only_the_timed_part_counts():
    samples = [
        _sample(0.9, sm_clock_mhz=208, states={"P8"}, reasons={"gpu_idle"}),
        _sample(1.0, sm_clock_mhz=2400, states={"P0"}, reasons=set()),
        _sample(1.1, sm_clock_mhz=2500, states={"P0"}, reasons={"sw_power_cap"}),
        _sample(1.2, sm_clock_mhz=None),
        _sample(1.3, sm_clock_mhz=300),
    ]

    trace = summary(samples, 1.0, 1.25, set())

    assert trace["samples"] == 3
    assert trace["rate_hz"] == pytest.approx(10)
    assert trace["sm_clock_mhz"] == {"minimum": 2400, "median": 2450, "maximum": 2500}
    assert trace["power_watts"] is None
    assert trace["performance_states"] == ["P0"]
    assert trace["event_reasons"] == ["sw_power_cap"]
    assert trace["other_processes"] is None


def test_no_sample_is_an_empty_trace_and_no_idle_gpu():
    trace = summary([], 0.0, 1.0, {1})

    assert trace["samples"] == 0
    assert trace.pop("sm_clock_quarters_mhz") == [None] * 4
    assert {name for name, value in trace.items() if value is not None} == {"source", "samples"}


@pytest.mark.parametrize(
    ("processes", "own", "others"),
    [
        ([41], {41}, 0),
        ([41, 7, 8], {41}, 2),
        ([900], {41}, 0),  # another namespace's number for the benchmark itself
        ([900, 7], {41}, 1),
        ([], {41}, 0),
    ],
)
def test_the_benchmark_is_not_among_the_others(processes, own, others):
    assert count_others(processes, own) == others
    samples = [_sample(1.0, processes=[]), _sample(1.1, processes=processes)]
    assert summary(samples, 0, 2, own)["other_processes"] == others


def test_processes_of_all_gpus_are_counted():
    fake = FakeNvml()

    assert computing_processes(Nvml(fake)) == 2
    assert fake.open == 0


@pytest.mark.parametrize(
    "broken", ["nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetComputeRunningProcesses"]
)
def test_processes_that_nvml_does_not_tell_are_unknown(broken):
    assert computing_processes(Nvml(FakeNvml({broken: 3}))) is None


def test_an_nvml_that_does_not_shut_down_costs_no_answer():
    assert computing_processes(Nvml(FakeNvml({"nvmlShutdown": 3}))) == 2
