"""A whole benchmark run around measuring processes that work, hang, crash and lie."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from box import REPOSITORY
from schema_check import schema_errors
from test_telemetry import FakeNvml

from python_probes import benchmark, benchmark_run, worker_process
from python_probes.benchmark_conditions import conditions, cpu_device, dcgm_version
from python_probes.benchmark_run import LEVELS, Planned
from python_probes.nvml_calls import Nvml

# The measuring process's place is taken by this script: same pipes, same lines.
_WORKER = """#!{python}
import json, os, signal, sys, time
scenario = {scenario!r}
no_torch = sys.argv[sys.argv.index("--no-torch") + 1] if "--no-torch" in sys.argv else None
def say(content):
    print(json.dumps(content), flush=True)
if scenario == "import-crash" and no_torch is None:
    os.kill(os.getpid(), signal.SIGSEGV)
if scenario == "import-hang" and no_torch is None:
    time.sleep(60)
if scenario == "never":
    print("ImportError: no such thing", file=sys.stderr)
    sys.exit(3)
cuda = scenario == "cuda"
device = dict(kind="cuda", name="NVIDIA GB10", compute_capability="12.1",
              memory_total_bytes=128 * 2**30) if cuda else dict(kind="cpu", name=None,
              compute_capability=None, memory_total_bytes=None)
build = dict(torch="2.13.0+cu130", cuda="13.0", arch_list=["sm_120"], threads=20)
if no_torch:
    device = build = None
say(dict(ready=dict(device=device, build=build, uuid="GPU-1" if cuda else None,
                    no_torch=no_torch)))
for line in sys.stdin:
    name = json.loads(line)["figure"]
    begin = time.monotonic()
    if scenario == "hang" and name == "gemm.bf16":
        time.sleep(60)
    if scenario == "crash" and name == "gemm.bf16":
        os.kill(os.getpid(), signal.SIGABRT)
    if scenario == "exit" and name == "gemm.bf16":
        print("terminate called", file=sys.stderr)
        sys.exit(7)
    if scenario == "garbage" and name == "gemm.bf16":
        print("[W] a library printed this", flush=True)
        continue
    if scenario == "error" and name == "gemm.bf16":
        say(dict(error="AcceleratorError: CUDA error: no kernel image"))
        continue
    if scenario == "skip" and name == "gemm.bf16":
        say(dict(skipped="9.0 GiB needed, 1.0 GiB may be taken"))
        continue
    time.sleep(0.3 if cuda else 0.01)
    say(dict(figure=dict(value=2.0, unit="GB/s", samples=[2.0], spread=None,
        method="a stand-in for the measurement", duration_seconds=0.1, trace=None,
        parameters=dict(pid=os.getpid()), window=[begin, time.monotonic()])))
