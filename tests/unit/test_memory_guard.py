"""What may be allocated, and that a load too large is refused."""

import pytest

from python_probes.benchmark.measuring.figure import SkipError
from python_probes.benchmark.measuring.memory_guard import MemoryGuard


@pytest.mark.parametrize(
    ("meminfo", "gpu", "device_free", "allocatable"),
    [
        # A GPU keeps 8 GiB of the host free, unified or not.
        ("MemTotal: 125000000 kB\nMemAvailable: 16777216 kB", True, None, 8 * 2**30),
        ("MemTotal: 125000000 kB\nMemAvailable: 16777216 kB", True, 70 * 2**30, 69 * 2**30),
        ("MemTotal: 125000000 kB\nMemAvailable: 4194304 kB", True, 70 * 2**30, -4 * 2**30),
        # A small CPU machine keeps an eighth, a large one 8 GiB.
        ("MemTotal: 8388608 kB\nMemAvailable: 4194304 kB", False, None, 3 * 2**30),
        ("MemTotal: 536870912 kB\nMemAvailable: 10485760 kB", False, None, 2 * 2**30),
    ],
)
def test_what_may_be_allocated(box, meminfo, gpu, device_free, allocatable):
    box.file("/proc/meminfo", meminfo)

    guard = MemoryGuard(box.system, gpu, lambda: device_free)

    assert guard.allocatable() == allocatable
    with pytest.raises(SkipError, match="GiB needed"):
        guard.require(max(allocatable, 0) + 1)


def test_no_load_without_knowing_the_memory(box):
    with pytest.raises(SkipError, match="no load is safe"):
        MemoryGuard(box.system, False, lambda: None).require(1)
