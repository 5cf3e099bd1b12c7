"""The measuring process: what it answers, and that every failure is an answer."""

import io
import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from box import REPOSITORY
from fake_torch import FakeTorch

from python_probes.benchmark import worker
from python_probes.benchmark.measuring.context import BenchmarkContext
from python_probes.benchmark.measuring.figure import SkipError
from python_probes.benchmark.worker import serve
from python_probes.core.system import System


@pytest.fixture
def answers(tmp_path, monkeypatch):
    """A function that serves requests for figures and returns every answer."""

    def play(torch, *figures, **families):
        for family, measure in families.items():
            declared = replace(worker.FAMILIES[family], measure=measure)
            monkeypatch.setitem(worker.FAMILIES, family, declared)
        context = BenchmarkContext(torch, tmp_path, System())
        requests = "".join(
            json.dumps({"figure": figure, "budget": 5.0}) + "\n" for figure in figures
        )
        output = io.StringIO()
        serve(context, io.StringIO(requests), output)
        return [json.loads(line) for line in output.getvalue().splitlines()]

    return play


def test_it_says_first_what_computes(answers):
    (ready,) = answers(FakeTorch(cuda=True))

    assert ready["ready"]["device"]["name"] == "NVIDIA Fake"
    assert ready["ready"]["build"] == {
        "torch": "2.13.0+fake",
        "cuda": "13.0",
        "arch_list": ["sm_90", "sm_120"],
        "threads": 2,
    }
    assert ready["ready"]["uuid"] == "GPU-0000-1111"
    assert ready["ready"]["no_torch"] is None


def test_a_family_gets_the_name_and_the_time_and_answers_come_in_order(answers):
    asked = []

    def measure(context, name, budget_seconds):
        asked.append((context.gpu.device, name, budget_seconds))
        return {"value": len(asked)}

    torch = FakeTorch(cuda=True)
    _, first, second = answers(torch, "gemm.bf16", "memory.copy", gemm=measure, memory=measure)

    assert asked == [("cuda", "bf16", 5.0), ("cuda", "copy", 5.0)]
    assert [first, second] == [{"figure": {"value": 1}}, {"figure": {"value": 2}}]


def test_without_torch_or_a_gpu_the_reason_is_the_answer(answers):
    def measure(context, name, budget_seconds):
        return {"value": context.gpu.device}

    families = {"gemm": measure, "storage": lambda *_: {"value": 1}}

    ready, gemm, storage = answers("no libtorch", "gemm.fp32", "storage.write", **families)
    assert ready["ready"]["no_torch"] == "no libtorch"
    assert gemm == {"skipped": "torch: no libtorch"}
    assert storage == {"figure": {"value": 1}}
    _, gemm = answers(FakeTorch(), "gemm.fp32", **families)
    assert gemm == {"skipped": "torch sees no CUDA device"}


def test_an_error_is_an_answer_in_one_line(answers):
    def fail(*_):
        raise RuntimeError("CUDA error: no kernel image\nis available\n")

    _, answer, after = answers(FakeTorch(), "gemm.fp32", "memory.copy", gemm=fail)

    assert answer == {"error": "RuntimeError: CUDA error: no kernel image is available"}
    assert after == {"skipped": "torch sees no CUDA device"}


def test_the_context_makes_each_thing_once(tmp_path):
    context = BenchmarkContext(FakeTorch(cuda=True), tmp_path, System())

    assert context.gpu is context.gpu
    assert context.guard.allocatable() is not None
    assert context.file is context.file
    os.close(context.file.descriptor)


def test_skip_reasons_are_one_bearable_line():
    assert worker.one_line(SkipError("a\n b" + "x" * 999)).startswith("a bx")
    assert len(worker.one_line(SkipError("x" * 999))) == 300
    assert worker.one_line(MemoryError()) == "MemoryError"


def test_the_process_answers_and_ends_with_its_input(tmp_path):
    program = "import sys; sys.modules['torch'] = None; "
    program += "from python_probes.benchmark import worker; sys.exit(worker.main())"
    done = subprocess.run(
        [sys.executable, "-c", program, "--directory", str(tmp_path)],
        input='{"figure": "gemm.fp32", "budget": 1}\n',
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    ready, answer = map(json.loads, done.stdout.splitlines())
    assert "cannot be imported" in ready["ready"]["no_torch"]
    assert "torch: cannot be imported" in answer["skipped"]


def test_the_process_ends_with_the_one_that_started_it(tmp_path):
    worker = [sys.executable, "-m", "python_probes.benchmark.worker", "--no-torch", "x"]
    program = (
        "import subprocess, sys; read, write = __import__('os').pipe();"
        f"child = subprocess.Popen({[*worker, '--directory', str(tmp_path)]!r}, stdin=read,"
        "stdout=subprocess.PIPE, pass_fds=[write]);"
        "child.stdout.readline(); print(child.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    number = int(parent.stdout.readline())
    descriptor = os.pidfd_open(number)

    parent.send_signal(signal.SIGKILL)
    parent.communicate()

    assert select.select([descriptor], [], [], 20)[0], "still there"
    os.close(descriptor)
