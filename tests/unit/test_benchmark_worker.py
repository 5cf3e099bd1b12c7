"""The measuring process: what it answers, and that every failure is an answer."""

import io
import json

import pytest
from fake_torch import FakeTorch

from python_probes import accelerator, benchmark_worker, storage_speed
from python_probes import direct_file as direct_file_module
from python_probes import gemm as gemm_module
from python_probes.benchmark_worker import Workbench, serve
from python_probes.direct_file import BLOCK
from python_probes.figure import SkipError
from python_probes.fio import FioError
from python_probes.system import System


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(direct_file_module, "_LARGEST", 8 * BLOCK)
    monkeypatch.setattr(direct_file_module, "_POOL_BLOCKS", 1)
    monkeypatch.setattr(storage_speed, "_TIMED_SECONDS", 0.1)
    monkeypatch.setattr(gemm_module, "_GPU_SIZE", 8)
    monkeypatch.setattr(gemm_module, "_CHECKED", 4)
    monkeypatch.setitem(accelerator._WARM_UP_SECONDS, "cuda", 0.0)


@pytest.fixture
def answers(tmp_path, monkeypatch):
    """A function that serves requests for figures and returns every answer."""

    def play(torch, *figures):
        monkeypatch.setattr(System, "which", lambda *_: None)  # no fio
        bench = Workbench(torch, tmp_path, tmp_path, System())
        requests = "".join(
            json.dumps({"figure": figure, "budget": 5.0}) + "\n" for figure in figures
        )
        output = io.StringIO()
        serve(bench, io.StringIO(requests), output)
        return [json.loads(line) for line in output.getvalue().splitlines()]

    return play


def test_it_says_first_what_computes(answers):
    (ready,) = answers(FakeTorch(cuda=True))

    assert ready["ready"]["device"]["name"] == "NVIDIA Fake"
    assert ready["ready"]["build"]["torch"] == "2.13.0+fake"
    assert ready["ready"]["uuid"] == "GPU-0000-1111"
    assert ready["ready"]["no_torch"] is None


def test_figures_come_in_the_order_asked(answers):
    _, gemm, copy, write, read = answers(
        FakeTorch(cuda=True), "gemm.bf16", "memory.copy", "storage.write", "storage.read"
    )

    assert gemm["figure"]["unit"] == "TFLOP/s"
    assert copy["figure"]["unit"] == "GB/s"
    assert write["figure"]["parameters"]["file_bytes"] == 8 * BLOCK
    assert read["figure"]["value"] > 0


def test_without_torch_storage_is_measured_all_the_same(answers):
    ready, gemm, copy, write = answers(
        "cannot be imported: no libtorch", "gemm.fp32", "memory.copy", "storage.write"
    )

    assert ready["ready"]["no_torch"] == "cannot be imported: no libtorch"
    assert gemm == copy == {"skipped": "torch: cannot be imported: no libtorch"}
    assert "figure" in write


def test_nothing_is_read_that_was_not_written(answers):
    _, read, random = answers(FakeTorch(), "storage.read", "storage.random_read")

    assert read == random == {"skipped": "nothing was written that could be read"}


def test_an_unknown_figure_is_skipped(answers):
    _, gemm, other = answers(FakeTorch(cuda=True), "gemm.fp4", "memory.triad")

    assert gemm == {"skipped": "gemm.fp4: no such figure"}
    assert other == {"skipped": "memory.triad: no such figure"}


def test_a_cuda_error_is_an_answer_in_one_line(answers):
    _, answer = answers(FakeTorch(cuda=True, faults=["kernel"]), "gemm.fp32")

    assert answer == {
        "error": "RuntimeError: CUDA error: no kernel image is available for execution"
    }


class _BrokenFio:
    def __init__(self, *_):
        pass

    def _fail(self, _):
        raise FioError("fio: io_uring: Operation not permitted")

    sequential_write = sequential_read = random_read = _fail


def test_a_broken_fio_gives_way_to_the_fallback(tmp_path, monkeypatch):
    monkeypatch.setattr(System, "which", lambda *_: "/usr/bin/fio")
    monkeypatch.setattr(benchmark_worker, "Fio", _BrokenFio)

    figure = Workbench("none", tmp_path, tmp_path, System()).measure("storage.write", 5.0)

    assert figure["parameters"]["tool"] == "python"
    assert "Operation not permitted" in figure["parameters"]["fio_problem"]


def test_torch_that_is_not_there_is_a_reason(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)

    assert "cannot be imported" in benchmark_worker._import_torch()


def test_skip_reasons_are_one_bearable_line():
    assert benchmark_worker.one_line(SkipError("a\n b" + "x" * 999)).startswith("a bx")
    assert len(benchmark_worker.one_line(SkipError("x" * 999))) == 300
    assert benchmark_worker.one_line(MemoryError()) == "MemoryError"
