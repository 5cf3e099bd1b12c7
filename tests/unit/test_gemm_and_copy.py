"""The GEMM and copy figures over a torch of the test's own, and its faults."""

import pytest
from fake_torch import FakeTorch

from python_probes import accelerator as accelerator_module
from python_probes import gemm as gemm_module
from python_probes import memory_copy as copy_module
from python_probes.accelerator import Accelerator
from python_probes.figure import SkipError
from python_probes.gemm import gemm
from python_probes.memory_copy import last_level_cache, memory_copy
from python_probes.memory_guard import MemoryGuard

PLENTY = "MemTotal: 33554432 kB\nMemAvailable: 30000000 kB"


@pytest.fixture(autouse=True)
def small_sizes(monkeypatch):
    monkeypatch.setattr(gemm_module, "_GPU_SIZE", 16)
    monkeypatch.setattr(gemm_module, "_CPU_SIZES", (16, 8))
    monkeypatch.setattr(gemm_module, "_CPU_TRIAL_SIZE", 8)
    monkeypatch.setattr(gemm_module, "_CHECKED", 4)
    monkeypatch.setattr(gemm_module, "_CPU_SAMPLE_SECONDS", 0.001)
    monkeypatch.setattr(gemm_module, "_SAMPLES", 10)
    monkeypatch.setitem(accelerator_module._WARM_UP_SECONDS, "cuda", 0.0)
    monkeypatch.setattr(copy_module, "_SAMPLE_SECONDS", 0.02)


@pytest.fixture
def guarded(box):
    """A function that gives an accelerator over a torch, and its memory guard."""

    def make(torch, meminfo=PLENTY):
        box.file("/proc/meminfo", meminfo)
        accelerator = Accelerator(torch)
        guard = MemoryGuard(box.system, accelerator.kind == "cuda", accelerator.free_bytes)
        return accelerator, guard

    return make


def test_operations_are_counted_over_device_time(guarded):
    torch = FakeTorch(cuda=True, seconds=0.01)

    figure = gemm(*guarded(torch), "bf16", 30.0)

    assert figure["value"] == pytest.approx(2 * 16**3 / 0.01 / 1e12)
    assert figure["spread"] == pytest.approx(0)
    assert len(figure["samples"]) == 10
    assert figure["parameters"]["repetitions_per_sample"] == 10
    assert figure["parameters"]["checked_error"] < 1e-9
    assert "CUDA events" in figure["method"]


@pytest.mark.parametrize(
    ("name", "precision"), [("fp32", "highest"), ("tf32", "high"), ("fp16", "highest")]
)
def test_tf32_is_on_for_its_own_figure_alone(guarded, name, precision):
    torch = FakeTorch(cuda=True)

    figure = gemm(*guarded(torch), name, 30.0)

    assert set(torch.products) == {precision}
    assert torch.precision == "medium"  # put back
    assert figure["parameters"]["tf32"] is (name == "tf32")


@pytest.mark.parametrize("fault", ["zeros", "nothing"])
def test_a_wrong_product_is_no_figure(guarded, fault):
    with pytest.raises(SkipError, match="the product is wrong"):
        gemm(*guarded(FakeTorch(cuda=True, faults=[fault])), "fp32", 30.0)


def test_a_cuda_error_leaves_the_precision_as_it_was(guarded):
    torch = FakeTorch(cuda=True, faults=["kernel"])

    with pytest.raises(RuntimeError, match="no kernel image"):
        gemm(*guarded(torch), "tf32", 30.0)
    assert torch.precision == "medium"


def test_a_cpu_measures_fp32_by_the_wall_clock_and_no_gpu_format(guarded):
    accelerator, guard = guarded(FakeTorch())

    figure = gemm(accelerator, guard, "fp32", 5.0)

    assert "monotonic wall clock" in figure["method"]
    assert figure["value"] > 0
    for name in ("tf32", "fp16"):
        with pytest.raises(SkipError, match="no CUDA device"):
            gemm(accelerator, guard, name, 5.0)


def test_an_emulated_format_is_left_out_before_it_takes_minutes(guarded, monkeypatch):
    accelerator, guard = guarded(FakeTorch())
    monkeypatch.setattr(accelerator, "seconds", lambda work: 10.0)

    with pytest.raises(SkipError, match=r"too slow on this CPU: one product of 8 .* 10.0 s"):
        gemm(accelerator, guard, "bf16", 30.0)


def test_a_slow_cpu_multiplies_smaller_matrices(guarded, monkeypatch):
    accelerator, guard = guarded(FakeTorch())
    trials = iter([1.0, 1.0, 1.0])  # 8 s for one product of 16, 1 s for one of 8
    seconds = accelerator.seconds
    monkeypatch.setattr(accelerator, "seconds", lambda work: next(trials, None) or seconds(work))

    assert gemm(accelerator, guard, "fp32", 30.0)["parameters"]["size"] == 8


