"""Regressions in the gate: slower than the baseline fails, with both values and the limit."""

import copy

import documents as made
import pytest
import runs

from foundation.core.errors import DocumentError
from foundation.documents import store as stored_documents
from foundation.evaluation import gate
from foundation.evaluation.regression import allowed_drop
from foundation.evaluation.waivers import Waiver
from foundation.profiles.criteria import Profile, load_profiles
from foundation.reports import terminal

AUTO = load_profiles("auto")
ID = "regression_gemm_bf16"


def judge(stored, profiles=AUTO, waivers=()):
    report = gate.evaluate(profiles, {made.HOST: stored}, waivers, made.NOW)
    stored_documents.validate(report, "gate_report")
    host = report["hosts"][made.HOST]
    return report, host, {entry["id"]: entry for entry in host["criteria"]}


def later(factor=1.0, name=None):
    """A Spark with a baseline and a later run in which all moved, or one figure alone."""
    stored = runs.spark(factor=1.0 if name else factor)
    stored["benchmark_baseline"] = runs.accepted(runs.spark())
    if name is not None:
        runs.scale(stored["benchmark"]["data"]["figures"][name], factor)
    return stored


def regressions(criteria):
    return {name: one for name, one in criteria.items() if name.startswith("regression_")}


def test_without_a_baseline_nothing_is_added():
    assert regressions(judge(runs.spark())[2]) == {}


def test_a_run_as_fast_as_its_baseline_passes():
    stored = later()
    report, host, criteria = judge(stored)
    found = regressions(criteria)
    assert (report["verdict"], host["verdict"]) == ("PASSED", "PASS")
    assert len(found) == len(stored["benchmark"]["data"]["figures"])
    assert {one["outcome"] for one in found.values()} == {"pass"}
    assert {one["workstream"] for one in found.values()} == {"WS-03"}
    assert found[ID]["title"] == "gemm.bf16 against its baseline"
    assert found[ID]["required"] == ">= 87.4 TFLOP/s"


@pytest.mark.parametrize(
    ("factor", "outcome"), [(0.9501, "pass"), (0.9499, "fail"), (0.5, "fail"), (1.05, "pass")]
)
def test_the_limit_of_the_family_decides(factor, outcome):
    assert judge(later(factor))[2][ID]["outcome"] == outcome


def test_a_failure_names_both_values_the_date_and_the_allowed_drop():
    _, host, criteria = judge(later(0.9))
    entry = criteria[ID]
    assert host["verdict"] == "FAIL"
    assert entry["measured"] == "82.8 TFLOP/s"
    for part in ("82.8 TFLOP/s is 10.0% below", "92 TFLOP/s of 2026-10-20", "5.0% (4.6 TFLOP/s)"):
        assert part in entry["message"]
    assert "accept-baseline --replace" in entry["action"]
    report = judge(later(0.94, "gemm.bf16"))[0]
    text = " ".join(terminal.render(report).split())
    assert "gemm.bf16 against its baseline [regression_gemm_bf16]" in text


def test_a_wide_spread_of_the_baseline_allows_a_wider_drop():
    stored = later(0.9)
    stored["benchmark_baseline"]["data"]["figures"]["gemm.bf16"]["spread"] = 0.04
    assert judge(stored)[2][ID]["outcome"] == "pass"
    stored["benchmark_baseline"]["data"]["figures"]["gemm.bf16"]["spread"] = None
    assert judge(stored)[2][ID]["outcome"] == "fail"


def test_limits_are_the_profiles():
    profile = Profile("x", "X", "", (), regression={"limit": {"gemm": 0.1}, "spreads": 2})
    assert allowed_drop("gemm", {"spread": 0.03}, profile) == 0.1
    assert allowed_drop("gemm", {"spread": 0.06}, profile) == pytest.approx(0.12)
    assert allowed_drop("gemm", {"spread": 0.6}, profile) == 1
    capped = Profile("x", "X", "", (), regression={**profile.regression, "maximum": 0.7})
    assert allowed_drop("gemm", {"spread": 0.6}, capped) == 0.7
    assert allowed_drop("memory", {"spread": 0.03}, profile) is None
    assert allowed_drop("gemm", {"spread": 0.03}, Profile("x", "X", "", ())) is None


def test_every_family_has_a_limit_in_every_profile():
    for profile in AUTO:
        for name in made.full_benchmark()["data"]["figures"]:
            assert allowed_drop(name.partition(".")[0], {"spread": None}, profile), name


def test_a_family_without_a_limit_is_not_compared(tmp_path):
    path = tmp_path / "own.yml"
    path.write_text(
        "name: own\ntitle: Own\nregression: {limit: {memory: 0.1}}\ncriteria:\n- {id: a, "
        "workstream: WS-01, title: A, document: environment, path: data.kernel, type: text, "
        "require: is known, remediation: None, source: Test}\n"
    )
    criteria = judge(later(0.5), load_profiles(str(path)))[2]
    assert criteria[ID]["outcome"] == "skipped"
    assert criteria["regression_memory_copy"]["outcome"] == "fail"


