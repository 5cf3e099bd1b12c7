"""Rules about the host: what else ran there, and whether the disk was asked at all."""

from __future__ import annotations

from .measurement import Measurement, Run

_BLOCK_BYTES = 4096  # of the random figures
# PCI Express Base Specification: 8b/10b coding up to 5 GT/s, 128b/130b from 8 GT/s on.
_OLD_CODING_GIGATRANSFERS = 5.0
_OLD_CODING, _CODING = 8 / 10, 128 / 130
_IN_MEMORY = ("ramfs", "tmpfs")


def busy(one: Measurement) -> str | None:
    """Something else that computed, loaded the CPUs or had filled the memory."""
    most = one.limits.get("maximum_other_processes")
    if most is not None and one.on_gpu:
        before = one.run.benchmark["conditions"]["other_gpu_processes"]
        others = max(one.trace.get("other_processes") or 0, before or 0)
        if others > most:
            return f"{others} other processes computed on the GPU"
    return one.run.once(_busy_host)


def _busy_host(run: Run) -> str | None:
    conditions, limit = run.benchmark["conditions"], run.limits.get("maximum_load_per_cpu")
    load = conditions["load_average_1m"]
    cpus = conditions["logical_cpus"] or run.section("cpu").get("logical_cpus")
    if limit is not None and load is not None and cpus and not load / cpus <= limit:
        return f"load average {load:.1f} on {cpus} CPUs before the first figure"
    swap, most = conditions["swap_used_bytes"], run.limits.get("maximum_swap_used_bytes")
    if most is not None and swap is not None and swap > most:
        return f"{swap / 2**30:.1f} GiB of swap in use before the first figure"
    return None


def page_cache(one: Measurement) -> str | None:
    """A disk's figure that came from memory."""
    return _no_disk(one) or _too_fast_for_a_disk(one)


def _no_disk(one: Measurement) -> str | None:
    parameters = one.figure["parameters"]
    if one.limits.get("direct_storage") and parameters.get("direct") is not True:
        return "not measured with direct I/O (parameters.direct is not true)"
    file_system = parameters.get("file_system")
    if file_system in _IN_MEMORY:  # Linux 6.6 and later accept direct I/O there
        return f"the file lay in memory ({file_system}), not on a disk"
    return None


def _too_fast_for_a_disk(one: Measurement) -> str | None:
    value, counted = one.figure["value"], one.figure["unit"] == "IOPS"
    speed = value * _BLOCK_BYTES / 1e9 if counted else value
    link = _link_speed(one)
    if link is not None and speed > link:
        return f"{speed:.4g} GB/s through a link that carries {link:.4g} GB/s"
    fastest = one.limits.get("maximum_unlinked_storage_speed")
    if link is None and fastest is not None and speed > fastest:
        return f"{speed:.4g} GB/s from a disk without a known link, at most {fastest:g} is trusted"
    share = one.limits.get("maximum_share_of_memory_speed")
    memory = [
        figure["value"]
        for name in ("cpu.copy", "cpu.triad")
        if (figure := one.run.benchmark["figures"].get(name)) is not None
    ]
    if share is not None and link is None and memory and speed > share * max(memory) > 0:
        return f"{speed:.4g} GB/s beside {max(memory):.4g} GB/s of the memory: no disk is near that"
    return None


def _link_speed(one: Measurement) -> float | None:
    """GB/s of the link to the disk that was measured; None where that is not known.

    Where the figure does not name its disk, all disks together: an array uses all their links.
    """
    speeds = {
        device["name"]: _gigabytes(
            device["link_speed_gigatransfers"] or 0.0, device["link_width"] or 0
        )
        for device in one.run.section("storage").get("devices") or ()
    }
    named = str(one.figure["parameters"].get("device") or "").rpartition("/")[2]
    for name, speed in speeds.items():
        if named and name and named.startswith(name):  # nvme0n1p2 lies on nvme0n1
            return speed or None
    return sum(speeds.values()) if speeds and all(speeds.values()) else None


def _gigabytes(gigatransfers: float, width: int) -> float:
    """GB/s of a PCI Express link in one direction."""
    coding = _OLD_CODING if gigatransfers <= _OLD_CODING_GIGATRANSFERS else _CODING
    return gigatransfers * width * coding / 8