def test_samples_that_do_not_fit_the_time_are_no_figure(guarded):
    with pytest.raises(SkipError, match=r"3 samples do not fit in the 1\.0 s"):
        gemm(*guarded(FakeTorch(cuda=True, seconds=0.5)), "fp32", 1.0)


def test_both_directions_of_a_copy_count(guarded, box):
    torch = FakeTorch(cuda=True, seconds=0.004)

    figure = memory_copy(*guarded(torch), box.system, 30.0)

    size = 2**30  # the smallest, for a cache of 32 MiB
    assert figure["parameters"] == {
        "buffer_bytes": size,
        "cache_bytes": 2**25,
        "repetitions_per_sample": 5,
    }
    assert figure["value"] == pytest.approx(2 * size / 0.004 / 1e9)


def test_a_copy_that_copies_nothing_is_no_figure(guarded, box):
    with pytest.raises(SkipError, match="the copy differs"):
        memory_copy(*guarded(FakeTorch(cuda=True, faults=["copy"])), box.system, 30.0)


def test_a_cache_too_large_for_the_largest_buffer_is_no_figure(guarded, box):
    torch = FakeTorch(cuda=True, L2_cache_size=2**32)

    with pytest.raises(SkipError, match="not much larger than the cache"):
        memory_copy(*guarded(torch), box.system, 30.0)


def test_the_last_level_counts_each_shared_cache_once(box):
    for cpu, shared in ((0, "0-1"), (1, "0-1"), (2, "2-3"), (3, "2-3")):
        for index, level, size in ((0, 1, "48K"), (3, 3, "16384K")):
            folder = f"/sys/devices/system/cpu/cpu{cpu}/cache/index{index}"
            box.file(f"{folder}/level", str(level))
            box.file(f"{folder}/size", size)
            box.file(f"{folder}/shared_cpu_list", shared if level == 3 else str(cpu))
    box.file("/sys/devices/system/cpu/cpufreq/boost", "1")

    assert last_level_cache(box.system) == 32 * 2**20


def test_no_cache_in_sysfs_is_zero(box):
    assert last_level_cache(box.system) == 0


@pytest.mark.parametrize(
    ("meminfo", "gpu", "device_free", "allocatable"),
    [
        # A GPU keeps 8 GiB of the host free, unified or not.
        ("MemTotal: 125000000 kB\nMemAvailable: 16777216 kB", True, None, 8 * 2**30),
        ("MemTotal: 125000000 kB\nMemAvailable: 16777216 kB", True, 70 * 2**30, 69 * 2**30),
        ("MemTotal: 125000000 kB\nMemAvailable: 4194304 kB", True, 70 * 2**30, -4 * 2**30),
        # A small CPU machine keeps an eighth, a large one 8 GiB.
        ("MemTotal: 8388608 kB\nMemAvailable: 4194304 kB", False, None, 3 * 2**30),
        ("MemTotal: 536870912 kB\nMemAvailable: 10485760 kB", False, None, 2 * 2**30),
    ],
)
def test_what_may_be_allocated(box, meminfo, gpu, device_free, allocatable):
    box.file("/proc/meminfo", meminfo)

    guard = MemoryGuard(box.system, gpu, lambda: device_free)

    assert guard.allocatable() == allocatable
    with pytest.raises(SkipError, match="GiB needed"):
        guard.require(max(allocatable, 0) + 1)


def test_no_load_without_knowing_the_memory(box):
    with pytest.raises(SkipError, match="no load is safe"):
        MemoryGuard(box.system, False, lambda: None).require(1)


def test_a_load_is_refused_before_it_is_made(guarded):
    torch = FakeTorch(cuda=True, is_integrated=1)

    with pytest.raises(SkipError, match="GiB needed"):
        gemm(*guarded(torch, "MemTotal: 1000000 kB\nMemAvailable: 900000 kB"), "fp32", 30.0)
    assert torch.products == []


def test_a_device_describes_itself():
    accelerator = Accelerator(FakeTorch(cuda=True, is_integrated=1))

    assert accelerator.describe() == {
        "kind": "cuda",
        "name": "NVIDIA Fake",
        "compute_capability": "12.1",
        "memory_total_bytes": 2**37,
    }
    assert accelerator.build() == {
        "torch": "2.13.0+fake",
        "cuda": "13.0",
        "arch_list": ["sm_90", "sm_120"],
        "threads": 2,
    }
    assert accelerator.uuid == "GPU-0000-1111"
    assert accelerator.free_bytes() is None
    assert Accelerator(FakeTorch(cuda=True)).free_bytes() == 2**36
    assert Accelerator(FakeTorch()).uuid is None
    assert Accelerator(FakeTorch()).describe()["kind"] == "cpu"
