"""Targets from a fleet: robust numbers, and a diff that applies and leaves all else alone."""

import difflib
import random
import shutil
import subprocess

import documents as made
import pytest
import runs

from foundation.core.errors import ProfileError
from foundation.history import run_history, target_proposals
from foundation.profiles import criteria
from foundation.profiles.criteria import load_profiles

SPARK = load_profiles("dgx_spark")[0]
PATH = criteria.profile_path("dgx_spark")


def fleet(folder, factors, **changes):
    """Sparks that are faster or slower than the one in documents.py by a factor each."""
    for number, factor in enumerate(factors, start=1):
        runs.store(folder, runs.spark(f"spark-{number:02d}", factor=factor, **changes))
    return folder


def proposals(folder, profile=SPARK, **options):
    return {one.criterion.id: one for one in target_proposals.propose(folder, profile, **options)}


FACTORS = (0.98, 0.99, 1.0, 1.005, 1.01)


def test_a_target_lies_k_robust_spreads_below_the_median(tmp_path):
    found = proposals(fleet(tmp_path, FACTORS))["gemm_bf16"]
    # Deviations from 92: 1.84, 0.92, 0, 0.46, 0.92; their median times 1.4826 is 1.364.
    assert found.median == pytest.approx(92.0)
    assert found.deviation == pytest.approx(1.4826 * 0.92)
    assert found.require == ">= 87.5 TFLOP/s"  # 92 - 3 x 1.364 = 87.91, in steps of 0.5
    assert found.warn == ">= 89.5 TFLOP/s"  # half as far
    assert found.source == (
        "Measured: 5 hosts, median 92 TFLOP/s, spread 1.364 TFLOP/s, k 3, 2026-10"
    )
    wider = proposals(tmp_path, k=6)["gemm_bf16"]
    assert wider.require == ">= 83.5 TFLOP/s"


def test_the_spread_within_a_run_is_the_least(tmp_path):
    found = proposals(fleet(tmp_path, (1, 1, 1)))["gemm_bf16"]
    assert found.deviation == pytest.approx(0.0075 * 92)


def test_an_outlier_is_named_and_left_out(tmp_path):
    found = proposals(fleet(tmp_path, (*FACTORS, 0.7)))["gemm_bf16"]
    assert [one.host for one in found.outliers] == ["spark-06"]
    assert found.median == pytest.approx(92.0)
    assert "  left out as an outlier: spark-06 (64.4 TFLOP/s)" in target_proposals.summary([found])


def test_too_few_hosts_propose_nothing(tmp_path):
    found = proposals(fleet(tmp_path, (1, 1)))
    assert {one.require for one in found.values()} == {None}
    assert "2 hosts have a valid figure, 3 are needed" in found["gemm_bf16"].reason
    assert target_proposals.diff(PATH, list(found.values()), PATH.parents[2]) == ""
    assert proposals(tmp_path, minimum_hosts=2)["gemm_bf16"].require is not None


def test_figures_that_are_not_valid_and_foreign_hosts_do_not_count(tmp_path):
    fleet(tmp_path, (1, 1, 1))
    wedged = runs.spark("spark-04", factor=0.9)
    for one in wedged["benchmark"]["data"]["figures"].values():
        if one["trace"]:
            one["trace"]["event_reasons"] = ["hw_slowdown"]
    runs.store(tmp_path, wedged)
    runs.store(tmp_path, made.h100("other"))
    assert proposals(tmp_path)["gemm_bf16"].hosts == ("spark-01", "spark-02", "spark-03")


def test_a_host_counts_once_with_the_median_of_its_valid_runs(tmp_path):
    fleet(tmp_path, (1, 1, 1))
    host = "spark-01"
    for day, factor, faults in ((16, 0.97, []), (17, 0.98, []), (18, 0.5, ["throttled"])):
        collected = f"2026-10-{day}T11:00:00Z"
        stored = runs.spark(host, collected=collected, factor=factor)
        entry = run_history.entry(host, stored, (SPARK,))
        entry["figures"]["gemm.bf16"]["faults"] = faults
        run_history.append(run_history.path(tmp_path, host), entry)
    # The current run again, and one of other GPUs.
    current = run_history.entry(host, runs.spark(host), (SPARK,))
    run_history.append(run_history.path(tmp_path, host), current)
    other = {**current, "collected_at": "2026-10-01T11:00:00Z"}
    other["identity"] = {**current["identity"], "gpu_uuids": ["GPU-other"]}
    run_history.append(run_history.path(tmp_path, host), other)
    evidence = next(one for one in target_proposals._matching(tmp_path, SPARK) if one.host == host)
    past = target_proposals._past(tmp_path, evidence)
    criterion = next(one for one in SPARK.criteria if one.id == "gemm_bf16")
    value = target_proposals._host_value(criterion, evidence, past, SPARK)
    assert value.value == pytest.approx(0.98 * 92)
    assert proposals(tmp_path)["gemm_bf16"].median == pytest.approx(92.0)


def test_a_criterion_on_the_trace_is_adjusted_too(tmp_path):
    found = proposals(fleet(tmp_path, (1, 1, 1)))["sm_clock_under_load"]
    assert found.median == 2450
    assert found.require == ">= 2440 MHz"


def test_a_criterion_that_does_not_apply_to_a_host_does_not_count_it(tmp_path):
    fleet(tmp_path, (1, 1, 1))
    for one in proposals(tmp_path).values():
        if one.criterion.when is not None:
            evidence = next(target_proposals._matching(tmp_path, SPARK))
            assert bool(one.hosts) == (evidence.answer(one.criterion.when) is True), one


