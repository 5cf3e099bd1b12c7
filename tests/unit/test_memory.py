import os

import pytest

from python_probes.core.system import System
from python_probes.host import memory


def gpu(**device):
    return {"present": True, "devices": [{"name": None, "pci_device_id": None, **device}]}


H100 = gpu(name="NVIDIA H100", memory_total_bytes=80 << 30, memory_source="nvml")
MUTE = gpu(name="NVIDIA Thing", memory_total_bytes=None, memory_source=None)
BUS_GB10 = [{"device_id": "10de:2e12", "class": "0300"}]
BUS_BRIDGE = [{"device_id": "10de:22ce", "class": "0604"}]


@pytest.mark.parametrize(
    ("section", "bus", "expected"),
    [
        (gpu(pci_device_id="10de:2e12"), None, "unified"),
        (gpu(name="NVIDIA GB10"), None, "unified"),
        (None, BUS_GB10, "unified"),  # the driver is dead, the bus is not
        (gpu(name="NVIDIA GB100"), None, None),
        (H100, BUS_BRIDGE, "discrete"),
        (MUTE, BUS_BRIDGE, None),  # NOT_SUPPORTED alone proves nothing
        ({"present": True, "devices": []}, [], None),
        ({"present": None, "devices": []}, [], None),
        ({"present": False, "devices": []}, None, "none"),
        (None, BUS_BRIDGE, "none"),
        (None, [{"device_id": "10de:2330", "class": "0302"}], None),
        (None, None, None),
    ],
)
def test_how_memory_is_shared(section, bus, expected):
    kind, evidence = memory.architecture(section, bus)

    assert kind == expected
    assert evidence


def base(**values):
    fields = ("available_bytes", "swap_free_bytes", "huge_pages_total", "huge_pages_free",
              "huge_page_size_bytes", "allocatable_bytes")  # fmt: skip
    return {**dict.fromkeys(fields), **values}


def test_huge_pages_replace_available_memory(box):
    section = base(
        available_bytes=10, swap_free_bytes=5, huge_pages_total=8, huge_pages_free=3,
        huge_page_size_bytes=2048,
    )  # fmt: skip

    done = memory.with_architecture(section, None, BUS_GB10, box.note)

    assert done["allocatable_bytes"] == 3 * 2048
    assert done["allocatable_rule"] == "HugePages_Free x Hugepagesize"


@pytest.mark.parametrize("lost", ["available_bytes", "swap_free_bytes"])
def test_half_an_amount_is_none(box, lost):
    section = base(available_bytes=10, swap_free_bytes=5, huge_pages_total=0)

    done = memory.with_architecture({**section, lost: None}, None, BUS_GB10, box.note)

    assert done["allocatable_bytes"] is None
    assert "MemAvailable + SwapFree" in box.messages("missing")


def test_discrete_memory_has_no_allocatable_amount(box):
    done = memory.with_architecture(base(available_bytes=1, swap_free_bytes=1), H100, [], box.note)

    assert (done["architecture"], done["allocatable_bytes"], box.problems) == ("discrete", None, [])


def test_an_undecided_architecture_is_a_problem(box):
    memory.with_architecture(base(), MUTE, [], box.note)

    assert "architecture" in box.messages("undecided")


def test_a_replayed_page_size_comes_from_getconf(box):
    box.says("getconf", "65536\n")
    assert box.collect(memory.collect)["page_size_bytes"] == 65536
    box.says("getconf", "undefined\n")
    assert box.collect(memory.collect)["page_size_bytes"] is None
    assert "getconf" in box.messages("unreadable")


def test_a_kernel_without_cma_is_no_problem(box):
    labels = [label for label in memory._AMOUNTS.values() if not label.startswith("Cma")]
    box.file("/proc/meminfo", "\n".join(f"{label}: 5 kB" for label in labels))
    box.says("getconf", "4096")

    section = box.collect(memory.collect)

    assert section["cma_total_bytes"] is None
    assert box.problems == []


@pytest.mark.parametrize(
    ("huge", "expected"),
    [("2097152", 4096), ("33554432", 16384), ("536870912", 65536), ("1", None), ("", None)],
)
def test_page_size_without_getconf_is_told_by_the_huge_page(box, huge, expected):
    box.file("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", huge)

    assert box.collect(memory.collect)["page_size_bytes"] == expected
    assert ("page_size_bytes" in box.messages("missing")) == (expected is None)


def test_page_size_of_the_live_machine(box, monkeypatch):
    box.system = System("/")

    assert box.collect(memory.collect)["page_size_bytes"] == os.sysconf("SC_PAGE_SIZE")
