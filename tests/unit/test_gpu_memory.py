"""The bandwidth of a GPU's memory and of the way to it, over a torch of the test's own."""

import pytest
from vector_torch import VectorTorch

from python_probes.benchmark.families import gpu_memory, transfer, unified_memory
from python_probes.benchmark.measuring import accelerator
from python_probes.benchmark.measuring.context import BenchmarkContext
from python_probes.benchmark.measuring.figure import SkipError

PLENTY = "MemTotal: 33554432 kB\nMemAvailable: 30000000 kB"
SIZE = 2**11
MEMORY = {"copy": 2, "triad": 3, "read": 1, "write": 1}
TRANSFERS = tuple(transfer.FAMILY.figures)
UNIFIED = ("cpu_reads_gpu", "gpu_reads_cpu")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(gpu_memory, "_SMALLEST", SIZE)
    monkeypatch.setattr(gpu_memory, "_LARGEST", 2 * SIZE)
    monkeypatch.setattr(gpu_memory, "_ROW", 16)
    monkeypatch.setattr(transfer, "_SIZES", (SIZE, SIZE // 2))
    monkeypatch.setattr(unified_memory, "_BYTES", SIZE)
    monkeypatch.setattr(accelerator, "_WARM_UP_SECONDS", 0.0)


@pytest.fixture
def context(box, tmp_path):
    """A function that gives the context over a torch."""

    def make(meminfo=PLENTY, cuda=True, faults=(), seconds=0.004, **properties):
        box.file("/proc/meminfo", meminfo)
        given = {"L2_cache_size": SIZE // 8, **properties}
        return BenchmarkContext(VectorTorch(cuda, faults, seconds, **given), tmp_path, box.system)

    return make


@pytest.mark.parametrize("name", MEMORY)
def test_each_array_counts_once_a_pass(context, name):
    figure = gpu_memory.measure(context(), name, 30.0)

    assert len(figure["samples"]) == 20
    assert figure["parameters"] == {
        "buffer_bytes": SIZE,
        "cache_bytes": SIZE // 8,
        "repetitions_per_sample": 5,
    }
    assert figure["value"] == pytest.approx(MEMORY[name] * SIZE / 0.004 / 1e9)
    assert "CUDA events" in figure["method"]
    begin, end = figure["window"]
    assert end - begin == figure["duration_seconds"]


@pytest.mark.parametrize("name", [*MEMORY, *TRANSFERS])
@pytest.mark.parametrize("fault", ["writes nothing", "writes half"])
def test_what_was_not_written_is_no_figure(context, name, fault):
    module = gpu_memory if name in MEMORY else transfer

    with pytest.raises(SkipError, match="not what should have been written"):
        module.measure(context(faults=[fault]), name, 30.0)


def test_a_wrong_sum_is_no_figure(context):
    with pytest.raises(SkipError, match="not what should have been written"):
        gpu_memory.measure(context(faults=["sums wrong"]), "read", 30.0)


def test_a_cache_too_large_for_the_largest_buffer_is_no_figure(context):
    with pytest.raises(SkipError, match="not much larger than the cache"):
        gpu_memory.measure(context(L2_cache_size=2 * SIZE), "copy", 30.0)


def test_buffers_grow_with_the_cache(context):
    figure = gpu_memory.measure(context(L2_cache_size=SIZE // 4), "write", 30.0)

    assert figure["parameters"]["buffer_bytes"] == 2 * SIZE


@pytest.mark.parametrize("module", [gpu_memory, transfer, unified_memory])
def test_no_gpu_no_figure_and_no_such_figure(context, module):
    name = {gpu_memory: "copy", transfer: "to_host_pinned", unified_memory: "cpu_reads_gpu"}[module]
    with pytest.raises(SkipError, match="torch sees no CUDA device"):
        module.measure(context(cuda=False), name, 30.0)


@pytest.mark.parametrize("module", [gpu_memory, unified_memory])
def test_a_load_that_does_not_fit_is_refused(context, module, monkeypatch):
    monkeypatch.setattr(gpu_memory, "_SMALLEST", 2**40)
    monkeypatch.setattr(gpu_memory, "_LARGEST", 2**40)
    monkeypatch.setattr(unified_memory, "_BYTES", 2**40)
    name = "copy" if module is gpu_memory else "cpu_reads_gpu"

    with pytest.raises(SkipError, match="GiB needed"):
        module.measure(context(is_integrated=1), name, 30.0)


@pytest.mark.parametrize(
    ("name", "ways", "pinned", "samples"),
    [
        ("to_device_pinned", ("cpu", "cuda"), True, 20),
        ("to_host_pinned", ("cuda", "cpu"), True, 20),
        ("to_device_pageable", ("cpu", "cuda"), False, 10),
        ("to_host_pageable", ("cuda", "cpu"), False, 10),
    ],
)
def test_bytes_that_crossed_count_once(context, name, ways, pinned, samples):
    work = context()

    figure = transfer.measure(work, name, 30.0)

    assert figure["value"] == pytest.approx(SIZE / 0.004 / 1e9)
    assert len(figure["samples"]) == samples
    assert figure["parameters"] == {
        "buffer_bytes": SIZE,
        "pinned": pinned,
        "unified_memory": False,
        "repetitions_per_sample": 12 if pinned else 5,
    }
    assert set(work.torch.copies[1:]) == {(*ways, pinned)}


def test_both_ways_count_both_and_the_timing_events_enclose_both_streams(context):
    work = context()

    figure = transfer.measure(work, "both_ways_pinned", 30.0)

    # The fake copies one after the other: twice the bytes in twice the time.
    assert figure["value"] == pytest.approx(2 * SIZE / 0.008 / 1e9)
    current, there, back = work.torch.streams
    assert current.waits[:2] == [there, back]
    assert len(current.waits) == 2 * len(there.waits) == 2 * len(back.waits)
    assert {id(one) for one in there.waits + back.waits} == {id(current)}


def test_less_is_transferred_where_memory_is_short(context, monkeypatch):
    monkeypatch.setattr(transfer, "_SIZES", (2**34, SIZE))

    figure = transfer.measure(context(is_integrated=1), "to_host_pageable", 30.0)

    assert figure["parameters"]["buffer_bytes"] == SIZE
    assert "same memory" in figure["method"]


@pytest.mark.parametrize("properties", [{"is_integrated": 1}, {}])
def test_no_transfer_without_memory(context, monkeypatch, properties):
    monkeypatch.setattr(transfer, "_SIZES", (2**34,))

    with pytest.raises(SkipError, match="GiB needed"):
        transfer.measure(context(**properties), "to_host_pinned", 30.0)


@pytest.mark.parametrize("name", UNIFIED)
def test_each_side_reads_what_the_other_wrote(context, name):
    figure = unified_memory.measure(context(is_integrated=1), name, 30.0)

    assert len(figure["samples"]) == 20
    assert figure["parameters"] == {"buffer_bytes": SIZE, "unified_memory": True}
    if name == "gpu_reads_cpu":
        assert figure["value"] == pytest.approx(SIZE / 0.004 / 1e9)
        assert "CUDA events" in figure["method"]
    else:
        assert "wall clock" in figure["method"]


@pytest.mark.parametrize("name", UNIFIED)
@pytest.mark.parametrize("fault", ["writes nothing", "writes half"])
def test_reading_something_else_is_no_figure(context, name, fault):
    with pytest.raises(SkipError, match="not that of what"):
        unified_memory.measure(context(is_integrated=1, faults=[fault]), name, 30.0)


def test_a_copy_of_the_shared_memory_is_not_shared(context):
    with pytest.raises(SkipError, match="a copy of page-locked memory"):
        unified_memory.measure(
            context(is_integrated=1, faults=["copies shared"]), "cpu_reads_gpu", 30.0
        )


def test_memory_of_its_own_is_not_shared(context):
    with pytest.raises(SkipError, match="memory of its own"):
        unified_memory.measure(context(), "cpu_reads_gpu", 30.0)


def test_too_few_readings_are_no_figure(context):
    with pytest.raises(SkipError, match="0 readings were completed"):
        unified_memory.measure(context(is_integrated=1), "gpu_reads_cpu", 0.0)
