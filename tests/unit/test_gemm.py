"""The GEMM and sweep figures over a torch of the test's own, and its faults."""

import pytest
from fake_torch import FakeTorch, quick

from python_probes.benchmark.families.gemm import measure
from python_probes.benchmark.measuring import accelerator, bursts
from python_probes.benchmark.measuring.context import BenchmarkContext
from python_probes.benchmark.measuring.figure import SkipError

PLENTY = "MemTotal: 33554432 kB\nMemAvailable: 30000000 kB"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    quick(monkeypatch)


@pytest.fixture
def context(box, tmp_path):
    """A function that gives the context over a torch."""

    def make(torch, meminfo=PLENTY):
        box.file("/proc/meminfo", meminfo)
        return BenchmarkContext(torch, tmp_path, box.system)

    return make


def test_operations_are_counted_over_device_time(context):
    figure = measure(context(FakeTorch(cuda=True, seconds=0.01)), "bf16", 30.0)

    assert figure["value"] == pytest.approx(2 * 16**3 / 0.01 / 1e12)
    assert figure["spread"] == pytest.approx(0)
    assert len(figure["samples"]) == figure["parameters"]["bursts"] == 10
    assert figure["parameters"]["calls_per_burst"] == 2
    assert figure["parameters"]["checked_error"] < 1e-9
    assert "CUDA events" in figure["method"]
    begin, end = figure["window"]
    assert end - begin == figure["duration_seconds"]


def test_the_sweep_is_the_same_method_at_another_size(context):
    figure = measure(context(FakeTorch(cuda=True, seconds=0.01)), "bf16_32", 30.0)

    assert figure["parameters"]["size"] == 32
    assert figure["value"] == pytest.approx(2 * 32**3 / 0.01 / 1e12)


@pytest.mark.parametrize(
    ("name", "precision"), [("fp32", "highest"), ("tf32", "high"), ("fp16", "highest")]
)
def test_tf32_is_on_for_its_own_figure_alone(context, name, precision):
    torch = FakeTorch(cuda=True)

    figure = measure(context(torch), name, 30.0)

    assert set(torch.products) == {precision}
    assert torch.precision == "medium"  # put back
    assert figure["parameters"]["tf32"] is (name == "tf32")


@pytest.mark.parametrize("fault", ["zeros", "nothing"])
def test_a_wrong_product_is_no_figure(context, fault):
    with pytest.raises(SkipError, match=r"the result is wrong: off by ([1-9]|nan)"):
        measure(context(FakeTorch(cuda=True, faults=[fault])), "fp32", 30.0)


def test_a_product_that_stops_writing_is_noticed(context, monkeypatch):
    torch = FakeTorch(cuda=True)
    ahead = 1 + 3 + 1  # the first call, the trial and the untimed call of the first burst
    monkeypatch.setattr(bursts, "_BURSTS", 1)
    multiply = torch.mm

    def stopping(left, right, out):
        if len(torch.products) >= ahead:
            torch.faults.add("nothing")
        multiply(left, right, out=out)

    monkeypatch.setattr(torch, "mm", stopping)

    with pytest.raises(SkipError, match="off by nan"):
        measure(context(torch), "fp32", 30.0)


def test_a_cuda_error_leaves_the_precision_as_it_was(context):
    torch = FakeTorch(cuda=True, faults=["kernel"])

    with pytest.raises(RuntimeError, match="no kernel image"):
        measure(context(torch), "tf32", 30.0)
    assert torch.precision == "medium"


