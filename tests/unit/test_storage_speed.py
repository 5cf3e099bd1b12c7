"""Storage figures on the disk that holds the temporary folder, with and without fio."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from schema_check import schema_errors

from python_probes.benchmark.families import direct_io
from python_probes.benchmark.families import fio as fio_module
from python_probes.benchmark.families.storage_job import JOBS, StorageJob
from python_probes.benchmark.families.storage_speed import FAMILY, measure
from python_probes.benchmark.measuring import direct_file as direct_file_module
from python_probes.benchmark.measuring.context import BenchmarkContext
from python_probes.benchmark.measuring.direct_file import CHUNK
from python_probes.benchmark.measuring.figure import SkipError
from python_probes.core.system import System

BYTES = 4 * CHUNK


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(direct_file_module, "_LARGEST", BYTES)
    monkeypatch.setattr(direct_io, "_SHORTEST", 0.12)
    monkeypatch.setattr(direct_io, "_SHARE_OF_BUDGET", 0.0)
    monkeypatch.setattr(fio_module, "_SHORTEST", 0.02)
    monkeypatch.setattr(fio_module, "_START_SECONDS", 0.1)


@pytest.fixture
def context(tmp_path, monkeypatch):
    """A context without fio."""
    monkeypatch.setattr(System, "which", lambda *_: None)
    made = BenchmarkContext("no torch", tmp_path, System())
    yield made
    if "file" in vars(made):
        os.close(made.file.descriptor)


@pytest.mark.parametrize("name", JOBS)
def test_every_figure_without_fio(context, name):
    figure = measure(context, name, 10.0)

    parameters = figure["parameters"]
    assert figure["value"] > 0
    assert "fio is not used" in figure["method"]
    assert ("write" if "write" in name else "read") in figure["method"]
    assert parameters["tool"] == "python"
    assert parameters["direct"] is True
    assert 0 < parameters["file_bytes"] <= BYTES
    assert parameters["jobs"] == (16 if "16" in name else 1)
    assert parameters["queue_depth"] == (64 if "64" in name else 1)
    assert parameters["limited_by_tool"] or "64" not in name
    assert {"device", "device_model", "file_system"} <= set(parameters)
    assert all(isinstance(one, str | int | float | None) for one in parameters.values())
    assert figure["window"][0] < figure["window"][1]
    latency = figure["latency_microseconds"]
    assert 0 < latency["p50"] <= latency["p95"] <= latency["p99"] <= latency["p99_9"]
    assert list(context.directory.iterdir()) == []


def test_the_samples_lie_around_the_mean(context):
    figure = measure(context, "write", 2.0)

    mean = figure["parameters"]["bytes_moved"] / figure["duration_seconds"] / 1e9
    assert min(figure["samples"]) <= mean * 1.05
    assert max(figure["samples"]) >= mean * 0.95
    assert context.file.written == min(figure["parameters"]["bytes_moved"], BYTES)


def test_nothing_is_read_that_was_not_written(context, monkeypatch):
    """After a restart the file is new: it is filled before anything is read."""
    offsets = []
    real = direct_file_module.os.preadv

    def watch(descriptor, buffers, offset):
        offsets.append((offset, offset + len(buffers[0]), context.file.written))
        return real(descriptor, buffers, offset)

    monkeypatch.setattr(direct_file_module.os, "preadv", watch)
    measure(context, "random_read", 2.0)
    measure(context, "read_16_jobs", 2.0)

    assert context.file.enough
    assert offsets
    assert all(end <= written for _, end, written in offsets)


def test_a_file_that_is_too_short_is_filled_up(context):
    context.file.allocate()
    context.file.written = CHUNK + 4096  # as a broken fio may leave it

    measure(context, "read", 2.0)

    assert context.file.written == BYTES
    context.file.verify(CHUNK, CHUNK)


def test_writing_goes_over_the_file_again_at_its_end(context):
    context.file.allocate()
    figure = direct_io.measure(JOBS["write"], context.file, 1.0, grow=True)

    assert context.file.written <= BYTES
    assert figure["parameters"]["file_bytes"] == context.file.written


@pytest.mark.parametrize("name", ["write", "random_read_64"])
def test_no_time_is_no_figure(context, name):
    direct_io.fill(context.file, 0.0)

    with pytest.raises(SkipError, match="too little time"):
        measure(context, name, 0.05)


def test_a_file_in_the_page_cache_is_no_figure(context):
    direct_io.fill(context.file, 0.0)
    cached = os.open(context.file.path, os.O_RDONLY)
    os.pread(cached, BYTES, 0)  # through memory

    with pytest.raises(SkipError, match="through memory"):
        measure(context, "read", 2.0)
    os.close(cached)


def test_a_stream_that_fails_ends_the_others(context, monkeypatch):
    direct_io.fill(context.file, 0.0)
    monkeypatch.setattr(direct_io, "_LONGEST", 600.0)
    failed = []

    def fail(*_):
        failed.append(1)
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(direct_file_module.os, "preadv", fail)
    with pytest.raises(SkipError, match="Input/output error"):
        direct_io.measure(JOBS["random_read_64"], context.file, 600.0)
    assert failed


def test_windows_end_with_a_request():
    at = [0.4, 1.1, 1.2, 1.9, 2.3, 4.0]

    found = direct_io._windows(at, 0.0, 1.0)

    assert found == pytest.approx([2 / 1.1, 3 / 1.2, 1 / 1.7])


def test_percentiles_are_latencies_that_were_seen():
    found = direct_io.percentiles([one / 1e6 for one in range(1, 1001)])

    assert found == {"p50": 501.0, "p95": 951.0, "p99": 991.0, "p99_9": 1000.0}
    assert direct_io.percentiles([5e-6])["p99_9"] == 5.0


def test_a_job_in_words():
    assert StorageJob(True, True, 4096, 1, 1).words == "random write of 4096-byte blocks"
    assert "16 jobs, each on its own share" in JOBS["read_16_jobs"].words


# Stands in for fio: does as told to the file, and answers with the same JSON objects.
_FIO = """#!{python} -IS
import json, os, sys
options = dict(a.lstrip("-").partition("=")[::2] for a in sys.argv[1:])
with open({log!r}, "a") as log:
    log.write(json.dumps(options) + "\\n")
