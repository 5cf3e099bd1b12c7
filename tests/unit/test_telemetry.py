"""The GPU's trace, sampled from an NVML of the test's own and summed up."""

from types import SimpleNamespace

import pytest

from python_probes.nvml_calls import Nvml, NvmlError
from python_probes.telemetry import Sampler, computing_processes, count_others, summary


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
            self.open += {"nvmlInit": 1, "nvmlShutdown": -1}.get(name, 0)
            return self.answers.get(name)

        return call


def test_a_sample_holds_every_reading_in_its_unit():
    fake = FakeNvml()
    sampler = Sampler(Nvml(fake), "GPU-1")

    sampler.start()
    sampler.sample()
    sampler.stop()

    (sample,) = sampler.samples
    del sample["time"]
    assert sample == {
        "sm_clock_mhz": 2400,
        "power_watts": 84.5,
        "temperature_celsius": 70,
        "utilization_percent": 96,
        "performance_state": "P0",
        "event_reasons": ["sw_power_cap"],
        "processes": [41],
    }
    assert ("nvmlDeviceGetHandleByUUID", "GPU-1") in fake.asked
    assert fake.open == 0


def test_one_unsupported_reading_costs_one_field():
    sampler = Sampler(Nvml(FakeNvml({"nvmlDeviceGetPowerUsage": 3})))

    sampler.start()
    sampler.sample()

    assert sampler.samples[0]["power_watts"] is None
    assert sampler.samples[0]["sm_clock_mhz"] == 2400


def test_a_gpu_that_cannot_be_opened_leaves_nvml_closed():
    fake = FakeNvml({"nvmlDeviceGetHandleByIndex": 15})

    with pytest.raises(NvmlError) as caught:
        Sampler(Nvml(fake)).start()
    assert caught.value.code == "gpu_is_lost"
    assert fake.open == 0


def _sample(time, **fields):
    names = ("sm_clock_mhz", "power_watts", "temperature_celsius", "utilization_percent")
    rest = ("performance_state", "event_reasons", "processes")
    return {"time": time, **dict.fromkeys((*names, *rest)), **fields}


def test_only_the_timed_part_counts():
    samples = [
        _sample(0.9, sm_clock_mhz=208, performance_state="P8", event_reasons=["gpu_idle"]),
        _sample(1.0, sm_clock_mhz=2400, performance_state="P0", event_reasons=[]),
        _sample(1.1, sm_clock_mhz=2500, performance_state="P0", event_reasons=["sw_power_cap"]),
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
