"""The levels: their order and their times keep what was promised."""

import pytest

from python_probes.benchmark.families.registry import FAMILIES
from python_probes.benchmark.levels import LEVELS, default_timeout, plan

TORCH_START = 5  # seconds


def names(level):
    return [planned.name for planned in plan(level)]


def expected(level, gpu):
    return sum(one.expected for one in plan(level) if gpu or not one.on_gpu)


def test_full_measures_every_figure_and_quick_every_family_but_the_sweep():
    every = [f"{family.name}.{name}" for family in FAMILIES.values() for name in family.figures]

    assert names("full") == every
    assert set(names("quick")) <= set(every)
    assert {one.family.name for one in plan("quick")} == set(FAMILIES) - {"sweep"}


@pytest.mark.parametrize("level", ["quick", "full"])
def test_the_gpu_is_hot_only_after_the_bursts_and_the_disk_comes_last(level):
    families = [one.family.name for one in plan(level)]

    after = families[families.index("sustained") + 1 :]
    assert set(after) == {"storage"}
    assert names(level)[-len(after)] == "storage.write"


def test_the_expected_times_keep_the_promises():
    assert expected("quick", gpu=True) + TORCH_START <= 55
    assert expected("quick", gpu=False) + TORCH_START <= 75
    assert expected("full", gpu=True) <= 200
    for level in LEVELS:
        assert expected(level, gpu=True) + 60 < default_timeout(level)
    assert default_timeout("full") == 15 * 60


def test_a_soak_lasts_as_long_as_asked():
    assert names("soak") == names("quick")
    (soak,) = [one for one in plan("soak", 30) if one.load]

    assert (soak.name, soak.load) == ("sustained.bf16", 1800)
    assert soak.expected > soak.load
    assert default_timeout("soak", 30) == 2100
    assert soak.name == "sustained.bf16"
