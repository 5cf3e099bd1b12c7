"""A benchmark that is killed or stopped: nothing runs on, at most one figure is lost, and the
next run goes on from there. Real processes around figures of the test's own."""

import contextlib
import json
import os
import signal
import subprocess
import sys

import pytest
from box import REPOSITORY
from fake_benchmark import NAMES
from processes import processes, wait_until
from schema_check import schema_errors

FAKE = REPOSITORY / "tests" / "fake_benchmark.py"
TWICE = "the host or the run ended twice during this figure"


class Bench:
    """One host's disk, state and runs."""

    def __init__(self, folder):
        self.folder = folder
        self.disk = folder / "disk"
        self.state = folder / "state" / "benchmark.json"
        self.disk.mkdir()

    def hold(self, name):
        (self.folder / f"hold-{name}").touch()

    def let_go(self):
        for name in self.folder.glob("hold-*"):
            name.unlink()

    def start(self, *arguments, environment=None):
        for name in self.folder.glob("began-*"):
            name.unlink()
        return subprocess.Popen(
            [
                *(sys.executable, str(FAKE), str(self.folder), "benchmark"),
                *("--directory", str(self.disk), "--state", str(self.state), *arguments),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def start_until(self, name, *arguments, environment=None):
        """A run that holds still in a figure."""
        self.hold(name)
        run = self.start(*arguments, environment=environment)
        wait_until(lambda: (self.folder / f"began-{name}").exists() or run.poll() is not None)
        assert run.poll() is None, run.communicate()[1]
        return run

    def run(self, *arguments):
        """A whole run: its document and its lines."""
        self.let_go()
        run = self.start(*arguments)
        output, errors = run.communicate(timeout=60)
        assert run.returncode == 0, errors
        document = json.loads(output)
        assert schema_errors("benchmark", "", document) == []
        return document, errors

    def kept(self):
        """The state on the disk, which is a valid document at any moment."""
        document = json.loads(self.state.read_text())
        assert schema_errors("benchmark", "", document) == []
        return document["data"]

    def no_process_is_left(self):
        wait_until(lambda: not processes(str(self.folder)))

    def files(self):
        return sorted(path.name for path in (*self.disk.iterdir(), *self.state.parent.iterdir()))


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    for number in processes(str(tmp_path)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


@pytest.mark.parametrize("name", ["gemm_fp32", "triad", "write"])
def test_a_killed_run_loses_the_figure_under_way_alone(bench, name):
    run = bench.start_until(name)
    assert len(processes(str(bench.folder))) == (3 if name == "write" else 2)

    run.kill()
    run.communicate()

    bench.no_process_is_left()
    before = bench.kept()
    place = next(number for number, one in enumerate(NAMES) if one.endswith(name))
    assert list(before["figures"]) == list(NAMES[:place])
    assert before["under_way"] == {NAMES[place]: 1}
    assert {one["figure"] for one in before["skipped"]} == set(NAMES[place:])
    assert all(one["reason"].startswith("not reached") for one in before["skipped"])
    assert bench.files() == ["benchmark.json", "benchmark.json.run"]

    document, errors = bench.run("--resume")

    after = document["data"]
    assert list(after["figures"]) == list(NAMES)
    assert after["skipped"] == []
    assert "under_way" not in after
    for one in NAMES[:place]:
        assert after["figures"][one] == before["figures"][one]
    if place:
        (part,) = after["resumed"]
        assert sorted(part["figures"]) == sorted(NAMES[:place])
        assert part["boot_id"] == document["identity"]["boot_id"]
    else:
        assert after["resumed"] == []
    assert f"resumed: {place} figures are measured already" in errors
    assert bench.files() == []


def test_without_resume_everything_is_measured_again(bench):
    run = bench.start_until("triad")
    run.kill()
    run.communicate()
    before = bench.kept()["figures"]["cpu.copy"]

    document, _ = bench.run()

    assert document["data"]["resumed"] == []
    assert document["data"]["figures"]["cpu.copy"]["parameters"] != before["parameters"]
    assert bench.files() == []


def test_a_figure_that_ended_two_runs_is_not_tried_again(bench):
    for times in (1, 2):
        run = bench.start_until("copy", "--resume")
        run.kill()
        run.communicate()
        assert bench.kept()["under_way"] == {"cpu.copy": times}
    run = bench.start_until("read", "--resume")
    run.kill()
    run.communicate()
    assert bench.kept()["under_way"] == {"cpu.copy": 2, "storage.read": 1}

    document, _ = bench.run("--resume")

    assert document["data"]["skipped"] == [{"figure": "cpu.copy", "reason": TWICE}]
    assert "storage.read" in document["data"]["figures"]
    assert bench.files() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_order_and_blames_no_figure(bench, number):
    for _ in range(3):
        run = bench.start_until("read", "--resume")

        run.send_signal(number)
        output, errors = run.communicate(timeout=20)

        assert run.returncode == 128 + number
        assert output == ""
        assert f"stopped by {number.name}; 4 figures are kept for --resume in" in errors
        assert "Traceback" not in errors
        bench.no_process_is_left()
        assert bench.files() == ["benchmark.json"]
        assert bench.kept()["under_way"] == {}
    document, _ = bench.run("--resume")
    assert document["data"]["skipped"] == []


def test_signals_one_upon_the_other_end_it_as_one_does(bench):
    # Coverage.py takes a lock for each function that it meets for the first time, and a signal
    # handler that runs meanwhile waits for it for ever: so this run is not measured.
    unmeasured = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    run = bench.start_until("triad", environment=unmeasured)

    for number in [signal.SIGTERM, signal.SIGINT] * 20:
        with contextlib.suppress(ProcessLookupError):
            run.send_signal(number)
    _, errors = run.communicate(timeout=20)

    (line,) = [line for line in errors.splitlines() if "stopped by" in line]
    assert "2 figures are kept for --resume in" in line
    assert "Traceback" not in errors
    assert bench.kept()["under_way"] == {}
    bench.no_process_is_left()


def test_a_state_that_cannot_be_written_is_not_promised(bench):
    run = bench.start_until("triad")
    bench.state.unlink()
    bench.state.mkdir()

    run.terminate()
    _, errors = run.communicate(timeout=20)

    assert f"stopped by SIGTERM; {bench.state} could not be written" in errors
    assert "are kept" not in errors


def test_what_a_worker_left_running_ends_with_the_run(bench):
    (bench.folder / "leave-behind").touch()

    document, _ = bench.run()

    assert "storage.write" in document["data"]["figures"]
    bench.no_process_is_left()


def test_without_standard_error_the_document_stands_alone(bench):
    run = subprocess.run(
        [
            *("sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, str(FAKE), str(bench.folder)),
            *("benchmark", "--directory", str(bench.disk), "--state", str(bench.state)),
        ],
        capture_output=True,
        check=True,
        timeout=60,
    )

    assert list(json.loads(run.stdout)["data"]["figures"]) == list(NAMES)


def test_a_figure_of_another_disk_is_not_taken_over(bench):
    run = bench.start_until("read")
    run.kill()
    run.communicate()
    bench.no_process_is_left()
    document = json.loads(bench.state.read_text())
    document["data"]["figures"]["storage.write"]["parameters"]["device"] = "another"
    bench.state.write_text(json.dumps(document))

    _, errors = bench.run("--resume")

    assert "resumed: 3 figures are measured already" in errors


def test_a_signal_before_the_first_result_leaves_nothing(bench):
    run = bench.start_until("gemm_fp32")

    run.terminate()
    _, errors = run.communicate(timeout=20)

    assert "stopped by SIGTERM; nothing was left behind" in errors
    bench.no_process_is_left()
    assert bench.files() == []


def test_a_signal_before_the_state_was_read_keeps_it(bench):
    bench.start_until("triad").kill()
    wait_until(lambda: not processes(str(bench.folder)))
    kept = bench.state.read_text()

    run = bench.start("--resume")
    wait_until(lambda: processes(str(bench.folder)))
    run.terminate()
    run.communicate(timeout=20)

    bench.no_process_is_left()
    assert (
        json.loads(bench.state.read_text())["data"]["figures"]
        == (json.loads(kept)["data"]["figures"])
    )


@pytest.mark.parametrize("victim", ["benchmark.worker", "time.sleep"])
def test_a_killed_worker_or_tool_costs_one_figure(bench, victim):
    run = bench.start_until("write")
    (number,) = [
        number
        for number, arguments in processes(str(bench.folder)).items()
        if any(victim.encode() in one for one in arguments)
    ]

    os.kill(number, signal.SIGKILL)
    bench.let_go()
    output, _ = run.communicate(timeout=20)

    data = json.loads(output)["data"]
    if victim == "benchmark.worker":
        (skipped,) = data["skipped"]
        assert skipped["figure"] == "storage.write"
        assert skipped["reason"] == "the measuring process died of SIGKILL"
    assert list(data["figures"])[-1] == "storage.read"
    bench.no_process_is_left()
    assert bench.files() == []


def test_a_second_run_is_refused_in_one_line(bench):
    run = bench.start_until("copy")
    kept = bench.state.read_text()

    second = bench.start()
    output, errors = second.communicate(timeout=20)

    assert second.returncode == 2
    assert output == ""
    (line,) = errors.splitlines()
    assert f"another run, process {run.pid}, measures on this host" in line
    assert bench.state.read_text() == kept
    bench.let_go()
    _, errors = run.communicate(timeout=20)
    assert run.returncode == 0, errors


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"kind": "bench', "cannot be read"),
        ('{"kind": "benchmark"}', "is damaged"),
        ("null", "holds no benchmark document"),
    ],
)
def test_a_damaged_state_is_a_problem_and_no_end(bench, content, words):
    bench.state.parent.mkdir()
    bench.state.write_text(content)

    document, errors = bench.run("--resume")

    (message,) = [p["message"] for p in document["problems"] if p["code"] == "state_ignored"]
    assert words in message
    assert message in errors.splitlines()
    assert "everything is measured again" in message
    assert list(document["data"]["figures"]) == list(NAMES)
    assert bench.files() == []


def test_nothing_to_resume_is_said(bench):
    _, errors = bench.run("--resume")

    assert "nothing to resume" in errors


def test_what_did_not_fit_the_time_is_kept_for_the_next_run(bench):
    slow = bench.folder / "slow-cpu.triad"
    slow.touch()
    document, _ = bench.run()
    (skipped,) = document["data"]["skipped"]
    assert "left of --timeout" in skipped["reason"]
    assert bench.files() == ["benchmark.json"]
    slow.unlink()

    document, _ = bench.run("--resume")

    assert list(document["data"]["figures"]) == list(NAMES)
    assert bench.files() == []
