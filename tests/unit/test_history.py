"""The history: one line for each run, whatever writes at the same time or is cut off."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import documents as made
import pytest
import runs

from foundation.core import files
from foundation.core.errors import DocumentError, StorageError
from foundation.history import run_history
from foundation.profiles.criteria import load_profiles

AUTO = load_profiles("auto")
TESTS = Path(__file__).parents[1]


def line(collected=made.COLLECTED, **changes):
    return run_history.entry(made.HOST, runs.spark(collected=collected) | changes, AUTO)


@pytest.mark.parametrize("kind", ["live_state", "benchmark_baseline"])
def test_a_host_adds_no_document_that_decides_about_it(tmp_path, kind):
    given = {
        "environment": made.spark()["environment"],
        kind: {**made.spark(), "benchmark_baseline": runs.accepted()}[kind],
    }
    with pytest.raises(DocumentError, match=f'found the document "{kind}" in its answer'):
        run_history.keep_documents(tmp_path, made.HOST, given)
    assert list(tmp_path.iterdir()) == []


def test_a_line_holds_what_later_runs_are_compared_by():
    stored = runs.spark()
    figures = stored["benchmark"]["data"]["figures"]
    figures["gemm.fp16"]["trace"]["event_reasons"] = ["hw_slowdown"]
    entry = run_history.entry(made.HOST, stored, AUTO)
    assert entry["collected_at"] == stored["benchmark"]["collected_at"]
    assert entry["level"] == "full"
    assert entry["identity"] == {
        "gpu_uuids": made.identity()["gpu_uuids"], "kernel": "6.17.0-1021-nvidia",
        "driver": "580.178.04", "boot_id": made.identity()["boot_id"], "torch": "2.13.0+cu130",
    }  # fmt: skip
    assert set(entry["figures"]) == set(figures)
    assert entry["figures"]["gemm.bf16"] == {
        "value": 92.0, "unit": "TFLOP/s", "spread": 0.0075, "faults": [],
        "chart_group": "Matrix product by precision",
    }  # fmt: skip
    assert entry["figures"]["gemm.fp16"]["faults"] == ["throttled"]
    latency = figures["storage.random_read"]["latency_microseconds"]
    assert entry["figures"]["storage.random_read"]["p99"] == latency["p99"]


@pytest.mark.parametrize("benchmark", [None, DocumentError("truncated")])
def test_without_a_benchmark_there_is_no_line(benchmark):
    with pytest.raises(DocumentError, match=r"benchmark|truncated"):
        run_history.entry(made.HOST, {**made.spark(), "benchmark": benchmark}, AUTO)


def test_runs_are_appended_once_and_come_back_in_their_order(tmp_path):
    path = run_history.path(tmp_path, made.HOST)
    assert run_history.load(path) == run_history.History()
    later, earlier = line("2026-10-20T11:00:00Z"), line("2026-10-19T11:00:00Z")
    assert run_history.append(path, later)
    assert run_history.append(path, earlier)
    before = path.read_bytes()
    assert not run_history.append(path, earlier)
    assert path.read_bytes() == before
    assert run_history.load(path).entries == (earlier, later)
    assert stat.S_IMODE(path.stat().st_mode) & ~files.FILE_MODE == 0
    assert run_history.check(path) == "2 runs"


def test_a_line_against_its_schema_is_refused(tmp_path):
    with pytest.raises(DocumentError, match=r"\$\.level"):
        run_history.append(tmp_path / "h.jsonl", {**line(), "level": "slow"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", [1, 40, -2])
def test_a_torn_last_line_is_tolerated_and_mended(tmp_path, cut):
    path = tmp_path / "h.jsonl"
    run_history.append(path, line("2026-10-18T11:00:00Z"))
    whole = path.read_bytes()
    torn = json.dumps(line("2026-10-19T11:00:00Z")).encode()
    path.write_bytes(whole + torn[:cut])
    assert len(run_history.load(path).entries) == 1
    assert "its last line is torn" in run_history.check(path)
    run_history.append(path, line("2026-10-20T11:00:00Z"))
    assert path.read_bytes().startswith(whole + b'{"schema_version": ')
    assert b"2026-10-19" not in path.read_bytes()
    assert run_history.check(path) == "2 runs"


def test_a_first_line_that_was_torn_is_mended(tmp_path):
    path = tmp_path / "h.jsonl"
    path.write_bytes(b'{"collected')
    run_history.append(path, line())
    assert run_history.check(path) == "1 run"


def test_a_whole_last_line_without_its_new_line_is_kept(tmp_path):
    path = tmp_path / "h.jsonl"
    path.write_text(json.dumps(line("2026-10-19T11:00:00Z")))
    assert not run_history.append(path, line("2026-10-19T11:00:00Z"))
    assert run_history.append(path, line())
    assert run_history.check(path) == "2 runs"


def test_a_damaged_line_hides_no_other(tmp_path):
    path = tmp_path / "h.jsonl"
    path.write_text(f"{json.dumps(line())}\n{{}}\nnonsense\n")
    found = run_history.load(path)
    assert len(found.entries) == 1
    assert found.faults[0].startswith("line 2: $:")
    assert found.faults[1].startswith("line 3: damaged")
    with pytest.raises(DocumentError, match="line 2"):
        run_history.check(path)
    run_history.append(path, line("2026-10-21T11:00:00Z"))
    assert len(run_history.load(path).entries) == 2


def test_a_file_that_cannot_be_used_is_told(tmp_path):
    folder = tmp_path / "h.jsonl"
    folder.mkdir()
    with pytest.raises(DocumentError, match="cannot be read"):
        run_history.load(folder)
    with pytest.raises(StorageError, match="cannot be written"):
        run_history.append(folder, line())


_FULL = """
import resource, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
import documents as made, runs
from foundation.history import run_history
from foundation.profiles.criteria import load_profiles
from foundation.core.errors import StorageError
entry = run_history.entry(made.HOST, runs.spark(), load_profiles("auto"))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = Path(sys.argv[1]).stat().st_size + 100
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    run_history.append(Path(sys.argv[1]), entry)
except StorageError as error:
    print(error)
    sys.exit(3)
"""


def test_a_disk_that_takes_only_a_part_gets_none(tmp_path):
    """The kernel itself refuses: RLIMIT_FSIZE takes the first 100 bytes, as a full disk would."""
    path = tmp_path / "h.jsonl"
    run_history.append(path, line("2026-10-19T11:00:00Z"))
    before = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(path), str(TESTS), str(TESTS.parent)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 3, done.stderr
    assert "File too large" in done.stdout
    assert path.read_bytes() == before


_WRITER = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
import documents as made, runs
from foundation.history import run_history
from foundation.profiles.criteria import load_profiles
entry = run_history.entry(made.HOST, runs.spark(), load_profiles("auto"))
entry["figures"] = {"gemm.bf16": entry["figures"]["gemm.bf16"]}
sys.stdin.readline()
for number in range(20):
    # Every second run is one that all processes have.
    own = sys.argv[2] if number % 2 else "0"
    entry["collected_at"] = f"2026-10-{10 + int(own):02d}T11:00:{number:02d}Z"
    run_history.append(Path(sys.argv[1]), entry)
"""


def test_processes_at_once_lose_no_run_and_keep_none_twice(tmp_path):
    path = tmp_path / "h.jsonl"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path), str(number), str(TESTS), str(TESTS.parent)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(1, 5)
    ]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors
    found = run_history.load(path)
    moments = [one["collected_at"] for one in found.entries]
    assert (found.faults, found.torn) == ((), False)
    assert len(moments) == len(set(moments)) == 10 + 4 * 10