"""
_PYTHON = sys.executable
_COMMAND = [_PYTHON, "-m", "python_probes", "benchmark"]
_PLAN = (Planned("gemm.fp32", 0.5), Planned("gemm.bf16", 0.5), Planned("storage.write", 0.5))


@pytest.fixture
def bench(tmp_path, monkeypatch, capfd):
    """A function that runs the command line in this process and returns document and errors."""
    folder = tmp_path / "measured"
    folder.mkdir()
    monkeypatch.setitem(LEVELS, "quick", _PLAN)
    monkeypatch.setattr(benchmark_run, "nvml_library", lambda: None)

    def play(scenario, *arguments):
        script = tmp_path / "python"
        script.write_text(_WORKER.format(python=_PYTHON, scenario=scenario))
        script.chmod(0o755)
        monkeypatch.setattr(worker_process.sys, "executable", str(script))
        status = benchmark.main(["--directory", str(folder), "--host", "spark-01", *arguments])
        captured = capfd.readouterr()
        assert status == 0, captured.err
        assert list(folder.iterdir()) == []
        document = json.loads(captured.out)
        assert schema_errors("benchmark", "", document) == []
        return document, captured.err

    return play


def _skipped(document):
    return {entry["figure"]: entry["reason"] for entry in document["data"]["skipped"]}


def test_a_run_that_works(bench):
    document, progress = bench("works")

    assert list(document["data"]["figures"]) == ["gemm.fp32", "gemm.bf16", "storage.write"]
    assert document["data"]["skipped"] == []
    assert document["host"] == "spark-01"
    assert document["identity"]["build"] == {"torch": "2.13.0+cu130", "cuda": "13.0"}
    assert document["data"]["device"]["kind"] == "cpu"
    assert document["data"]["telemetry"]["source"] is None
    assert "no CUDA device" in document["data"]["telemetry"]["reason"]
    assert "[2/3] gemm bf16: " in progress
    assert "s elapsed, about 0 s expected" in progress
    assert "2 GB/s" in progress


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("crash", "the measuring process died of SIGABRT"),
        ("exit", "the measuring process ended with status 7: terminate called"),
        ("garbage", "an answer that is none"),
        ("error", "AcceleratorError: CUDA error: no kernel image"),
        ("skip", "9.0 GiB needed, 1.0 GiB may be taken"),
        ("hang", "no result within 2 s; stopped"),
    ],
)
def test_a_figure_that_fails_costs_itself_alone(bench, scenario, reason):
    document, progress = bench(scenario)

    assert reason in _skipped(document)["gemm.bf16"]
    assert list(document["data"]["figures"]) == ["gemm.fp32", "storage.write"]
    assert f"skipped: {_skipped(document)['gemm.bf16']}" in progress
    first, last = document["data"]["figures"].values()
    # A process that failed measures nothing more; one that declined goes on.
    assert (first["parameters"] == last["parameters"]) is (scenario == "skip")


@pytest.mark.parametrize(
    ("scenario", "reason"), [("import-crash", "SIGSEGV"), ("import-hang", "no result within")]
)
def test_a_torch_that_brings_its_process_down_is_left_out(bench, monkeypatch, scenario, reason):
    monkeypatch.setattr(benchmark_run, "_START_SECONDS", 1.0)

    document, _ = bench(scenario)

    assert document["data"]["build"]["torch"] is None
    assert document["identity"]["build"] == {"torch": None, "cuda": None}
    (problem,) = [p for p in document["problems"] if p["code"] == "torch_unusable"][:1]
    assert reason in problem["message"]
    assert "storage.write" in document["data"]["figures"]


def test_no_process_at_all_still_makes_a_document(bench):
    document, _ = bench("never")

    assert document["data"]["figures"] == {}
    assert set(_skipped(document)) == {planned.name for planned in _PLAN}
    assert "no measuring process could be started" in _skipped(document)["gemm.fp32"]
    assert "ImportError: no such thing" in json.dumps(document["problems"])


def test_what_does_not_fit_the_time_is_skipped(bench, monkeypatch):
    monkeypatch.setitem(LEVELS, "quick", (Planned("gemm.fp32", 0.2), Planned("gemm.bf16", 100)))

    document, _ = bench("works", "--timeout", "30")

    assert list(document["data"]["figures"]) == ["gemm.fp32"]
    assert "about 100 s are needed" in _skipped(document)["gemm.bf16"]
    assert "left of --timeout" in _skipped(document)["gemm.bf16"]


def test_gpu_figures_have_a_trace_and_storage_has_none(bench, monkeypatch):
    fake = FakeNvml()
    monkeypatch.setattr(benchmark_run, "nvml_library", lambda: Nvml(fake))
    monkeypatch.setattr(benchmark_run, "_GRACE", 30)

    document, _ = bench("cuda")

    figures = document["data"]["figures"]
    trace = figures["gemm.fp32"]["trace"]
    assert trace["samples"] >= 2
    assert trace["power_watts"]["median"] == 84.5
    assert trace["event_reasons"] == ["sw_power_cap"]
    assert figures["storage.write"]["trace"] is None
    assert document["data"]["telemetry"] == {
        "source": "nvml",
        "reason": "DCGM is not installed",
        "dcgm_version": None,
    }
    assert document["data"]["conditions"]["other_gpu_processes"] == 2
    assert document["data"]["device"]["name"] == "NVIDIA GB10"
    assert fake.open == 0


def test_a_gpu_without_telemetry_says_why(bench, monkeypatch):
    document, _ = bench("cuda")
    assert "pynvml is not installed" in document["data"]["telemetry"]["reason"]

    lost = FakeNvml({"nvmlDeviceGetHandleByUUID": 15})
    monkeypatch.setattr(benchmark_run, "nvml_library", lambda: Nvml(lost))
    document, _ = bench("cuda")
    assert document["data"]["telemetry"]["source"] is None
    assert "nvmlDeviceGetHandleByUUID" in document["data"]["telemetry"]["reason"]
    assert "gpu_is_lost" in [problem["code"] for problem in document["problems"]]


def test_conditions_name_what_cannot_be_read(box):
    found = conditions(box.system, None, box.note)

    assert found["memory_available_bytes"] is None
    assert found["other_gpu_processes"] is None
    for name in ("load_average_1m", "memory_available_bytes", "swap_used_bytes"):
        assert name in box.messages("unreadable")


def test_conditions_and_device_of_a_host(box):
    box.file("/proc/loadavg", "1.25 0.5 0.1 1/200 4242")
    box.file(
        "/proc/meminfo",
        "MemTotal: 2000 kB\nMemAvailable: 1000 kB\nSwapTotal: 500 kB\nSwapFree: 100 kB",
    )
    box.file("/proc/cpuinfo", "processor\t: 0\nmodel name\t: AMD EPYC 9654\n")
    box.says("dcgmi", "dcgmi  version: 4.4.1\n")

    found = conditions(box.system, None, box.note)

    assert found["load_average_1m"] == 1.25
    assert found["swap_used_bytes"] == 400 * 1024
    assert found["logical_cpus"] == os.cpu_count()
    assert cpu_device(box.system)["name"] == "AMD EPYC 9654"
    assert cpu_device(box.system)["memory_total_bytes"] == 2000 * 1024
    assert dcgm_version(box.system) == "4.4.1"
    assert box.problems == []


@pytest.mark.parametrize("answer", ["nothing", None])
def test_a_dcgm_that_does_not_answer_has_no_version(box, answer):
    if answer is not None:
        box.says("dcgmi", answer)

    assert dcgm_version(box.system) is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--level", "soak"], "invalid choice: 'soak'"),
        (["--timeout", "0"], "'0' is no number of seconds"),
        (["--timeout", "inf"], "'inf' is no number"),
        (["--timeout", "soon"], "'soon' is no number"),
        (["--host", "../x"], "no inventory host name"),
    ],
)
def test_wrong_use_is_one_line(capsys, arguments, words):
    with pytest.raises(SystemExit) as caught:
        benchmark.main(arguments)

    errors = capsys.readouterr().err
    assert caught.value.code == 2
    assert words in errors
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_directory_that_cannot_be_used_is_one_line(tmp_path, capsys, kind):
    (tmp_path / "file").write_text("")

    assert benchmark.main(["--directory", str(tmp_path / kind)]) == 2
    assert f"--directory {tmp_path / kind}: " in capsys.readouterr().err


def _processes(marker):
    """The processes that have `marker` among their arguments."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if marker.encode() in file.read_bytes():
                found.append(int(file.parent.name))
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_no_file_and_no_process(tmp_path, number):
    child = subprocess.Popen(
        [*_COMMAND, "--directory", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in child.stderr:
        if "storage write" in line:
            break
    assert list(tmp_path.iterdir()) != []
    assert len(_processes(str(tmp_path))) > 1

    child.send_signal(number)
    output, errors = child.communicate(timeout=20)

    assert child.returncode == 128 + number
    assert output == ""
    assert f"stopped by {number.name}" in errors
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []
    deadline = time.monotonic() + 5
    while _processes(str(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _processes(str(tmp_path)) == []


def test_a_closed_output_is_one_line(tmp_path, monkeypatch):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*_COMMAND, "--directory", str(tmp_path), "--timeout", "1"],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.returncode == 2
    assert "benchmark: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_runtime_measures(runtime_python, tmp_path):
    """The one real run: too short for every figure, so that some are skipped for the time."""
    done = subprocess.run(
        [runtime_python, *_COMMAND[1:], "--directory", str(tmp_path), "--timeout", "22"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    document = json.loads(done.stdout)

    assert schema_errors("benchmark", "", document) == []
    data = document["data"]
    names = [planned.name for planned in LEVELS["quick"]]
    assert sorted([*data["figures"], *_skipped(document)]) == sorted(names)
    assert data["figures"]["gemm.fp32"]["value"] > 0
    assert data["build"]["torch"] == document["identity"]["build"]["torch"]
    assert data["build"]["threads"] >= 1
    assert data["duration_seconds"] < 22
    assert list(tmp_path.iterdir()) == []
