"""The `foundation` command as a process: exit status, one line for an error, no traceback."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import documents as made
import pytest
import runs

from foundation import __main__
from foundation.cli import main
from foundation.documents import store as stored
from foundation.evaluation import gate
from foundation.history import run_history

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "foundation"]


def run(*arguments, **options):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), **options},
    )


def store(folder, documents_by_kind, collected=None):
    """Keep documents as if collected an hour ago."""
    collected = collected or datetime.now(UTC) - timedelta(hours=1)
    for kind, document in documents_by_kind.items():
        document["collected_at"] = collected.strftime("%Y-%m-%dT%H:%M:%SZ")
        stored.write(document, stored.path(folder, document["host"], kind))
    return folder


def one_line_error(done):
    assert "Traceback" not in done.stderr + done.stdout
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_passing_folder_exits_0_and_writes_the_report(tmp_path):
    store(tmp_path / "docs", made.spark())
    done = run("gate", "--documents", tmp_path / "docs", "--json", tmp_path / "gate.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "✅ Phase Gate: PASSED - Model/Interface can proceed" in done.stdout
    report = stored.load(tmp_path / "gate.json")
    assert report["verdict"] == "PASSED"


def test_a_failing_folder_exits_1(tmp_path):
    given = made.spark()
    made.change(given["hardware_baseline"], "data.cpu.logical_cpus", 19)
    done = run("gate", "--documents", store(tmp_path, given))
    assert (done.returncode, done.stderr) == (1, "")
    assert "❌ Phase Gate: FAILED" in done.stdout
    assert "measured 19, required == 20" in done.stdout


def test_a_truncated_document_is_an_invalid_host_and_not_the_end(tmp_path):
    store(tmp_path, made.spark("a"))
    store(tmp_path, made.spark("b"))
    path = tmp_path / "a" / "benchmark.json"
    path.write_text(path.read_text()[:100])
    done = run("gate", "--documents", tmp_path)
    assert done.returncode == 1
    assert "a (dgx_spark): INVALID" in done.stdout
    assert "truncated JSON" in done.stdout
    assert "1 of 2 hosts pass: b" in done.stdout


def test_a_document_in_the_wrong_folder_is_invalid(tmp_path):
    store(tmp_path, made.spark("a"))
    (tmp_path / "a").rename(tmp_path / "b")
    done = run("gate", "--documents", tmp_path, "--expect", "b")
    assert done.returncode == 1
    assert "a foreign document" in " ".join(done.stdout.split())


def test_an_empty_folder_is_a_failure(tmp_path):
    done = run("gate", "--documents", tmp_path)
    assert done.returncode == 1
    assert "no hosts were judged" in done.stdout


def test_expected_hosts_without_documents_are_missing(tmp_path):
    done = run("gate", "--documents", store(tmp_path, made.spark()), "--expect", "spark-01, x")
    assert done.returncode == 1
    assert "MISSING" in done.stdout
    assert gate.judge_folder(tmp_path / "none", expected=["x"], now=made.NOW)["hosts"]["x"][
        "verdict"
    ] == "MISSING"  # fmt: skip


def test_waivers_and_profile_are_taken(tmp_path):
    given = made.spark()
    made.change(given["hardware_baseline"], "data.cpu.logical_cpus", 19)
    store(tmp_path / "docs", given)
    waivers = tmp_path / "waivers.yml"
    waivers.write_text(
        "- {host: spark-01, criterion: cpu_cores, reason: one core is off, expires: 2999-01-01}\n"
    )
    done = run("gate", "--documents", tmp_path / "docs", "--waivers", waivers)
    assert done.returncode == 0, done.stdout
    assert "waived until 2999-01-01" in done.stdout
    done = run("gate", "--documents", tmp_path / "docs", "--profile", "generic")
    assert done.returncode == 0
    assert "not a DGX Spark acceptance" in done.stdout


def profile_by_host(tmp_path):
    return gate.judge_folder(
        store(tmp_path, made.spark()), {made.HOST: "generic"}, now=datetime.now(UTC)
    )


def test_a_profile_can_be_chosen_by_host(tmp_path):
    assert profile_by_host(tmp_path)["hosts"][made.HOST]["profile"] == "generic"


GOOD_WAIVER = "host: a, criterion: b, reason: long enough, expires: 2026-01-01"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- {host: '*', criterion: b, reason: long enough, expires: 2026-01-01}", "$[0].host"),
        ("- {host: a, criterion: b, reason: short, expires: 2026-01-01}", "$[0].reason"),
        ("- {host: a, criterion: b, reason: long enough, expires: never}", "$[0].expires"),
        ("- {host: a, criterion: b, reason: long enough, expires: 2026-02-30}", "$[0].expires"),
        (f"- {{{GOOD_WAIVER}, who: me}}", 'unknown key "who"'),
        (f"- {{{GOOD_WAIVER}}}\n- {{{GOOD_WAIVER}}}", "waived twice"),
        ("host: a", "$:"),
        ("- {", "line"),
    ],
)
def test_wrong_waivers_are_one_line_and_exit_2(tmp_path, text, says, capsys):
    waivers = tmp_path / "waivers.yml"
    waivers.write_text(text)
    assert main.main(["gate", "--documents", str(tmp_path), "--waivers", str(waivers)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith(f"foundation: {waivers}: ")
    assert says in error


def test_an_empty_waivers_file_waives_nothing(tmp_path):
    (tmp_path / "waivers.yml").write_text("---\n")
    assert gate.load_waivers(tmp_path / "waivers.yml") == ()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["gate", "--documents", "no/such"], "no/such: cannot be read"),
        (["gate", "--profile", "nobody", "--documents", "."], "nobody"),
        (["gate", "--profile", "no/such.yml", "--documents", "."], "directory; check the path"),
        (["gate", "--waivers", "no-such.yml", "--documents", "."], "directory; check the path"),
        (["gate", "--expect", "../up", "--documents", "."], "host name"),
        (["gate", "--colour"], "unrecognized arguments"),
        (["judge"], "invalid choice"),
        ([], "required"),
        (["validate"], "required"),
        (["validate", "no-such.json"], "cannot be read as a file"),
    ],
)
def test_what_cannot_be_judged_is_one_line_and_exits_2(arguments, says):
    done = run(*arguments)
    assert done.returncode == 2
    assert says in one_line_error(done)


def test_a_report_that_cannot_be_written_exits_2(tmp_path):
    (tmp_path / "taken").mkdir()
    store(tmp_path / "docs", made.spark())
    done = run("gate", "--documents", tmp_path / "docs", "--json", tmp_path / "taken")
    assert done.returncode == 2
    assert "cannot be written" in one_line_error(done)


def test_validate_exits_0_1_and_2(tmp_path):
    store(tmp_path, made.spark())
    good = sorted((tmp_path / made.HOST).glob("*.json"))
    assert run("validate", *good).returncode == 0
    bad = tmp_path / "benchmark.json"
    bad.write_text(json.dumps(made.live_state()))
    done = run("validate", good[0], bad)
    assert done.returncode == 1
    assert "a foreign document" in one_line_error(done)
    assert f"{good[0]}: valid" in done.stdout
    assert run("validate", bad, tmp_path / "none.json").returncode == 2
    bad.write_text(json.dumps({**made.benchmark(), "schema_version": "1.999", "new": 1}))
    assert "valid; benchmark: its version 1.999 is newer" in run("validate", bad).stdout


def test_a_reader_that_goes_away_is_no_traceback(tmp_path):
    store(tmp_path, made.spark())
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*COMMAND, "gate", "--documents", str(tmp_path)],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    os.close(writer)
    assert done.returncode == 2
    assert done.stderr == ""


def test_an_interrupt_is_one_line(tmp_path):
    fifo = tmp_path / "own.yml"
    os.mkfifo(fifo)  # reading it waits, so the interrupt comes in the middle
    process = subprocess.Popen(
        [*COMMAND, "gate", "--documents", str(tmp_path), "--profile", str(fifo)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with fifo.open("w"):  # opens once the process reads
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == "foundation: interrupted\n"


def test_a_terminal_without_the_marks_gets_text_all_the_same(tmp_path):
    store(tmp_path, made.spark())
    done = run("gate", "--documents", tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "Phase Gate: PASSED" in done.stdout


def test_main_returns_the_status(tmp_path, capsys):
    store(tmp_path, made.spark())
    assert (
        main.main(["gate", "--documents", str(tmp_path), "--json", str(tmp_path / "r.json")]) == 0
    )
    assert "PASSED" in capsys.readouterr().out
    assert main.main(["validate", str(tmp_path / "r.json")]) == 0
    (tmp_path / "r.json").write_text("{}")
    assert main.main(["validate", str(tmp_path / "r.json"), str(tmp_path / "none")]) == 2
    with pytest.raises(SystemExit) as caught:
        main.main(["gate", "--nothing"])
    assert caught.value.code == 2


# What is learned from runs: baselines, pictures, targets.


def stored_spark(folder, **changes):
    """A Spark whose run ended an hour ago."""
    given = runs.spark(**changes)
    store(folder, given)
    # `store` moved the run to an hour ago: its figures began then too.
    for figure in given["benchmark"]["data"]["figures"].values():
        figure["started_at"] = given["benchmark"]["collected_at"]
    return runs.store(folder, given)


def test_a_baseline_is_accepted_kept_and_replaced(tmp_path):
    stored_spark(tmp_path)
    done = run("accept-baseline", "--documents", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "figures are its baseline now" in done.stdout
    assert run("accept-baseline", "--documents", tmp_path).returncode == 0
    path = tmp_path / made.HOST / "benchmark_baseline.json"
    baseline = stored.load(path)
    baseline["data"]["figures"]["gemm.bf16"]["value"] = 184.0
    stored.write(baseline, path)
    kept = run("accept-baseline", "--documents", tmp_path, "--host", made.HOST)
    assert kept.returncode == 1
    assert "gemm.bf16: 184 TFLOP/s -> 92 TFLOP/s (-50.0%)" in kept.stdout
    assert "--replace" in one_line_error(kept)
    failed = run("gate", "--documents", tmp_path)
    assert failed.returncode == 1
    assert "gemm.bf16 against its baseline" in failed.stdout
    assert run("accept-baseline", "--documents", tmp_path, "--replace").returncode == 0
    assert run("gate", "--documents", tmp_path).returncode == 0


def test_a_run_that_cannot_be_a_baseline_exits_1_and_others_are_accepted(tmp_path, capsys):
    stored_spark(tmp_path, host="a")
    stored_spark(tmp_path, host="b")
    (tmp_path / "a" / "benchmark.json").unlink()
    assert main.main(["accept-baseline", "--documents", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert "a: no baseline: there is no benchmark document" in said.err
    assert "b: " in said.out
    assert (tmp_path / "b" / "benchmark_baseline.json").exists()


@pytest.mark.parametrize("command", ["accept-baseline", "plots"])
def test_hosts_without_documents_are_told(tmp_path, command, capsys):
    assert main.main([command, "--documents", str(tmp_path)]) == 2
    assert "no documents of any host" in capsys.readouterr().err
    stored_spark(tmp_path)
    assert main.main([command, "--documents", str(tmp_path), "--host", "x"]) == 2
    assert "no documents of x" in capsys.readouterr().err


def test_plots_are_drawn_where_they_are_wanted(tmp_path, capsys):
    store(tmp_path / "docs", made.plain())
    store(tmp_path / "docs", {"live_state": made.live_state("silent")})
    arguments = ["--documents", str(tmp_path / "docs"), "--out", str(tmp_path / "out")]
    assert main.main(["plots", *arguments]) == 1
    said = capsys.readouterr()
    drawn = [str(path) for path in (tmp_path / "out" / "plots" / made.HOST).glob("*.png")]
    assert sorted(drawn) == sorted(said.out.splitlines())
    assert "silent: nothing to draw" in said.err
    assert main.main(["plots", *arguments, "--host", made.HOST]) == 0


def test_targets_print_a_diff_and_say_why_on_stderr(tmp_path):
    for number in range(1, 4):
        stored_spark(tmp_path, host=f"spark-{number:02d}")
    done = run("targets", "--documents", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("--- a/foundation/profiles/dgx_spark.yml\n+++ b/foundation/")
    assert "gemm_bf16: >= 60 TFLOP/s -> " in done.stderr
    few = run("targets", "--documents", tmp_path, "--minimum-hosts", "4")
    assert (few.returncode, few.stdout) == (0, "")
    assert "3 hosts have a valid figure, 4 are needed" in few.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["targets", "--profile", "auto"], "name the one profile"),
        (["targets", "--profile", "nobody"], "nobody"),
        (["targets", "--k", "-1"], "above 0"),
        (["targets", "--k", "many"], "invalid"),
        (["targets", "--minimum-hosts", "0"], "from 1"),
    ],
)
def test_wrong_options_of_targets_are_one_line(arguments, says):
    done = run(*arguments, "--documents", ".")
    assert done.returncode == 2
    assert says in one_line_error(done)


def test_validate_knows_the_history(tmp_path, capsys):
    path = tmp_path / "benchmark_history.jsonl"
    entry = run_history.entry(made.HOST, runs.spark(), gate.load_profiles("auto"))
    run_history.append(path, entry)
    assert main.main(["validate", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: valid, 1 run\n"
    path.write_text("{}\n")
    assert main.main(["validate", str(path)]) == 1
    assert "line 1: $: required key" in capsys.readouterr().err


class Interrupted:
    """Ctrl-C while the program is still being loaded."""

    def find_spec(self, name, path=None, target=None):
        if name == "foundation.cli.main":
            raise KeyboardInterrupt


def test_an_interrupt_while_it_is_loaded_is_one_line(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "foundation.cli.main")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    assert __main__.main() == 130
    assert capsys.readouterr().err == "foundation: interrupted\n"


@pytest.mark.parametrize(
    ("place", "status", "says"),
    [
        (">/dev/full", 2, "foundation: standard output: No space left on device; free space"),
        (">&-", 0, ""),
        ("2>&- >/dev/full", 2, ""),
    ],
)
def test_output_that_cannot_be_written_is_no_verdict(tmp_path, place, status, says):
    path = tmp_path / "waste.json"
    path.write_text(json.dumps(made.spark()["environment"]))
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m foundation validate "$1" {place}', sys.executable, path],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status
    assert done.stderr.startswith(says)
    assert done.stderr.count("\n") == bool(says)


def test_a_device_or_a_pipe_is_not_replaced_by_a_report(tmp_path, capsys):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "documents").mkdir()
    options = ["--documents", str(tmp_path / "documents"), "--json", str(pipe)]
    assert main.main(["gate", *options]) == 2
    assert "not a regular file" in capsys.readouterr().err
    assert pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
