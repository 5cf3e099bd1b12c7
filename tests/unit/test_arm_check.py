"""foundation arm-check, with the real uv and recorded answers of a package index."""

import json
import os
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from foundation.distribution import arm_check as arm

ROOT = Path(__file__).parents[2]
INDEX = ROOT / "tests" / "fixtures" / "index"
FILELOCK = "2ce9818e3e2d8f284c1a964414447ef148d42a5fd5e2a477a7118e574b293ec1"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module", autouse=True)
def index():
    """The recorded index, served to this machine alone."""
    handler = partial(_Quiet, directory=INDEX)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        arm_check.index = f"http://127.0.0.1:{server.server_port}/"
        yield
        server.shutdown()


def arm_check(tmp_path, lock, *arguments, index=None):
    """Run the command over a lock of the test's own, with no other index than `index`."""
    path = tmp_path / "lock.txt"
    path.write_text(lock)
    return subprocess.run(
        [sys.executable, "-m", "foundation", "arm-check", "--requirements", path, *arguments],
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("UV_")},
            "UV_NO_CONFIG": "1",
            "UV_DEFAULT_INDEX": index or arm_check.index,
            "UV_CACHE_DIR": str(tmp_path.parent / "uv"),
            "UV_HTTP_RETRIES": "0",
            "PYTHONPATH": str(ROOT),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_package_with_a_wheel_passes_and_nothing_is_downloaded(tmp_path):
    done = arm_check(tmp_path, f"filelock==4.1.0 \\\n    --hash=sha256:{FILELOCK}\n")

    assert (done.returncode, done.stderr) == (0, "")
    assert "1 packages, each with a wheel for aarch64" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["lock.txt"]


def test_a_package_without_one_is_a_blocker_with_the_workaround(tmp_path):
    lock = f"decord==0.6.0\nfilelock==4.1.0 --hash=sha256:{FILELOCK}\n"

    done = arm_check(tmp_path, lock, "--json", "found.json", "--python", "3.11")

    assert (done.returncode, done.stderr) == (1, "")
    assert "arm_compatibility: decord==0.6.0: has no wheels" in done.stdout
    assert "filelock" not in done.stdout
    assert "repro/requirements-source.txt" in done.stdout
    found = json.loads((tmp_path / "found.json").read_text())
    assert (found["checked"], found["python"]) == (2, "3.11")
    assert [(b["blocker"], b["package"]) for b in found["blockers"]] == [
        ("arm_compatibility", "decord")
    ]


def test_a_wheel_that_the_lock_has_no_hash_of_is_a_blocker(tmp_path):
    done = arm_check(tmp_path, f"filelock==4.1.0 --hash=sha256:{'0' * 64}\n")

    assert done.returncode == 1
    assert "filelock==4.1.0: the lock has no hash of the index's wheel" in done.stdout


def test_an_index_that_does_not_answer_is_no_verdict(tmp_path):
    done = arm_check(tmp_path, "filelock==4.1.0\n", index="http://127.0.0.1:9/simple")

    assert (done.returncode, done.stdout) == (2, "")
    assert "uv could not ask the package index" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_uv_there_is_no_verdict(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(arm.ArmCheckError, match="pip install uv"):
        arm.check([arm.Pin("a", "1", frozenset())], "3.12")


@pytest.mark.parametrize(
    ("lock", "says"),
    [
        ("# nothing\n", "nothing to check"),
        ("filelock>=4\n", "no exact version"),
        ("-r other.txt\n", "no exact version"),
    ],
)
def test_a_lock_that_says_nothing_is_no_verdict(tmp_path, lock, says):
    done = arm_check(tmp_path, lock)

    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


def test_a_lock_that_is_not_there_is_no_verdict(tmp_path):
    done = arm_check(tmp_path, "", "--requirements", "absent.txt")

    assert done.returncode == 2
    assert "absent.txt: No such file or directory" in done.stderr
