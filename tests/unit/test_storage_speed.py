"""Storage figures on the disk that holds the temporary folder, with and without fio."""

import os
import sys
from pathlib import Path

import pytest

from python_probes import direct_file as direct_file_module
from python_probes import fio as fio_module
from python_probes import storage_speed
from python_probes.direct_file import BLOCK, DirectFile
from python_probes.figure import SkipError
from python_probes.fio import Fio, FioError
from python_probes.mount_point import file_system
from python_probes.page_cache import drop, resident_share
from python_probes.system import System

MEMORY = Path("/dev/shm")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(direct_file_module, "_LARGEST", 8 * BLOCK)
    monkeypatch.setattr(direct_file_module, "_POOL_BLOCKS", 2)
    monkeypatch.setattr(storage_speed, "_TIMED_SECONDS", 0.15)
    monkeypatch.setattr(fio_module, "_ENGINES", ("io_uring", "libaio"))


@pytest.fixture
def file(tmp_path):
    made = DirectFile(tmp_path, System())
    yield made
    made.close()


def test_the_file_has_no_name_in_its_folder(file, tmp_path):
    assert list(tmp_path.iterdir()) == []
    assert os.fstat(file.descriptor).st_nlink == 0
    assert os.fstat(file.descriptor).st_mode & 0o777 == 0o600


def test_what_is_written_is_random_and_comes_back(file):
    for offset in range(0, 3 * BLOCK, BLOCK):
        file.write_block(offset)

    assert file.written == 3 * BLOCK
    file.verify_block(0)
    file.verify_block(2 * BLOCK)
    content = os.pread(os.open(file.path, os.O_RDONLY), 4096, BLOCK)
    assert len(set(content)) > 200  # incompressible: nearly every byte value


def test_content_that_differs_is_no_figure(file):
    file.write_block(0)
    other = os.open(file.path, os.O_WRONLY)
    os.pwrite(other, b"changed", BLOCK // 2)
    os.fsync(other)
    os.close(other)

    with pytest.raises(SkipError, match="differs from what was written"):
        file.verify_block(0)


def test_figures_of_the_fallback(file):
    write = storage_speed.sequential_write(file, 5.0)
    read = storage_speed.sequential_read(file, 5.0)
    random = storage_speed.random_read(file, 5.0)

    assert [one["unit"] for one in (write, read, random)] == ["GB/s", "GB/s", "IOPS"]
    for one in (write, read, random):
        assert one["value"] > 0
        assert "fio is not used" in one["method"]
        assert one["parameters"]["tool"] == "python"
        assert one["window"][0] < one["window"][1]
    moved = write["parameters"]["bytes_moved"] / write["duration_seconds"] / 1e9
    assert min(write["samples"]) <= moved * 1.01  # the mean lies among the windows
    assert max(write["samples"]) >= moved * 0.99


def test_a_file_in_the_page_cache_is_no_figure(file):
    file.write_block(0)
    cached = os.open(file.path, os.O_RDWR)
    os.pread(cached, BLOCK, 0)  # through memory

    assert resident_share(cached, BLOCK) > 0.5
    with pytest.raises(SkipError, match="through memory"):
        storage_speed.sequential_read(file, 1.0)

    drop(cached)
    assert resident_share(cached, BLOCK) == 0
    os.close(cached)


def test_memory_is_no_storage():
    if file_system(System(), MEMORY) != "tmpfs":
        pytest.fail(f"{MEMORY} is no tmpfs here: this test needs one")

    with pytest.raises(SkipError, match=r"tmpfs lies in memory; name another --directory"):
        DirectFile(MEMORY, System())


@pytest.mark.parametrize(("folder", "words"), [("missing", "No such file"), ("file", "Not a dir")])
def test_a_folder_that_takes_no_file_is_no_figure(tmp_path, folder, words):
    (tmp_path / "file").write_text("")

    with pytest.raises(SkipError, match=words):
        DirectFile(tmp_path / folder, System())


def test_a_disk_nearly_full_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(
        direct_file_module.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 2**29})
    )

    with pytest.raises(SkipError, match="512 MiB are free and a tenth of that is too small"):
        DirectFile(tmp_path, System())


