"""A whole benchmark run around measuring processes that work, hang, crash and lie."""

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

from python_probes.benchmark import command, run, worker_process, worker_session
from python_probes.benchmark.conditions import conditions, cpu_device
from python_probes.benchmark.levels import Planned, plan
from python_probes.benchmark.results import BenchmarkResults
from python_probes.nvidia import gpu
from python_probes.nvidia.nvml_calls import Nvml

# The measuring process's place is taken by this script: same pipes, same lines.
_WORKER = """#!{python}
import json, os, signal, sys, time
scenario = {scenario!r}
no_torch = sys.argv[sys.argv.index("--no-torch") + 1] if "--no-torch" in sys.argv else None
def say(content):
    print(json.dumps(content), flush=True)
if scenario == "import-crash" and no_torch is None:
    os.kill(os.getpid(), signal.SIGSEGV)
if scenario == "killed-once" and not os.path.exists(sys.argv[0] + ".died"):
    open(sys.argv[0] + ".died", "w").close()
    os.kill(os.getpid(), signal.SIGKILL)
if scenario == "import-hang" and no_torch is None:
    time.sleep(60)
if scenario == "never":
    print("ImportError: no such thing", file=sys.stderr)
    sys.exit(3)
cuda = scenario == "cuda" or scenario == "lost" and not os.path.exists(sys.argv[0] + ".died")
device = dict(kind="cuda", name="NVIDIA GB10", compute_capability="12.1",
              memory_total_bytes=128 * 2**30) if cuda else None
build = dict(torch="2.13.0+cu130", cuda="13.0", arch_list=["sm_120"], threads=20)
if no_torch:
    device = build = None
say(dict(ready=dict(device=device, build=build, uuid="GPU-1" if cuda else None,
                    no_torch=no_torch)))
for line in sys.stdin:
    name = json.loads(line)["figure"]
    begin = time.monotonic()
    if scenario == "hang" and name == "cpu.triad":
        time.sleep(60)
    if scenario == "lost":
        open(sys.argv[0] + ".died", "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    if scenario == "crash" and name == "cpu.triad":
        os.kill(os.getpid(), signal.SIGABRT)
    if scenario == "exit" and name == "cpu.triad":
        print("terminate called", file=sys.stderr)
        sys.exit(7)
    if scenario == "garbage" and name == "cpu.triad":
        print("[W] a library printed this", flush=True)
        continue
    if scenario == "error" and name == "cpu.triad":
        say(dict(error="AcceleratorError: CUDA error: no kernel image"))
        continue
    if scenario == "skip" and name == "cpu.triad":
        say(dict(skipped="9.0 GiB needed, 1.0 GiB may be taken"))
        continue
    time.sleep(0.3 if cuda else 0.01)
    series = dict(series=dict(seconds=[0.0, 0.2, 60.0], value=[1.0, 2.0, 3.0],
        sm_clock_mhz=[None] * 3, power_watts=[None] * 3,
        temperature_celsius=[None] * 3)) if name == "sustained.bf16" else dict()
    say(dict(figure=dict(**series, value=2.0, samples=[2.0], spread=None,
        method="a stand-in for the measurement", duration_seconds=0.1, trace=None,
        parameters=dict(pid=os.getpid()), window=[begin, time.monotonic()])))
"""
_PYTHON = sys.executable
_COMMAND = [_PYTHON, "-m", "python_probes", "benchmark"]
_PLAN = (Planned("cpu.copy", 0.5), Planned("cpu.triad", 0.5), Planned("storage.write", 0.5))
_GPU_PLAN = (Planned("gemm.fp32", 0.5), Planned("sustained.bf16", 5, 2), _PLAN[-1])


def planned(monkeypatch, *figures):
    monkeypatch.setattr(run, "plan", lambda *_: figures)


@pytest.fixture
def bench(tmp_path, monkeypatch, capfd):
    """A function that runs the command line in this process and returns document and errors."""
    folder = tmp_path / "measured"
    folder.mkdir()
    planned(monkeypatch, *_PLAN)
    monkeypatch.setattr(run, "nvml_library", lambda: None)

    def play(scenario, *arguments):
        script = tmp_path / "python"
        script.write_text(_WORKER.format(python=_PYTHON, scenario=scenario))
        script.chmod(0o755)
        monkeypatch.setattr(worker_process.sys, "executable", str(script))
        state = tmp_path / "state" / "benchmark.json"
        base = ["--directory", str(folder), "--host", "spark-01", "--state", str(state)]
        status = command.main([*base, *arguments])
        captured = capfd.readouterr()
        assert status == 0, captured.err
        assert list(folder.iterdir()) == []
        assert list(state.parent.iterdir()) == []
        document = json.loads(captured.out)
        assert schema_errors("benchmark", "", document) == []
        return document, captured.err

    return play