def test_a_figure_that_is_not_to_be_trusted_is_invalid_and_no_regression():
    stored = later(0.5)
    figure = stored["benchmark"]["data"]["figures"]["gemm.bf16"]
    figure["trace"]["event_reasons"] = ["hw_thermal_slowdown"]
    entry = judge(stored)[2][ID]
    assert entry["outcome"] == "invalid"
    assert "throttled" in entry["message"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("gpu_uuids", ["GPU-other"]),
        ("serial_hash", "hmac-sha256:" + "f" * 32),
        ("machine_id_hash", None),
    ],
)
def test_a_baseline_of_another_machine_is_invalid(key, value):
    stored = later()
    stored["benchmark_baseline"]["identity"] = made.identity(**{key: value})
    found = regressions(judge(stored)[2])
    assert {one["outcome"] for one in found.values()} == {"invalid"}
    assert all(key in one["message"] for one in found.values())


def test_a_machine_without_any_identity_has_no_comparison():
    stored = later()
    unknown = dict.fromkeys(("gpu_uuids", "serial_hash", "machine_id_hash"))
    for kind in (*stored_documents.COLLECTED_KINDS, "live_state", "benchmark_baseline"):
        stored[kind]["identity"] = made.identity(**unknown)
    entry = judge(stored)[2][ID]
    assert entry["outcome"] == "invalid"
    assert "nothing ties the baseline" in entry["message"]


def test_what_may_explain_a_change_is_named_and_compared():
    stored = later(0.9)
    stored["benchmark_baseline"]["identity"] |= {
        "driver": "580.95.05", "kernel": "6.11.0-1001-nvidia",
        "build": {"torch": "2.12.0+cu130", "cuda": "13.0"},
    }  # fmt: skip
    entry = judge(stored)[2][ID]
    assert entry["outcome"] == "fail"
    for part in (
        "driver 580.95.05 -> 580.178.04",
        "kernel 6.11.0-1001-nvidia -> 6.17.0-1021-nvidia",
        "torch 2.12.0+cu130 -> 2.13.0+cu130",
    ):
        assert part in entry["message"]


def test_what_a_level_does_not_measure_is_skipped_and_does_not_block():
    stored = later()
    stored["benchmark"] = made.benchmark()
    report, host, criteria = judge(stored)
    assert criteria["regression_sweep_bf16_2048"]["outcome"] == "skipped"
    assert "level quick" in criteria["regression_sweep_bf16_2048"]["message"]
    assert "lasts another time" in criteria["regression_sustained_bf16"]["message"]
    assert "level full -> quick" in criteria[ID]["message"]
    assert (report["verdict"], host["verdict"]) == ("PASSED", "PASS")


def test_what_was_tried_and_not_measured_is_missing():
    stored = later()
    data = stored["benchmark"]["data"]
    del data["figures"]["memory.triad"]
    assert judge(copy.deepcopy(stored))[2]["regression_memory_triad"]["outcome"] == "missing"
    data["level"] = "quick"
    data["skipped"].append({"figure": "memory.triad", "reason": "out of memory"})
    entry = judge(stored)[2]["regression_memory_triad"]
    assert entry["outcome"] == "missing"
    assert "out of memory" in entry["message"]


def test_stale_documents_and_silent_hosts_are_not_compared():
    stored = later(0.5)
    stored["benchmark"]["collected_at"] = "2026-09-01T00:00:00Z"
    assert judge(stored)[2][ID]["outcome"] == "invalid"
    stored = later(0.5)
    stored["live_state"] = made.live_state(reachable=False, reason="no route")
    assert {one["outcome"] for one in judge(stored)[2].values()} == {"missing"}
    stored["benchmark_baseline"] = DocumentError("damaged")
    assert {one["outcome"] for one in judge(stored)[2].values()} == {"missing"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda s: s.update(benchmark_baseline=DocumentError("line 3: truncated")),
        lambda s: s["benchmark_baseline"].update(host="spark-02"),
        lambda s: s["benchmark_baseline"]["data"]["figures"]["gemm.bf16"].update(value=0),
        lambda s: s["benchmark_baseline"]["data"].update(figures={}),
    ],
)
def test_a_damaged_baseline_is_invalid(damage):
    stored = later()
    damage(stored)
    _, host, criteria = judge(stored)
    found = regressions(criteria)
    assert {name: one["outcome"] for name, one in found.items()} == {
        "regression_baseline": "invalid"
    }
    assert host["verdict"] == "INVALID"


def test_a_regression_can_be_waived():
    waiver = Waiver(made.HOST, ID, "A new firmware is on its way", made.NOW.date())
    report, _, criteria = judge(later(0.94, "gemm.bf16"), waivers=[waiver])
    assert criteria[ID]["outcome"] == "waived"
    assert report["verdict"] == "PASSED"