def test_a_disk_that_fills_up_is_no_figure(file, monkeypatch):
    def fail(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(direct_file_module.os, "posix_fallocate", fail)

    with pytest.raises(SkipError, match=r"allocating \d+ bytes: No space left"):
        file.allocate()


@pytest.mark.parametrize(
    ("error", "words"), [(22, "knows no direct I/O"), (28, "No space left"), (5, "Input/output")]
)
def test_a_failing_write_is_no_figure(file, monkeypatch, error, words):
    def fail(*_):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(direct_file_module.os, "pwritev", fail)

    with pytest.raises(SkipError, match=words):
        storage_speed.sequential_write(file, 1.0)


def test_a_short_transfer_is_no_figure(file, monkeypatch):
    file.write_block(0)
    monkeypatch.setattr(direct_file_module.os, "pwritev", lambda *_: 4096)
    monkeypatch.setattr(direct_file_module.os, "preadv", lambda *_: 4096)

    with pytest.raises(SkipError, match="4096 of 8388608 bytes were taken"):
        file.write_block(0)
    with pytest.raises(SkipError, match="4096 of 8388608 bytes came"):
        file.read_block(0)


def test_the_longest_mount_point_holds_the_folder(box):
    box.file(
        "/proc/self/mountinfo",
        "1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
        "2 1 8:2 / /data rw - xfs /dev/sdb1 rw\n"
        "3 1 0:9 / /data\\040two rw - tmpfs tmpfs rw\n"
        "4 1 0:9 / /data rw - btrfs /dev/sdc1 rw\n"
        "cut off",
    )

    found = {
        folder: file_system(box.system, Path(folder))
        for folder in ("/data/x", "/data two", "/database", "/")
    }

    assert found == {"/data/x": "btrfs", "/data two": "tmpfs", "/database": "ext4", "/": "ext4"}


# Stands in for fio: writes the file as told, logs, and answers with the same JSON objects.
_FIO = """#!{python}
import json, os, sys
options = dict(a.lstrip("-").partition("=")[::2] for a in sys.argv[1:])
scenario = {scenario!r}
if scenario == "no-engine" or (scenario == "libaio" and options["ioengine"] == "io_uring"):
    print("fio: pid=0, err=1/file:engines: Operation not permitted", file=sys.stderr)
    print(json.dumps({{"fio version": "fio-3.36", "jobs": [{{"error": 1}}]}}))
    sys.exit(1)
if scenario == "no-log":
    print(json.dumps({{"fio version": "fio-3.36", "jobs": [{{"error": 0,
        "write": {{"io_bytes": 1, "bw_bytes": 1, "runtime": 1}}}}]}}))
    sys.exit(0)
if scenario == "silent":
    sys.exit(0)
if scenario == "hangs":
    import time
    time.sleep(60)
assert options["direct"] == options["overwrite"] == "1" and "thread" in options
size = int(options["size"])
assert os.stat(options["filename"]).st_size >= size
if options["rw"] == "write":
    with open(options["filename"], "r+b", buffering=0) as file:
        file.write(os.urandom(size))
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
kind = "iops" if "write_iops_log" in options else "bw"
with open(options[f"write_{{kind}}_log"] + f"_{{kind}}.1.log", "w") as log:
    for time, value in ((200, 1000), (400, 3000), (600, 2000)):
        log.write(f"{{time}}, {{value}}, 0, 0, 0\\n")
part = {{"io_bytes": size * 2, "bw_bytes": 2048000, "runtime": 600}}
print("fio: a warning")
print(json.dumps({{"fio version": "fio-3.36",
    "jobs": [{{"error": 0, "read": part, "write": part}}]}}))
"""


@pytest.fixture
def fio(tmp_path, file):
    def make(scenario="works"):
        executable = tmp_path / "fio"
        executable.write_text(_FIO.format(python=sys.executable, scenario=scenario))
        executable.chmod(0o755)
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        return Fio(str(executable), file, scratch)

    return make


def test_figures_of_fio_are_medians_of_its_log(fio, file, tmp_path):
    bench = fio()

    write = bench.sequential_write(5.0)
    read = bench.sequential_read(5.0)
    random = bench.random_read(5.0)

    assert write["value"] == read["value"] == pytest.approx(2000 * 1024 / 1e9)
    assert (random["value"], random["unit"]) == (2000, "IOPS")
    assert file.written == file.size  # written twice over, and not more than there is
    assert write["parameters"]["tool"] == "fio-3.36"
    assert write["parameters"]["engine"] == "io_uring"
    assert "queue depth 1," in random["method"]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_the_second_engine_is_taken_where_the_first_is_not_allowed(fio):
    bench = fio("libaio")

    assert bench.sequential_write(5.0)["parameters"]["engine"] == "libaio"


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("no-engine", "Operation not permitted"),
        ("silent", "no result"),
        ("no-log", "wrote no log"),
    ],
)
def test_an_fio_that_does_not_work_is_told_apart(fio, scenario, words):
    with pytest.raises(FioError, match=words):
        fio(scenario).sequential_write(5.0)


def test_an_fio_that_hangs_is_ended(fio, monkeypatch):
    monkeypatch.setattr(fio_module, "_GRACE_SECONDS", -0.5)

    with pytest.raises(SkipError, match="did not end"):
        fio("hangs").sequential_write(2.0)


def test_an_fio_that_cannot_be_started_is_told_apart(fio, tmp_path):
    bench = fio()
    (tmp_path / "fio").chmod(0o644)

    with pytest.raises(FioError, match="cannot be started"):
        bench.sequential_write(5.0)


def test_no_time_is_no_figure(fio):
    with pytest.raises(SkipError, match="no second is left"):
        fio().sequential_write(1.5)
