"""Baselines: only what is valid, only of this state of the host, only when asked for."""

from datetime import timedelta

import documents as made
import pytest
import runs

from foundation.core.errors import DocumentError
from foundation.documents import store
from foundation.history import accepted_baseline
from foundation.history.accepted_baseline import ACCEPTED, KEPT, UNCHANGED, BaselineError
from foundation.profiles.criteria import load_profiles

AUTO = load_profiles("auto")


def accept(folder, stored=None, **options):
    if stored is not None:
        runs.store(folder, stored)
    return accepted_baseline.accept(
        folder, made.HOST, AUTO, options.pop("now", made.NOW), **options
    )


def on_disk(folder):
    path = store.path(folder, made.HOST, store.BASELINE)
    return store.load(path, made.HOST) if path.exists() else None


def test_a_valid_run_becomes_the_baseline_as_it_was_measured(tmp_path):
    stored = runs.spark()
    done = accept(tmp_path, stored)
    document = on_disk(tmp_path)
    figures = stored["benchmark"]["data"]["figures"]
    assert (done.outcome, done.left_out, done.changes) == (ACCEPTED, {}, ())
    assert set(done.figures) == set(figures)
    assert document["identity"] == stored["benchmark"]["identity"]
    assert document["collected_at"] == stored["benchmark"]["collected_at"]
    assert document["data"]["accepted_at"] == "2026-10-20T12:00:00Z"
    assert document["data"]["profile"] == "dgx_spark"
    assert document["data"]["figures"]["gemm.bf16"] == {
        "value": figures["gemm.bf16"]["value"], "unit": "TFLOP/s", "spread": 0.0075,
        "samples": 7, "level": "full",
    }  # fmt: skip


def test_a_figure_that_is_not_valid_is_left_out_with_its_reason(tmp_path):
    stored = runs.spark()
    figures = stored["benchmark"]["data"]["figures"]
    figures["gemm.fp16"]["trace"]["event_reasons"] = ["hw_slowdown"]
    done = accept(tmp_path, stored)
    assert "throttled" in done.left_out["gemm.fp16"]
    assert "gemm.fp16" not in on_disk(tmp_path)["data"]["figures"]
    assert "gemm.bf16" in on_disk(tmp_path)["data"]["figures"]
    assert "left out gemm.fp16: the GPU slowed down" in accepted_baseline.tell(made.HOST, done)


def no_figures(stored):
    stored["benchmark"]["data"]["figures"] = {}


def all_bad(stored):
    for one in stored["benchmark"]["data"]["figures"].values():
        one["samples"] = [one["value"] * 2]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda s: s["benchmark"].update(collected_at="2026-09-01T00:00:00Z"), "stale"),
        (lambda s: s["benchmark"]["identity"].update(boot_id="b"), "boot_id is b"),
        (lambda s: s["benchmark"]["identity"].update(driver=None), "driver is unknown"),
        (lambda s: s.pop("benchmark"), "there is no benchmark document"),
        (no_figures, "nothing was measured"),
        (all_bad, "no figure of"),
    ],
)
def test_what_cannot_be_a_baseline_is_refused_in_one_line(tmp_path, damage, says):
    stored = runs.spark()
    damage(stored)
    with pytest.raises(BaselineError) as caught:
        accept(tmp_path, stored)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert on_disk(tmp_path) is None


def test_a_host_that_did_not_answer_later_has_no_baseline(tmp_path):
    stored = runs.spark() | {"live_state": made.live_state(reachable=False, reason="no route")}
    with pytest.raises(BaselineError, match="no route"):
        accept(tmp_path, stored)


def test_what_the_gate_heard_before_the_run_does_not_count(tmp_path):
    """After a reboot foundation.yml measures again; the last gate was before it."""
    stored = runs.spark()
    stored["live_state"]["identity"]["boot_id"] = "before"
    with pytest.raises(BaselineError, match="boot_id"):
        accept(tmp_path, stored)
    stored["live_state"]["collected_at"] = "2026-10-20T10:59:59Z"
    assert accept(tmp_path, stored).outcome == ACCEPTED


def test_an_existing_baseline_is_kept_until_it_is_to_be_replaced(tmp_path):
    accept(tmp_path, runs.spark())
    first = on_disk(tmp_path)
    later = runs.spark(collected="2026-10-20T11:30:00Z", factor=0.5)
    del later["benchmark"]["data"]["figures"]["memory.copy"]
    kept = accept(tmp_path, later)
    assert kept.outcome == KEPT
    assert on_disk(tmp_path) == first
    assert "gemm.bf16: 92 TFLOP/s -> 46 TFLOP/s (-50.0%)" in accepted_baseline.tell(made.HOST, kept)
    assert "- memory.copy: 230 GB/s" in accepted_baseline.tell(made.HOST, kept)
    replaced = accept(tmp_path, replace=True)
    assert (replaced.outcome, replaced.changes) == (ACCEPTED, kept.changes)
    assert on_disk(tmp_path)["data"]["figures"]["gemm.bf16"]["value"] == pytest.approx(46)


def test_accepting_the_same_run_again_changes_nothing(tmp_path):
    accept(tmp_path, runs.spark())
    before = store.path(tmp_path, made.HOST, store.BASELINE).read_bytes()
    again = accept(tmp_path, now=made.NOW + timedelta(hours=1))
    assert again.outcome == UNCHANGED
    assert store.path(tmp_path, made.HOST, store.BASELINE).read_bytes() == before


def test_nothing_is_written_when_nothing_may_be(tmp_path):
    assert accept(tmp_path, runs.spark(), write=False).outcome == ACCEPTED
    assert on_disk(tmp_path) is None


@pytest.mark.parametrize("content", ["{", '{"kind": "benchmark_baseline"}'])
def test_a_damaged_baseline_is_told_and_can_be_replaced(tmp_path, content):
    runs.store(tmp_path, runs.spark())
    store.path(tmp_path, made.HOST, store.BASELINE).write_text(content)
    with pytest.raises(DocumentError, match=r"benchmark_baseline\.json"):
        accept(tmp_path)
    assert accept(tmp_path, replace=True).outcome == ACCEPTED
    assert on_disk(tmp_path) is not None