def test_hosts_that_differ_too_much_propose_nothing(tmp_path):
    found = proposals(fleet(tmp_path, (0.4, 0.6, 1.0, 1.05, 0.8)))["gemm_bf16"]
    assert found.require is None
    assert "differ too much" in found.reason


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(87.91, 87.5), (1467.0, 1460.0), (4850.0, 4840.0), (0.8912, 0.89), (230.0, 230.0), (1.0, 1.0),
     (299_999.0, 298_000.0), (0.00123, 0.00123)],
)  # fmt: skip
def test_rounding_goes_down_by_less_than_a_hundredth(value, rounded):
    assert target_proposals.rounded_down(value) == pytest.approx(rounded)
    assert 0.99 * value <= target_proposals.rounded_down(value) <= value * (1 + 1e-9)


def test_the_diff_applies_and_changes_only_the_targets(tmp_path):
    found = list(proposals(fleet(tmp_path / "docs", FACTORS)).values())
    repository = tmp_path / "repository"
    copy = repository / "foundation" / "profiles" / "dgx_spark.yml"
    copy.parent.mkdir(parents=True)
    shutil.copy(PATH, copy)
    diff = target_proposals.diff(copy, found, repository)
    subprocess.run(["git", "init", "--quiet"], cwd=repository, check=True)
    subprocess.run(["git", "apply", "-"], cwd=repository, input=diff, text=True, check=True)
    before, after = PATH.read_text(), copy.read_text()
    assert after == target_proposals.rewrite(before, found)
    old = {one.id: one for one in SPARK.criteria}
    new = {one.id: one for one in load_profiles(str(copy))[0].criteria}
    proposed = {one.criterion.id: one for one in found if one.require is not None}
    own = {name for name in old if f"id: {name}\n" in before}
    assert proposed.keys() & own
    for name, entry in old.items():
        if name in proposed and name in own:
            assert new[name].require.text == proposed[name].require
            assert new[name].source == proposed[name].source
            assert (new[name].title, new[name].remediation) == (entry.title, entry.remediation)
        else:
            assert new[name].require.text == entry.require.text
            assert new[name].source == entry.source
    # Comments and layout stay: every line that is gone was a threshold or a source.
    gone = [line[2:] for line in difflib.ndiff(before.splitlines(), after.splitlines())
            if line.startswith("- ")]  # fmt: skip
    inside = False
    for line in gone:
        inside = line.lstrip().startswith(("require:", "warn:", "source:")) or (
            inside and line.startswith("      ")
        )
        assert inside, line
    assert target_proposals.diff(copy, found, repository) == ""


PROFILE = """\
# a comment
name: own
title: Own
extends: dgx_spark
criteria:
  # before
  - {id: gemm_bf16, workstream: WS-03, title: B, figure: gemm.bf16, type: number,
     require: '> 0 TFLOP/s', action: a, source: s}  # behind
  - id: gemm_fp16
    source: >-
      a long story
      of two lines

    # between
    workstream: WS-03
    title: "F"
    figure: gemm.fp16
    type: number
    require: |-
      >= 60 TFLOP/s
    action: a  # last, without a new line"""


def test_every_way_to_write_a_scalar_is_edited_in_place(tmp_path):
    path = tmp_path / "own.yml"
    path.write_text(PROFILE)
    profile = load_profiles(str(path))[0]
    found = list(proposals(fleet(tmp_path / "docs", (1, 1, 1)), profile).values())
    text = target_proposals.rewrite(PROFILE, found)
    assert 'require: "> 89.5 TFLOP/s", action: a, source: "Measured: 3 hosts' in text
    assert text.count("# ") == PROFILE.count("# ")
    path.write_text(text)
    new = {one.id: one for one in load_profiles(str(path))[0].criteria}
    assert new["gemm_bf16"].require.text == "> 89.5 TFLOP/s"
    assert new["gemm_fp16"].require.text == ">= 93.5 TFLOP/s"
    assert new["gemm_fp16"].remediation.text == "a"
    path.write_text(PROFILE)
    diff = target_proposals.diff(path, found, tmp_path)
    assert "\\ No newline at end of file" in diff
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=diff, text=True, check=True)
    assert path.read_text() == text


def test_a_profile_that_cannot_be_edited_is_one_line(tmp_path):
    with pytest.raises(ProfileError, match=r"no\.yml: cannot be read"):
        target_proposals.diff(tmp_path / "no.yml", [], tmp_path)
    with pytest.raises(ProfileError, match="cannot be read"):
        target_proposals.rewrite("a: [", [])
    assert target_proposals.rewrite("just text", []) == "just text"


def test_nothing_changes_where_the_targets_are_right_already(tmp_path):
    fleet(tmp_path / "docs", (1, 1, 1))
    path = tmp_path / "own.yml"
    path.write_text(
        target_proposals.rewrite(PATH.read_text(), list(proposals(tmp_path / "docs").values()))
    )
    again = proposals(tmp_path / "docs", load_profiles(str(path))[0])["gemm_bf16"]
    assert again.require is None
    assert "stays" in again.reason


def test_any_fleet_gives_a_profile_that_loads(tmp_path):
    chance = random.Random(3)  # noqa: S311 - no secret
    for trial in range(3):
        folder = tmp_path / str(trial)
        fleet(folder, [chance.uniform(0.9, 1.05) for _ in range(4)])
        path = tmp_path / f"own{trial}.yml"
        path.write_text(
            target_proposals.rewrite(PATH.read_text(), list(proposals(folder).values()))
        )
        assert load_profiles(str(path))[0].criteria