def _skipped(document):
    return {entry["figure"]: entry["reason"] for entry in document["data"]["skipped"]}


def test_a_run_that_works(bench):
    document, progress = bench("works")

    assert list(document["data"]["figures"]) == ["cpu.copy", "cpu.triad", "storage.write"]
    assert document["data"]["skipped"] == []
    assert document["host"] == "spark-01"
    assert document["identity"]["build"] == {"torch": "2.13.0+cu130", "cuda": "13.0"}
    assert document["data"]["device"]["kind"] == "cpu"
    assert document["data"]["telemetry"]["source"] is None
    assert "no CUDA device" in document["data"]["telemetry"]["reason"]
    assert "[2/3] cpu triad: " in progress
    assert "s elapsed, about 1 s left" in progress
    assert "2 GB/s" in progress


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("crash", "the measuring process died of SIGABRT"),
        ("exit", "the measuring process ended with status 7: terminate called"),
        ("garbage", "an invalid answer"),
        ("error", "AcceleratorError: CUDA error: no kernel image"),
        ("skip", "9.0 GiB needed, 1.0 GiB may be taken"),
        ("hang", "no result within 2 s; stopped"),
    ],
)
def test_a_figure_that_fails_costs_itself_alone(bench, monkeypatch, scenario, reason):
    monkeypatch.setattr(worker_session, "_GRACE_SECONDS", 0.5 if scenario == "hang" else 10)
    document, progress = bench(scenario)

    assert reason in _skipped(document)["cpu.triad"]
    assert list(document["data"]["figures"]) == ["cpu.copy", "storage.write"]
    assert f"skipped: {_skipped(document)['cpu.triad']}" in progress
    first, last = document["data"]["figures"].values()
    # A process that failed measures nothing more; one that declined goes on.
    assert (first["parameters"] == last["parameters"]) is (scenario == "skip")


@pytest.mark.parametrize(
    ("scenario", "reason"), [("import-crash", "SIGSEGV"), ("import-hang", "no result within")]
)
def test_a_torch_that_brings_its_process_down_is_left_out(bench, monkeypatch, scenario, reason):
    monkeypatch.setattr(run, "_START_SECONDS", 1.0)

    document, _ = bench(scenario)

    assert document["data"]["build"]["torch"] is None
    assert document["identity"]["build"] == {"torch": None, "cuda": None}
    (problem,) = [p for p in document["problems"] if p["code"] == "torch_unusable"][:1]
    assert reason in problem["message"]
    assert "storage.write" in document["data"]["figures"]


def test_a_process_that_is_killed_while_it_starts_costs_no_figure(bench):
    document, _ = bench("killed-once")

    assert document["data"]["build"]["torch"] == "2.13.0+cu130"
    assert _skipped(document) == {}
    assert "torch_unusable" not in [problem["code"] for problem in document["problems"]]


def test_no_process_at_all_still_makes_a_document(bench):
    document, _ = bench("never")

    assert document["data"]["figures"] == {}
    assert set(_skipped(document)) == {planned.name for planned in _PLAN}
    assert "no measuring process could be started" in _skipped(document)["cpu.copy"]
    assert "ImportError: no such thing" in json.dumps(document["problems"])


def test_what_does_not_fit_the_time_is_skipped(bench, monkeypatch):
    planned(monkeypatch, Planned("cpu.copy", 0.2), Planned("cpu.triad", 100))
    monkeypatch.setattr(run.StateFile, "write", lambda *_: None)

    document, _ = bench("works", "--timeout", "30")

    assert list(document["data"]["figures"]) == ["cpu.copy"]
    assert "about 100 s are needed" in _skipped(document)["cpu.triad"]
    assert "left of --timeout" in _skipped(document)["cpu.triad"]


