"""The unnamed file that storage is measured on, on the disk of the temporary folder."""

import errno
import mmap
import os
from pathlib import Path

import pytest

from python_probes.benchmark.measuring import direct_file as module
from python_probes.benchmark.measuring.direct_file import CHUNK, DirectFile
from python_probes.benchmark.measuring.figure import SkipError
from python_probes.benchmark.measuring.page_cache import resident_share
from python_probes.core.system import System
from python_probes.host.mounts import mount

MEMORY = Path("/dev/shm")


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_LARGEST", 4 * CHUNK)
    made = DirectFile(tmp_path, System())
    yield made
    os.close(made.descriptor)


def test_the_file_has_no_name_in_its_folder(file, tmp_path):
    assert list(tmp_path.iterdir()) == []
    assert os.fstat(file.descriptor).st_nlink == 0
    assert os.fstat(file.descriptor).st_mode & 0o777 == 0o600


def test_its_space_is_reserved(file):
    file.allocate()
    assert os.fstat(file.descriptor).st_size == file.limit
    assert os.fstat(file.descriptor).st_blocks * 512 >= file.limit


def test_a_file_system_that_reserves_nothing_gives_the_length(file, monkeypatch):
    library = module.ctypes.CDLL(None, use_errno=True)

    def refuse(*_):
        module.ctypes.set_errno(95)  # EOPNOTSUPP
        return -1

    refuse.argtypes = None
    monkeypatch.setattr(
        module.ctypes, "CDLL", lambda *_, **__: type("Library", (), {"fallocate": refuse})
    )
    file.allocate()

    assert library is not None
    assert os.fstat(file.descriptor).st_size == file.limit


def test_a_disk_that_cannot_reserve_is_no_figure(file, monkeypatch):
    monkeypatch.setattr(file, "limit", 2**60)

    with pytest.raises(SkipError, match=r"allocating \d+ bytes: (File too large|No space left)"):
        file.allocate()


@pytest.mark.parametrize("length", [4096, 2**20, CHUNK])
def test_what_is_written_is_random_and_comes_back(file, length):
    file.write(2 * CHUNK, length)

    file.verify(2 * CHUNK, length)
    other = os.open(file.path, os.O_RDONLY)
    content = os.pread(other, 4096, 2 * CHUNK)
    os.close(other)
    assert len(set(content)) > 200  # incompressible: nearly every byte value


def test_content_that_differs_is_no_figure(file):
    file.write(0, CHUNK)
    other = os.open(file.path, os.O_WRONLY)
    os.pwrite(other, b"changed", CHUNK // 2)
    os.fsync(other)
    os.close(other)

    with pytest.raises(SkipError, match="differs from what was written"):
        file.verify(0, CHUNK)


def test_a_file_in_the_page_cache_is_refused(file):
    file.require_uncached()  # nothing is written yet
    file.write(0, CHUNK)
    file.written = CHUNK
    file.require_uncached()
    cached = os.open(file.path, os.O_RDWR)
    os.pread(cached, CHUNK, 0)  # through memory

    assert resident_share(cached, CHUNK) > 0.5
    with pytest.raises(SkipError, match="through memory"):
        file.require_uncached()

    os.fsync(cached)
    os.posix_fadvise(cached, 0, 0, os.POSIX_FADV_DONTNEED)
    assert resident_share(cached, CHUNK) == 0
    os.close(cached)


def test_memory_is_no_storage():
    if mount(System(), MEMORY).type != "tmpfs":
        pytest.fail(f"{MEMORY} is no tmpfs here: this test needs one")

    with pytest.raises(SkipError, match=r"tmpfs lies in memory; name another --directory"):
        DirectFile(MEMORY, System())


@pytest.mark.parametrize(("folder", "words"), [("missing", "No such file"), ("file", "Not a dir")])
def test_a_folder_that_takes_no_file_is_no_figure(tmp_path, folder, words):
    (tmp_path / "file").write_text("")

    with pytest.raises(SkipError, match=words):
        DirectFile(tmp_path / folder, System())


@pytest.mark.parametrize(
    ("number", "words"), [(22, "does not support direct I/O"), (30, "Read-only file system")]
)
def test_a_file_system_that_opens_none_is_no_figure(tmp_path, monkeypatch, number, words):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(module.os, "open", fail)

    with pytest.raises(SkipError, match=words):
        DirectFile(tmp_path, System())


def without_unnamed_files(monkeypatch):
    """As on a network file system."""
    real = os.open

    def only_named(path, flags, *mode, **more):
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "no such thing")
        return real(path, flags, *mode, **more)

    monkeypatch.setattr(module.os, "open", only_named)


def test_the_file_never_has_a_name(tmp_path, monkeypatch):
    def fail(*_):
        raise AssertionError("a kill before this would leave a file")

    monkeypatch.setattr(Path, "unlink", fail)
    os.close(DirectFile(tmp_path, System()).descriptor)


def test_where_every_file_has_a_name_it_is_removed_at_once(tmp_path, monkeypatch):
    without_unnamed_files(monkeypatch)

    file = DirectFile(tmp_path, System())

    assert list(tmp_path.iterdir()) == []
    file.write(0, 4096)
    file.verify(0, 4096)
    os.close(file.descriptor)


def test_a_name_that_cannot_be_removed_is_no_figure(tmp_path, monkeypatch):
    def fail(*_):
        raise PermissionError(1, os.strerror(1))

    without_unnamed_files(monkeypatch)
    monkeypatch.setattr(Path, "unlink", fail)

    with pytest.raises(SkipError, match="not permitted"):
        DirectFile(tmp_path, System())


def test_no_more_than_a_tenth_of_the_free_space_is_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(
        module.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 20 * 2**30 + 12345})
    )
    file = DirectFile(tmp_path, System())

    assert file.limit == 2 * 2**30
    os.close(file.descriptor)


def test_a_disk_nearly_full_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 2**29}))

    with pytest.raises(SkipError, match="512 MiB are free and a tenth of that is too small"):
        DirectFile(tmp_path, System())


@pytest.mark.parametrize(
    ("error", "words"),
    [(22, "does not support direct I/O"), (28, "No space left"), (5, "Input/output")],
)
def test_a_failing_disk_is_no_figure(file, monkeypatch, error, words):
    def fail(*_):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(module.os, "pwritev", fail)
    monkeypatch.setattr(module.os, "preadv", fail)

    with pytest.raises(SkipError, match=f"writing with direct I/O: .*{words}"):
        file.write(0, 4096)
    with mmap.mmap(-1, 4096) as target, pytest.raises(SkipError, match=f"reading .*{words}"):
        file.read(0, target)


def test_a_short_transfer_is_no_figure(file, monkeypatch):
    monkeypatch.setattr(module.os, "pwritev", lambda *_: 4096)
    monkeypatch.setattr(module.os, "preadv", lambda *_: 4096)

    with pytest.raises(SkipError, match="4096 of 16777216 bytes were taken"):
        file.write(0, CHUNK)
    with mmap.mmap(-1, 8192) as target, pytest.raises(SkipError, match="4096 of 8192 bytes came"):
        file.read(0, target)