@pytest.mark.parametrize(
    ("name", "capability", "reason"),
    [
        ("nvfp4", (9, 0), "nvfp4 needs compute capability 10.0 or newer, this GPU has 9.0"),
        ("fp8", (8, 6), "fp8 needs compute capability 8.9 or newer, this GPU has 8.6"),
        ("bf16", (7, 5), "bf16 needs compute capability 8.0 or newer, this GPU has 7.5"),
        ("tf32", (7, 5), "tf32 needs compute capability 8.0 or newer, this GPU has 7.5"),
        ("int8", (12, 1), r"int8 needs torch._int_mm, which torch 2.13.0\+fake lacks"),
        ("nvfp4", (12, 1), "nvfp4 needs torch.float4_e2m1fn_x2, which torch .* lacks"),
    ],
)
def test_what_gpu_or_torch_have_not_is_skipped_with_the_reason(context, name, capability, reason):
    major, minor = capability

    with pytest.raises(SkipError, match=f"^{reason}$"):
        measure(context(FakeTorch(cuda=True, major=major, minor=minor)), name, 30.0)


def test_a_cpu_is_never_measured_instead(context):
    torch = FakeTorch()

    with pytest.raises(SkipError, match="torch sees no CUDA device"):
        measure(context(torch), "fp32", 30.0)
    assert torch.products == []


def test_bursts_that_do_not_fit_the_time_are_no_figure(context, monkeypatch):
    monkeypatch.setattr(bursts, "_PAUSE_SECONDS", 0.5)
    torch = FakeTorch(cuda=True)

    with pytest.raises(SkipError, match=r"3 bursts of 2 do not fit in the 1\.\d s left"):
        measure(context(torch), "fp32", 1.4)


def test_fewer_bursts_are_taken_where_time_is_short(context, monkeypatch):
    monkeypatch.setattr(bursts, "_PAUSE_SECONDS", 0.1)

    figure = measure(context(FakeTorch(cuda=True)), "fp32", 0.6)

    assert 3 <= figure["parameters"]["bursts"] <= 5


def test_a_load_is_refused_before_it_is_made(context):
    torch = FakeTorch(cuda=True, is_integrated=1)

    with pytest.raises(SkipError, match="GiB needed"):
        measure(context(torch, "MemTotal: 1000000 kB\nMemAvailable: 900000 kB"), "fp32", 30.0)
    assert torch.products == []


def test_each_call_finds_the_cache_flushed_and_is_timed_alone(context, monkeypatch):
    monkeypatch.setattr(bursts, "_BURSTS", 1)
    torch = FakeTorch(cuda=True)
    order = []

    class Event:
        def record(self):
            order.append("event")

        def elapsed_time(self, _):
            return 10.0

    flush = type("Flush", (), {"zero_": lambda _: order.append("flush")})()
    multiply = torch.mm
    monkeypatch.setattr(torch.cuda, "Event", lambda enable_timing: Event())
    monkeypatch.setattr(torch, "empty", lambda *_, **__: flush)
    monkeypatch.setattr(
        torch, "mm", lambda *a, out: (order.append("product"), multiply(*a, out=out))
    )

    measure(context(torch), "fp32", 30.0)

    timed = ["flush", "event", "product", "event"]
    trial = 3
    assert order == ["product", *timed * trial, "product", *timed * 2]


def test_the_load_rises_to_the_whole(monkeypatch):
    now = [100.0]
    busy, pauses = [0.0], []

    def sleep(seconds):
        pauses.append((busy[0], seconds))
        busy[0] = 0.0
        now[0] += seconds

    def work():
        now[0] += 0.001
        busy[0] += 0.001

    clock = type("Clock", (), {"monotonic": lambda _: now[0], "sleep": lambda _, s: sleep(s)})()
    monkeypatch.setattr(accelerator, "time", clock)
    monkeypatch.setattr(accelerator, "_WARM_UP_SECONDS", 0.4)

    accelerator.Accelerator(FakeTorch(cuda=True)).warm_up(work)

    shares = [worked / (worked + paused) for worked, paused in pauses]
    assert shares[0] < 0.2
    assert shares == sorted(shares)
    assert shares[-15:] == [1.0] * 15  # 5 ms each: the clocks are up
    assert now[0] - 100.0 < 0.6