def test_gpu_figures_have_a_trace_and_storage_has_none(bench, monkeypatch):
    fake = FakeNvml()
    monkeypatch.setattr(run, "nvml_library", lambda: Nvml(fake))
    planned(monkeypatch, *_GPU_PLAN)

    document, _ = bench("cuda")

    figures = document["data"]["figures"]
    trace = figures["gemm.fp32"]["trace"]
    assert trace["samples"] >= 2
    assert trace["power_watts"]["median"] == 84.5
    assert trace["event_reasons"] == ["sw_power_cap"]
    assert trace["sm_clock_quarters_mhz"] == [2400] * 4
    assert figures["storage.write"]["trace"] is None
    assert figures["sustained.bf16"]["series"] == {
        "seconds": [0.0, 0.2, 60.0],
        "value": [1.0, 2.0, 3.0],
        "sm_clock_mhz": [2400, 2400, None],
        "power_watts": [84.5, 84.5, None],
        "temperature_celsius": [70, 70, None],
    }
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
    monkeypatch.setattr(run, "nvml_library", lambda: Nvml(lost))
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

    found = conditions(box.system, None, box.note)

    assert found["load_average_1m"] == 1.25
    assert found["swap_used_bytes"] == 400 * 1024
    assert found["logical_cpus"] == os.cpu_count()
    assert cpu_device(box.system)["name"] == "AMD EPYC 9654"
    assert cpu_device(box.system)["memory_total_bytes"] == 2000 * 1024
    assert box.problems == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--level", "deep"], "invalid choice: 'deep'"),
        (["--soak-minutes", "1300"], "'1300' is more than 1200 minutes"),
        (["--timeout", "0"], "'0' is not a number of seconds"),
        (["--timeout", "inf"], "'inf' is not a number"),
        (["--timeout", "soon"], "'soon' is not a number"),
        (["--host", "../x"], "not an inventory host name"),
    ],
)
def test_wrong_use_is_one_line(capsys, arguments, words):
    with pytest.raises(SystemExit) as caught:
        command.main(arguments)

    errors = capsys.readouterr().err
    assert caught.value.code == 2
    assert words in errors
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_directory_that_cannot_be_used_is_one_line(tmp_path, capsys, kind):
    (tmp_path / "file").write_text("")

    assert command.main(["--directory", str(tmp_path / kind)]) == 2
    assert f"--directory {tmp_path / kind}: " in capsys.readouterr().err


def test_gpu_figures_without_a_gpu_are_skipped_at_once(bench, monkeypatch):
    planned(monkeypatch, *_GPU_PLAN)

    document, progress = bench("works")

    assert _skipped(document) == {
        "gemm.fp32": "torch sees no CUDA device",
        "sustained.bf16": "torch sees no CUDA device",
    }
    assert "[1/3] gemm fp32: 0 s elapsed, about 0 s left" in progress


def test_a_gpu_that_goes_away_is_still_the_device_of_the_document(bench, monkeypatch):
    planned(monkeypatch, *_GPU_PLAN)

    document, _ = bench("lost")

    assert document["data"]["device"]["name"] == "NVIDIA GB10"
    assert _skipped(document)["gemm.fp32"] == "the measuring process died of SIGKILL"
    assert _skipped(document)["sustained.bf16"] == "torch sees no CUDA device"
    assert "gpu_gone" in [problem["code"] for problem in document["problems"]]
    assert "storage.write" not in document["data"]["figures"]


def test_every_figure_says_when_and_whether_the_clock_was_set(bench, monkeypatch):
    offsets = iter([100.0, 100.0, 100.0, 103.5, 100.0, 100.0])
    monkeypatch.setattr(worker_session, "_clock_offset", lambda: next(offsets))

    document, _ = bench("works")

    figures = document["data"]["figures"]
    assert [one["clock_step_seconds"] for one in figures.values()] == [0.0, 3.5, 0.0]
    assert all(one["started_at"] <= document["collected_at"] for one in figures.values())


def test_the_clock_offset_is_that_of_the_clocks():
    offset = time.time() - time.monotonic()

    assert worker_session._clock_offset() == pytest.approx(offset, abs=1)


def test_a_closed_output_is_one_line_and_keeps_the_figures(bench, tmp_path, monkeypatch, capfd):
    script = tmp_path / "python"
    script.write_text(_WORKER.format(python=_PYTHON, scenario="works"))
    script.chmod(0o755)
    program = (
        "import sys; from python_probes.benchmark import command, run, worker_process;"
        "from python_probes.benchmark.levels import Planned;"
        "run.plan = lambda *_: (Planned('cpu.copy', 1),);"
        f"worker_process.sys.executable = {str(script)!r};"
        f"sys.exit(command.main(['--directory', {str(tmp_path)!r}, '--state', "
        f"{str(tmp_path / 'state.json')!r}]))"
    )
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [_PYTHON, "-c", program],
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
    assert "cpu.copy" in json.loads((tmp_path / "state.json").read_text())["data"]["figures"]


