"""The levels: every figure of the suite has its place, and their times keep what was promised."""

import pytest

from python_probes.benchmark.levels import GPU_FAMILIES, LEVELS, default_timeout, plan
from python_probes.benchmark.worker import FAMILIES

TORCH_START = 5  # seconds
ALL = {
    "gemm": "fp32 tf32 fp16 bf16 int8 fp8 nvfp4",
    "sweep": "bf16_2048 bf16_4096 bf16_16384",
    "attention": "bf16",
    "convolution": "bf16",
    "sustained": "bf16",
    "memory": "copy triad read write",
    "transfer": "to_device_pinned to_host_pinned to_device_pageable to_host_pageable "
    "both_ways_pinned",
    "unified": "cpu_reads_gpu gpu_reads_cpu",
    "cpu": "gemm_fp32 copy triad triad_cluster_0 triad_cluster_1",
    "storage": "write read write_16_jobs read_16_jobs random_read random_write random_read_64 "
    "random_write_64",
}


def names(level):
    return [planned.name for planned in plan(level)]


def expected(level, gpu):
    return sum(one.expected for one in plan(level) if gpu or not one.on_gpu)


def test_full_measures_every_figure_and_quick_every_family():
    every = {f"{family}.{name}" for family, found in ALL.items() for name in found.split()}

    assert sorted(names("full")) == sorted(every)
    assert set(names("quick")) <= every
    assert {one.family for one in plan("quick")} == set(ALL) - {"sweep"}
    assert set(FAMILIES) == set(ALL)
    assert set(ALL) - GPU_FAMILIES == {"cpu", "storage"}


@pytest.mark.parametrize("level", ["quick", "full"])
def test_the_gpu_is_hot_only_after_the_bursts_and_the_disk_comes_last(level):
    families = [one.family for one in plan(level)]

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
    assert soak.title == "sustained bf16"
