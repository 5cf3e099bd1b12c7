"""The CPU's products, copies and triads; those of one cluster in a pinned process of their own."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from vector_torch import VectorTorch

from python_probes.benchmark.families import cpu_speed, cpu_stream
from python_probes.benchmark.families.cpu_stream import last_level_cache
from python_probes.benchmark.measuring.bandwidth import WallClock
from python_probes.benchmark.measuring.context import BenchmarkContext
from python_probes.benchmark.measuring.figure import SkipError

REPOSITORY = Path(__file__).resolve().parents[2]
PLENTY = "MemTotal: 33554432 kB\nMemAvailable: 30000000 kB"
SIZE = 2**14
STREAM = {"copy": 2, "triad": 3}
# A module torch that is a VectorTorch, for processes that import it.
FAKE = """
    import sys
    sys.path.insert(0, {tests!r})
    from vector_torch import VectorTorch
    print("a library's chatter")
    sys.modules[__name__] = VectorTorch(faults={faults!r})
"""


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(cpu_stream, "_SMALLEST", SIZE)
    monkeypatch.setattr(cpu_stream, "_ROUND", 2**12)
    monkeypatch.setattr(cpu_stream, "_SAMPLE_SECONDS", 0.002)
    monkeypatch.setattr(cpu_speed, "_SIZES", (32, 16))
    monkeypatch.setattr(cpu_speed, "_TRIAL_SIZE", 8)
    monkeypatch.setattr(cpu_speed, "_SAMPLE_SECONDS", 0.001)


@pytest.fixture
def context(box, tmp_path):
    """A function that gives the context over a torch."""

    def make(meminfo=PLENTY, faults=(), cuda=False):
        box.file("/proc/meminfo", meminfo)
        return BenchmarkContext(VectorTorch(cuda, faults), tmp_path, box.system)

    return make


@pytest.fixture
def clusters(box):
    """A function that puts kinds of cores into the box: the clock in kHz and CPUs of each."""

    def make(*kinds):
        blocks = []
        for part, (clock, cpus) in enumerate(kinds, start=0xD85):
            for cpu in cpus:
                folder = f"/sys/devices/system/cpu/cpu{cpu}"
                blocks.append(
                    f"processor : {cpu}\nCPU implementer : 0x41\nCPU part : 0x{part:03x}\n"
                )
                box.file(f"{folder}/cpufreq/cpuinfo_max_freq", str(clock))
        box.file("/proc/cpuinfo", "\n".join(blocks))

    return make


@pytest.fixture
def torch_module(tmp_path, monkeypatch):
    """A function that gives the pinned process a module torch of this text."""

    def make(text):
        folder = tmp_path / "modules"
        folder.mkdir()
        (folder / "torch.py").write_text(textwrap.dedent(text))
        monkeypatch.syspath_prepend(folder)
        return folder

    return make


def fake(faults=()):
    return FAKE.format(tests=str(REPOSITORY / "tests"), faults=tuple(faults))


@pytest.mark.parametrize("name", STREAM)
def test_arrays_are_counted_as_stream_counts_them(context, name):
    figure = cpu_speed.measure(context(), name, 20.0)

    assert figure["value"] > 0
    assert "no write-allocate traffic" in figure["method"]
    assert figure["parameters"] == {
        "buffer_bytes": SIZE,
        "cache_bytes": 0,
        "threads": 2,
        "repetitions_per_sample": figure["parameters"]["repetitions_per_sample"],
    }


@pytest.mark.parametrize("name", STREAM)
def test_the_bytes_of_a_pass_over_its_time_make_the_figure(context, name, monkeypatch):
    def half_a_second(work):
        work()
        return 0.5

    monkeypatch.setattr(WallClock, "seconds", staticmethod(half_a_second))

    figure = cpu_speed.measure(context(), name, 20.0)

    assert figure["value"] == pytest.approx(STREAM[name] * SIZE / 0.5 / 1e9)
    assert figure["parameters"]["repetitions_per_sample"] == 1


@pytest.mark.parametrize("name", STREAM)
@pytest.mark.parametrize("fault", ["writes nothing", "writes half"])
def test_what_was_not_written_is_no_figure(context, name, fault):
    with pytest.raises(SkipError, match="not what should have been written"):
        cpu_speed.measure(context(faults=[fault]), name, 20.0)


def test_arrays_are_four_times_the_caches(context, box):
    folder = "/sys/devices/system/cpu/cpu0/cache/index3"
    box.file(f"{folder}/level", "3")
    box.file(f"{folder}/size", "8K")

    figure = cpu_speed.measure(context(), "copy", 20.0)

    assert figure["parameters"]["cache_bytes"] == 2**13
    assert figure["parameters"]["buffer_bytes"] == 4 * 2**13


def test_short_memory_makes_arrays_smaller_but_never_as_small_as_the_caches(context, box):
    folder = "/sys/devices/system/cpu/cpu0/cache/index3"
    box.file(f"{folder}/level", "3")
    box.file(f"{folder}/size", "8K")
    short = "MemTotal: 1024 kB\nMemAvailable: {} kB"  # 128 kB must stay free

    figure = cpu_speed.measure(context(short.format(128 + 80)), "triad", 20.0)

    assert figure["parameters"]["buffer_bytes"] == 20 * 2**10
    with pytest.raises(SkipError, match="not much larger than the caches of 8192 bytes"):
        cpu_speed.measure(context(short.format(128 + 60)), "triad", 20.0)
    with pytest.raises(SkipError, match="buffers of 0 bytes fit"):
        cpu_speed.measure(context(short.format(64)), "triad", 20.0)


def test_the_host_memory_counts_beside_a_gpu_with_its_own(context):
    nine = "MemTotal: 33554432 kB\nMemAvailable: 8388618 kB"  # 10 kB over what must stay free

    with pytest.raises(SkipError, match="fit in memory"):
        cpu_speed.measure(context(nine, cuda=True), "copy", 20.0)


def test_a_product_is_two_operations_for_each_of_n_cubed(context, monkeypatch):
    def tenth(work):
        work()
        return 0.1

    monkeypatch.setattr(WallClock, "seconds", staticmethod(tenth))
    monkeypatch.setattr(cpu_speed, "_SIZES", (8,))
    work = context()

    figure = cpu_speed.measure(work, "gemm_fp32", 20.0)

    assert figure["value"] == pytest.approx(2 * 8**3 / 0.1 / 1e12)
    assert set(work.torch.products) == {"highest"}
    assert work.torch.precision == "medium"  # put back


@pytest.mark.parametrize("fault", ["zeros", "nothing"])
def test_a_wrong_product_is_no_figure(context, fault):
    with pytest.raises(SkipError, match="the result is wrong"):
        cpu_speed.measure(context(faults=[fault]), "gemm_fp32", 20.0)


def test_a_slow_cpu_multiplies_smaller_matrices_or_none(context, monkeypatch):
    def slow(work):
        work()
        return 0.01

    monkeypatch.setattr(WallClock, "seconds", staticmethod(slow))

    # 8 products of 32 would take 5 s, of 16 0.6 s.
    assert cpu_speed.measure(context(), "gemm_fp32", 2.0)["parameters"]["size"] == 16
    with pytest.raises(SkipError, match=r"one product of 16 would take about 0\.1 s"):
        cpu_speed.measure(context(), "gemm_fp32", 0.3)


def test_without_torch_there_is_no_figure(box, tmp_path):
    with pytest.raises(SkipError, match="torch: cannot be imported"):
        cpu_speed.measure(
            BenchmarkContext("cannot be imported", tmp_path, box.system), "copy", 20.0
        )


def test_one_kind_of_core_has_no_clusters(context, clusters):
    clusters((3900000, [0, 1]))
    with pytest.raises(SkipError, match="one kind of core"):
        cpu_speed.measure(context(), "triad_cluster_0", 20.0)


def test_the_fastest_cluster_comes_first_and_no_other_is_measured(context, clusters, torch_module):
    mine = min(os.sched_getaffinity(0))
    clusters((2808000, [5000, 5001]), (3900000, [mine, 5002]))
    torch_module(fake())

    figure = cpu_speed.measure(context(), "triad_cluster_0", 20.0)

    assert figure["parameters"]["cpus"] == str(mine)
    assert figure["parameters"]["threads"] == 1
    assert figure["parameters"]["cluster"] == "unknown"  # no core has this part number
    assert figure["parameters"]["buffer_bytes"] == SIZE
    assert len(figure["samples"]) == 15
    begin, end = figure["window"]
    assert begin < end <= time.monotonic()
    with pytest.raises(SkipError, match="none of the CPUs 5000-5001 may be used"):
        cpu_speed.measure(context(), "triad_cluster_1", 20.0)
    with pytest.raises(SkipError, match="2 kinds of cores, none with the number 2"):
        cpu_speed.measure(context(), "triad_cluster_2", 20.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (fake(["writes half"]), "not what should have been written"),
        ("raise ImportError('libgomp.so.1: cannot open')", r"^ImportError: libgomp\.so\.1"),
        ("import os; os._exit(3)", "the pinned process ended with status 3"),
    ],
)
def test_a_pinned_process_that_fails_is_no_figure(context, clusters, torch_module, text, message):
    cpu = min(os.sched_getaffinity(0))
    clusters((3900000, [cpu]), (2808000, [5000]))
    torch_module(text)

    with pytest.raises(SkipError, match=message):
        cpu_speed.measure(context(), "triad_cluster_0", 20.0)


def test_a_pinned_process_that_hangs_is_ended(context, clusters, torch_module, tmp_path):
    cpu = min(os.sched_getaffinity(0))
    clusters((3900000, [cpu]), (2808000, [5000]))
    torch_module(hanging(tmp_path / "pid"))

    with pytest.raises(SkipError, match="no figure within 2 s"):
        cpu_speed.measure(context(), "triad_cluster_0", 0.3)
    assert ended(int((tmp_path / "pid").read_text()))


def test_a_pinned_process_dies_with_the_one_that_asked(tmp_path, torch_module):
    modules = torch_module(hanging(tmp_path / "pid"))
    cpu = min(os.sched_getaffinity(0))
    asking = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time; from python_probes.benchmark.families.cpu_cluster import measure_pinned\n"
            f"measure_pinned({{{cpu}}}, 4096, time.monotonic() + 60)",
        ],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(modules)},
    )
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    pinned = int((tmp_path / "pid").read_text())
    assert not ended(pinned)

    asking.send_signal(signal.SIGKILL)
    asking.wait()

    until(lambda: ended(pinned))


def hanging(pid_file):
    return f"""
        import os, pathlib, time
        pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()))
        time.sleep(60)
    """


def ended(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def until(true):
    end = time.monotonic() + 10.0
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.slow
def test_the_real_torch_measures_what_is_right(runtime_python, tmp_path):
    """Sizes are small and figures mean nothing; the results are checked, though."""
    script = """
        import json, os, sys, torch
        from pathlib import Path
        from python_probes.host import cpu
        from python_probes.benchmark.families import cpu_speed, cpu_stream
        from python_probes.core.system import System
        from python_probes.benchmark.measuring.context import BenchmarkContext

        cpu_stream._SMALLEST = cpu_stream._LARGEST = 2**22
        cpu_stream.last_level_cache = lambda system: 0
        cpu_speed._SIZES = (256,)
        cpu_stream._SAMPLE_SECONDS = cpu_speed._SAMPLE_SECONDS = 0.001
        cpus = sorted(os.sched_getaffinity(0))
        kinds = [{"name": None, "cpus": str(cpus[0])}, {"name": "B", "cpus": str(cpus[-1])}]
        cpu.collect = lambda *arguments: {"clusters": kinds}
        context = BenchmarkContext(torch, Path(sys.argv[1]), System())
        names = ("gemm_fp32", "copy", "triad", "triad_cluster_1")
        print(json.dumps({name: cpu_speed.measure(context, name, 30.0) for name in names}))
    """
    printed = subprocess.run(
        [runtime_python, "-c", textwrap.dedent(script), str(tmp_path)],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
    ).stdout
    figures = json.loads(printed)

    assert set(figures) == {"gemm_fp32", "copy", "triad", "triad_cluster_1"}
    assert all(figure["value"] > 0 for figure in figures.values())
    assert 0 < figures["gemm_fp32"]["parameters"]["checked_error"] < 1e-5
    assert figures["triad_cluster_1"]["parameters"]["threads"] == 1
    assert figures["triad_cluster_1"]["parameters"]["cluster"] == "B"


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