def test_a_state_that_cannot_be_written_costs_no_figure(bench, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run.StateFile, "write", full)

    document, _ = bench("works")

    assert len(document["data"]["figures"]) == 3
    (message,) = [p["message"] for p in document["problems"] if p["code"] == "state_unwritable"]
    assert "No space left on device: cannot be resumed" in message


def test_a_folder_that_takes_no_state_costs_no_figure(tmp_path, monkeypatch, capfd):
    planned(monkeypatch)
    (tmp_path / "file").write_text("")

    status = command.main(["--directory", str(tmp_path), "--state", str(tmp_path / "file/s")])

    captured = capfd.readouterr()
    assert status == 0
    assert "cannot be resumed later" in captured.err
    assert json.loads(captured.out)["data"]["figures"] == {}


@pytest.mark.parametrize("times", [0, 2])
def test_dcgm_is_asked_unless_it_ended_two_runs(box, monkeypatch, times):
    asked = []
    box.says("dcgmi", "dcgmi  version: 4.4.1\n")
    monkeypatch.setattr(run.dcgm, "collect", lambda *given: asked.append(given) or None)
    options = run.RunOptions("quick", "here", box.root, 300.0, 10)
    one = run.Run(box.system, options, None, lambda _: None)
    one._results.under_way["dcgm.diag"] = times

    one._diagnose(None)

    assert [(level, seconds) for _, _, level, seconds, _ in asked] == [(1, 20.0)][: times == 0]
    assert bool(one._results.problems) is (times == 2)
    assert one._results.under_way == {"dcgm.diag": 2} if times else one._results.under_way == {}


def test_a_diagnosis_that_crashes_costs_its_section_alone(bench, monkeypatch):
    def crash(*_):
        raise TypeError("no such thing")

    monkeypatch.setattr(run.dcgm, "collect", crash)

    document, _ = bench("works")

    assert "dcgm" not in document["data"]
    assert len(document["data"]["figures"]) == 3
    assert "dcgm: TypeError: no such thing" in json.dumps(document["problems"])


def test_an_unreadable_identity_is_still_a_document(box):
    found = BenchmarkResults(box.system, "quick", "here", ["cpu.copy"], time.monotonic())
    found.identify(1.0)

    assert found.identity["gpu_uuids"] in (None, [])
    (entry,) = found.document(finished=False)["data"]["skipped"]
    assert entry["reason"].startswith("not reached")


@pytest.mark.slow
def test_the_runtime_measures(runtime_python, tmp_path):
    """The one real run: too short for every figure, so that some are skipped for the time."""
    done = subprocess.run(
        [
            runtime_python,
            *_COMMAND[1:],
            *("--directory", str(tmp_path), "--state", str(tmp_path / "state"), "--timeout", "22"),
        ],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    document = json.loads(done.stdout)

    assert schema_errors("benchmark", "", document) == []
    data = document["data"]
    names = [planned.name for planned in plan("quick")]
    assert sorted([*data["figures"], *_skipped(document)]) == sorted(names)
    assert any(name.startswith("cpu.") for name in data["figures"])
    assert all(figure["value"] > 0 for figure in data["figures"].values())
    assert data["build"]["torch"] == document["identity"]["build"]["torch"]
    assert data["build"]["threads"] >= 1
    assert data["duration_seconds"] < 22 + 10  # what is under way at the end is given up, in time
    assert [path.name for path in tmp_path.iterdir() if path.name != "state"] == []


def test_a_driver_library_that_crashes_is_not_loaded_a_second_time(bench, monkeypatch):
    def crash(*_):
        os.kill(os.getpid(), signal.SIGSEGV)

    monkeypatch.setattr(gpu, "identifying", crash)
    monkeypatch.setattr(run, "nvml_library", lambda: pytest.fail("the library is loaded here"))

    document, _ = bench("cuda")

    assert "died of SIGSEGV" in str(document["problems"])
    assert document["identity"]["gpu_uuids"] is None
    assert "crashes" in document["data"]["telemetry"]["reason"]
    assert document["data"]["figures"]
