"""COMPLETION_SUMMARY.md of workstreams that are complete, and of those that are not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import documents as made
import pytest
import runs

from foundation.core.workstreams import WORKSTREAMS
from foundation.evaluation import gate, verified_report
from foundation.reports import completion_summary, writer

FOLDERS = [one.summary for one in WORKSTREAMS.values()]

PROJECT = Path(__file__).parents[2]


def judge(root, *hosts, waivers=None, profile="auto"):
    """The judged documents of some hosts, kept below `root`."""
    for stored in hosts:
        runs.store(root / "documents", stored)
    report = gate.judge_folder(root / "documents", profile, waivers, now=made.NOW)
    gate.write_report(report, root / "gate.json")
    return verified_report.load(root / "documents", root / "gate.json")


def rendered(found):
    texts = completion_summary.render(found)
    return [texts[f"{folder}/{completion_summary.FILE}"] for folder in FOLDERS]


def part(text, title):
    """The part of a summary under a heading."""
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_a_spark_that_passes(tmp_path):
    hardware, images, figures = rendered(judge(tmp_path, made.spark("a"), made.spark("b")))

    assert hardware.startswith("# WS-01: Hardware Baselines - COMPLETE\n")
    assert "DGX Spark acceptance" not in hardware
    assert "criteria pass on 2 hosts. Judged at 2026-10-20T12:00:00Z" in hardware
    assert "| `cpu_cores` |" in part(hardware, "What was asked")
    assert "| == 20 | 2 |" in part(hardware, "What was asked")
    assert "| a, b | 1 x NVIDIA GB10 | 10 x Cortex-X925, 10 x Cortex-A725 | 122 GiB |" in hardware
    assert "Nothing." in part(hardware, "What was not met")
    assert "| a | 10 | 10 | identical | 10 of 10 | none | 12.5 s |" in part(images, "Figures")
    assert "| `cpu.triad` | GB/s | 2 | 112 | 112 | 112 |  |" in part(figures, "Figures")
    assert "`b/benchmark.json`" in part(figures, "Evidence")
    assert "`a/environment.json`" in part(images, "Evidence")


def test_what_was_not_met_is_said_first_and_by_criterion(tmp_path):
    bad, without = made.spark("bad"), made.spark("without")
    made.change(bad["hardware_baseline"], "data.cpu.logical_cpus", 19)
    made.change(bad["benchmark"], "data.figures.cpu|triad.value", 500.0)
    del without["benchmark"], without["reproducibility"]
    hardware, images, figures = rendered(judge(tmp_path, bad, without))

    assert hardware.startswith("# WS-01: Hardware Baselines - INCOMPLETE\n\n**Not complete.**")
    assert "- fail: `cpu_cores` on bad: 19 was measured, == 20 is required" in hardware
    assert "\n  Do: " in part(hardware, "What was not met")
    assert "| without | not made |" in images
    assert "there is no reproducibility document" in part(images, "What was not met").replace(
        "\\", ""
    )
    assert "| `cpu.triad` | GB/s | 0 |  |  |  | 1 |" in part(figures, "Figures")
    assert "`without/benchmark.json` | absent |" in part(figures, "Evidence")


def test_a_machine_that_is_no_spark_says_so_at_the_top(tmp_path):
    for text in rendered(judge(tmp_path, made.spark(), profile="generic")):
        title, _, banner, *_ = text.splitlines()
        assert title.startswith("# WS-0")
        assert banner.startswith("**This is not a DGX Spark acceptance.** No host was judged by")


def test_one_other_machine_among_sparks_is_named(tmp_path):
    found = judge(tmp_path, made.spark("a"), made.spark("b"), profile={"b": "generic"})
    assert "**This is not a DGX Spark acceptance.** b was not judged by" in rendered(found)[0]


def test_deviations_are_waivers_warnings_and_what_was_skipped(tmp_path):
    given = made.spark()
    made.change(given["hardware_baseline"], "data.cpu.logical_cpus", 19)
    made.change(given["benchmark"], "data.figures.gemm|bf16.value", 70.0)
    waivers = tmp_path / "waivers.yml"
    waivers.write_text(
        "- {host: spark-01, criterion: cpu_cores, reason: one core is off, expires: 2999-01-01}\n"
    )
    found = judge(tmp_path, given, waivers=waivers)
    found.report["fleet"] = {
        "differences": [
            {
                "id": "kernel_same",
                "title": "Kernel",
                "majority": "6.17",
                "majority_hosts": 4,
                "hosts": {"spark-01": "7.0"},
            }
        ],
        "outliers": [
            {
                "figure": "cpu.triad",
                "unit": "GB/s",
                "median": 112.0,
                "limit": 100.0,
                "hosts": {"spark-01": 61.0},
            }
        ],
    }
    hardware, _, figures = rendered(found)

    told = part(hardware, "Deviations")
    assert "- waived: `cpu_cores` on spark-01: waived until 2999-01-01: one core is off" in told
    assert "- difference: Kernel: 6.17 on 4 hosts; spark-01 has 7.0" in told
    assert "| == 20 |  |  |  |  |  | 1 |" in part(hardware, "What was asked")
    assert "outlier: `cpu.triad`: the median is 112 GB/s, the limit 100; spark-01 has 61" in figures
    assert "difference" not in figures


def test_many_hosts_are_counted(tmp_path):
    hosts = [made.spark(f"spark-{number}") for number in range(7)]
    for stored in hosts:
        made.change(stored["hardware_baseline"], "data.cpu.logical_cpus", 19)
        for kind in ("reproducibility", "benchmark", "environment", "live_state"):
            del stored[kind]
    hardware = rendered(judge(tmp_path, *hosts))[0]
    assert "on spark-0, spark-1, spark-2, spark-3, spark-4 and 2 more hosts: 19 was" in hardware


def test_what_a_host_says_is_no_markup(tmp_path):
    given = made.spark()
    made.change(given["hardware_baseline"], "data.platform.kernel", "6.17 | <b>x</b>\n# y")
    for document in given.values():
        document["identity"]["kernel"] = "6.17 | <b>x</b>\n# y"
    hardware = rendered(judge(tmp_path, given))[0]
    assert "<b>" not in hardware.replace("\\<b", "")
    assert "\n# y" not in hardware


@pytest.mark.parametrize("fits", [True, False])
def test_the_command(tmp_path, fits):
    found = judge(tmp_path, made.spark())
    if not fits:
        (tmp_path / "documents/spark-01/benchmark.json").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "foundation", "completion", "--documents", "documents",
         "--gate", "gate.json", "--out", "out"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    written = {p.parent.name: p.read_text() for p in tmp_path.glob("out/*/*")}
    if fits:
        assert (done.returncode, done.stderr) == (0, "")
        assert set(written) == set(FOLDERS)
        assert {
            f"{n}/{completion_summary.FILE}": t for n, t in written.items()
        } == completion_summary.render(found)
    else:
        assert done.returncode == 1
        assert written == {}
        (line,) = done.stderr.splitlines()
        assert "does not fit the documents" in line


def test_the_example_is_of_the_documents_beside_it(tmp_path):
    """docs/examples/workstreams from docs/examples/cpu; the criteria may have changed since."""
    examples = PROJECT / "docs/examples"
    shutil.copytree(examples / "cpu", tmp_path / "localhost")
    report = writer.load(examples / "cpu/gate.json")
    choices = {"localhost": report["hosts"]["localhost"]["profile"]}
    texts = completion_summary.render(verified_report.VerifiedReport(report, tmp_path, choices))
    assert texts == {name: (examples / "workstreams" / name).read_text() for name in texts}
    assert all("**This is not a DGX Spark acceptance.**" in text for text in texts.values())