scenario = {scenario!r}
if scenario == "no-engine" or (scenario == "libaio" and options["ioengine"] == "io_uring"):
    print("fio: pid=0, err=1/file:engines: Operation not permitted", file=sys.stderr)
    print(json.dumps({{"fio version": "fio-3.36", "jobs": [{{"error": 1}}]}}))
    sys.exit(1)
if scenario == "silent":
    sys.exit(0)
if scenario == "hangs":
    import time
    open({log!r} + ".pid", "w").write(str(os.getpid()))
    time.sleep(60)
assert options["direct"] == options["overwrite"] == "1" and "thread" in options
runs = sum(1 for _ in open({log!r}))
if scenario == "breaks" and runs > 1:
    print("fio: io_u error on file: No space left on device", file=sys.stderr)
    sys.exit(1)
offset, size = int(options["offset"]), int(options["size"]) * int(options["numjobs"])
assert os.stat(options["filename"]).st_size >= offset + size
write = "write" in options["rw"]
if write:
    with open(options["filename"], "r+b", buffering=0) as file:
        file.seek(offset)
        file.write(os.urandom(2**20) * (size // 2**20))
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
rate = (3, 1, 2, 5, 4)[(runs - 1) % 5]
part = {{"io_bytes": size * 4, "bw_bytes": rate * 10**9, "iops": rate * 1000.0, "runtime": 600,
    "clat_ns": {{"percentile": {{"50.000000": rate * 1000, "95.000000": 20000,
        "99.000000": 30000, "99.900000": 40000}}}}}}
cpu = {{"usr_cpu": 20.0, "sys_cpu": 75.0 if scenario == "busy" else 25.0}}
print("fio: a warning")
print(json.dumps({{"fio version": "fio-3.1" if scenario == "old" else "fio-3.36",
    "jobs": [{{"error": 0, "write" if write else "read": part, **cpu}}]}}))
"""


@pytest.fixture
def fio(context, tmp_path_factory, monkeypatch):
    """A context with an fio that plays a scenario; `calls` are the options of each run."""
    folder = tmp_path_factory.mktemp("fio")

    def make(scenario="works"):
        executable = folder / "fio"
        log = folder / "log"
        executable.write_text(_FIO.format(python=sys.executable, scenario=scenario, log=str(log)))
        executable.chmod(0o755)
        monkeypatch.setattr(System, "which", lambda *_: str(executable))
        context.calls = lambda: [json.loads(line) for line in log.read_text().splitlines()]
        return context

    return make


def test_a_figure_of_fio_is_the_median_of_its_runs(fio):
    context = fio()

    write = measure(context, "write", 10.0)
    random = measure(context, "random_read", 10.0)

    assert (write["samples"], write["value"]) == ([3, 1, 2, 5, 4], 3)
    assert random["samples"] == [3000, 1000, 2000, 5000, 4000]
    assert write["latency_microseconds"] == {"p50": 3.0, "p95": 20.0, "p99": 30.0, "p99_9": 40.0}
    assert write["duration_seconds"] == pytest.approx(5 * 0.6)
    assert write["parameters"]["tool"] == "fio-3.36"
    assert write["parameters"]["engine"] == "io_uring"
    assert write["parameters"]["limited_by_tool"] is False
    assert "queue depth 16, random data" in write["method"]
    assert "queue depth 1, random data" in random["method"]


def test_writing_with_fio_makes_the_file_grow_run_by_run(fio):
    context = fio()

    measure(context, "write", 3.0)

    offsets = [int(call["offset"]) for call in context.calls()]
    fifth = BYTES // 5 // 2**20 * 2**20
    assert offsets == [0, fifth, 2 * fifth, 3 * fifth, 4 * fifth]
    assert {int(call["size"]) for call in context.calls()} == {fifth}
    assert context.file.written == 5 * fifth


@pytest.mark.parametrize("name", [name for name in JOBS if name != "write"])
def test_fio_stays_within_what_is_written(fio, name):
    context = fio()
    direct_io.fill(context.file, 0.0)

    measure(context, name, 3.0)

    job = JOBS[name]
    for call in context.calls():
        end = int(call["offset"]) + int(call["size"]) * int(call["numjobs"])
        assert 0 < end <= context.file.written
        assert int(call["size"]) % job.block_bytes == 0
        assert (int(call["numjobs"]), int(call["iodepth"])) == (job.jobs, job.depth)
        assert call["offset_increment"] == call["size"]
        assert call["randrepeat"] == "0"
        assert call["rw"] == ("rand" if job.random else "") + ("write" if job.write else "read")


def test_the_second_engine_is_taken_where_the_first_is_not_allowed(fio):
    context = fio("libaio")

    assert measure(context, "write", 3.0)["parameters"]["engine"] == "libaio"
    assert [call["ioengine"] for call in context.calls()].count("io_uring") == 1


def test_a_busy_fio_is_told(fio):
    assert measure(fio("busy"), "write", 3.0)["parameters"]["limited_by_tool"] is True


def test_late_runs_are_left_out(fio, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(fio_module.time, "monotonic", lambda: float(next(clock)))

    assert len(measure(fio(), "write", 4.0)["samples"]) == 3


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("no-engine", "io_uring: fio: pid=0, err=1/file:engines: Operation not permitted; libaio"),
        ("silent", "printed no result"),
        ("old", "fio-3.1 is older than fio-3.16"),
        ("breaks", "No space left on device"),
    ],
)
def test_a_broken_fio_gives_way_to_this_process(fio, scenario, words):
    figure = measure(fio(scenario), "write", 10.0)

    assert figure["parameters"]["tool"] == "python"
    assert words in figure["parameters"]["fio_problem"]


def test_an_fio_that_cannot_be_started_gives_way_too(fio, monkeypatch):
    context = fio()
    monkeypatch.setattr(System, "which", lambda *_: "/dev/null")

    assert "cannot be started" in measure(context, "write", 10.0)["parameters"]["fio_problem"]


def test_an_fio_that_hangs_is_ended(fio, monkeypatch):
    monkeypatch.setattr(fio_module, "_GRACE_SECONDS", 0.3)

    with pytest.raises(SkipError, match=r"did not end 0.3 s after its time"):
        measure(fio("hangs"), "write", 5.0)


def test_fio_dies_with_the_process_that_started_it(fio, tmp_path):
    context = fio("hangs")
    executable = System().which("fio")
    log = Path(executable).with_name("log.pid")
    code = (
        "from pathlib import Path\n"
        "from python_probes.benchmark.measuring.direct_file import DirectFile\n"
        "from python_probes.benchmark.families.fio import Fio\n"
        "from python_probes.benchmark.families.storage_job import JOBS\n"
        "from python_probes.core.system import System\n"
        f"file = DirectFile(Path({str(context.directory)!r}), System())\n"
        "file.allocate()\n"
        f"Fio({executable!r}, file, JOBS['write']).measure(30.0, grow=True)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    while not (log.exists() and log.read_text()):
        assert parent.poll() is None
        time.sleep(0.01)

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    child = Path(f"/proc/{log.read_text()}")
    for _ in range(500):
        if not child.exists() or "\nState:\tZ" in (child / "status").read_text():
            break
        time.sleep(0.01)
    else:
        pytest.fail("fio still runs")


def test_fio_without_time_is_no_figure(fio):
    with pytest.raises(SkipError, match="too little time"):
        measure(fio(), "write", 0.2)


@pytest.mark.parametrize("scenario", ["works", "silent"])
def test_a_storage_figure_fits_the_schema(fio, scenario):
    figure = measure(fio(scenario), "write", 10.0) | FAMILY.labels("write")
    del figure["window"]

    assert schema_errors("document", "/$defs/figure", figure) == []
