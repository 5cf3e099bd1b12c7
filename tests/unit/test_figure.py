"""Medians, spreads and how many samples fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from python_probes.benchmark.measuring.figure import SkipError, figure, spread, time_samples


def test_the_value_is_the_median_and_the_spread_the_quartiles_over_it():
    made = figure([1.0, 2.0, 3.0, 4.0, 5.0], "a method text", {"n": 1}, 10.0, 12.5)

    assert made["value"] == 3.0
    assert made["spread"] == pytest.approx(2 / 3)
    assert made["samples"] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert made["window"] == [10.0, 12.5]
    assert made["duration_seconds"] == 2.5
    assert made["trace"] is None


def test_no_samples_are_no_figure():
    with pytest.raises(SkipError, match="no sample"):
        figure([], "a method text", {}, 0.0, 0.0)


@pytest.mark.parametrize("samples", [[1.0], [1.0, 2.0, 3.0], [0.0] * 5])
def test_too_few_samples_have_no_spread(samples):
    assert spread(samples) is None


@given(st.lists(st.floats(0.1, 1e6), min_size=4), st.floats(0.5, 1e3))
def test_a_spread_does_not_depend_on_the_unit(samples, factor):
    assert spread([one * factor for one in samples]) == pytest.approx(spread(samples), abs=1e-9)


@pytest.mark.parametrize(("once", "repetitions"), [(0.001, 100), (0.05, 2), (0.3, 1)])
def test_repetitions_fill_a_sample(once, repetitions):
    seconds, made = time_samples(lambda count: count * once, 0.1, 5, 100.0)

    assert made == repetitions
    assert seconds == pytest.approx([once] * 5)


def test_fewer_samples_are_taken_where_time_is_short():
    seconds, _ = time_samples(lambda count: count * 0.1, 0.1, 20, 0.75)

    assert len(seconds) == 7


def test_samples_that_do_not_fit_the_time_are_no_figure():
    with pytest.raises(SkipError, match=r"takes 0\.50 s: 3 samples do not fit in the 1\.0 s"):
        time_samples(lambda count: count * 0.5, 0.1, 20, 1.0)
