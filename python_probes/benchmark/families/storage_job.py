"""What the storage figures ask of a disk, whichever tool asks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StorageJob:
    """One kind of load: `jobs` streams, each with `depth` requests of `block_bytes` under way.

    Random requests count one by one (IOPS), sequential ones by their bytes (GB/s).
    """

    write: bool
    random: bool
    block_bytes: int
    jobs: int
    depth: int

    @property
    def words(self) -> str:
        """The load in words, for a figure's method."""
        order = "random" if self.random else "sequential"
        direction = "write" if self.write else "read"
        streams = f", {self.jobs} jobs, each on its own share" if self.jobs > 1 else ""
        return f"{order} {direction} of {self.block_bytes}-byte blocks{streams}"


_SEQUENTIAL, _RANDOM = 2**20, 4096  # bytes

JOBS = {
    "write": StorageJob(True, False, _SEQUENTIAL, 1, 16),
    "read": StorageJob(False, False, _SEQUENTIAL, 1, 16),
    "write_16_jobs": StorageJob(True, False, _SEQUENTIAL, 16, 4),
    "read_16_jobs": StorageJob(False, False, _SEQUENTIAL, 16, 4),
    "random_read": StorageJob(False, True, _RANDOM, 1, 1),
    "random_write": StorageJob(True, True, _RANDOM, 1, 1),
    "random_read_64": StorageJob(False, True, _RANDOM, 1, 64),
    "random_write_64": StorageJob(True, True, _RANDOM, 1, 64),
}
"""By the figure's name behind `storage.`."""
