"""What each level of the benchmark measures, in which order, and how long that is to take."""

from __future__ import annotations

from dataclasses import dataclass

QUICK, FULL, SOAK = "quick", "full", "soak"
LEVELS = (QUICK, FULL, SOAK)
GPU_FAMILIES = frozenset(
    {"attention", "convolution", "gemm", "memory", "sustained", "sweep", "transfer", "unified"}
)
"""What the GPU computes; without a CUDA device these figures are skipped at once."""

SOAK_MINUTES = 10
"""How long a soak lasts where nothing else is asked for."""

_TIMEOUTS = {QUICK: 300, FULL: 900}
_SOAK_MARGIN = 300  # seconds: a start from a cold disk, a slow host
_AROUND_LOAD = 2.0  # seconds: checking the result; the rest is part of the load


@dataclass(frozen=True)
class Planned:
    """A figure and the seconds it is expected to take, all included.

    `load` is for how many seconds a load is to last, where that is the point of the figure.
    """

    name: str
    expected: float
    load: float | None = None

    @property
    def family(self) -> str:
        """What stands before the dot."""
        return self.name.partition(".")[0]

    @property
    def on_gpu(self) -> bool:
        """Whether the GPU does the work."""
        return self.family in GPU_FAMILIES

    @property
    def title(self) -> str:
        """The name as progress lines show it: `gemm fp8`."""
        return self.name.replace(".", " ")


def plan(level: str, soak_minutes: float = SOAK_MINUTES) -> tuple[Planned, ...]:
    """The figures of a level in the order of their measurement.

    Bursts come before the sustained load, which heats the GPU. The disk comes last: a run that
    is cut short has the GPU's figures then. `storage.write` comes before what reads its file.
    """
    if level == SOAK:
        # The other figures too, so that the document answers every criterion.
        return tuple(
            _sustained(soak_minutes * 60) if planned.load else planned for planned in _QUICK
        )
    return {QUICK: _QUICK, FULL: _FULL}[level]


def default_timeout(level: str, soak_minutes: float = SOAK_MINUTES) -> int:
    """Seconds that a whole run of a level may take where nothing else is asked for."""
    return _TIMEOUTS.get(level) or int(soak_minutes * 60) + _SOAK_MARGIN


def _each(family: str, names: str, expected: float) -> tuple[Planned, ...]:
    return tuple(Planned(f"{family}.{name}", expected) for name in names.split())


def _sustained(seconds: float) -> Planned:
    return Planned("sustained.bf16", seconds + _AROUND_LOAD, load=seconds)


_QUICK = (
    *_each("gemm", "fp32 tf32 fp16 bf16 int8 fp8 nvfp4", 2.2),
    *_each("attention", "bf16", 3),
    *_each("convolution", "bf16", 3),
    *_each("memory", "copy triad", 1.2),
    *_each("transfer", "to_device_pinned to_host_pinned", 1.8),
    *_each("unified", "cpu_reads_gpu gpu_reads_cpu", 1.2),
    *_each("cpu", "gemm_fp32 triad", 1.5),
    _sustained(4),
    *_each("storage", "write read random_read random_read_64", 2.6),
)

_FULL = (
    *_each("gemm", "fp32 tf32 fp16 bf16 int8 fp8 nvfp4", 4),
    *_each("sweep", "bf16_2048 bf16_4096 bf16_16384", 4),
    *_each("attention", "bf16", 4),
    *_each("convolution", "bf16", 4),
    *_each("memory", "copy triad read write", 2),
    *_each(
        "transfer",
        "to_device_pinned to_host_pinned to_device_pageable to_host_pageable both_ways_pinned",
        2,
    ),
    *_each("unified", "cpu_reads_gpu gpu_reads_cpu", 2),
    *_each("cpu", "gemm_fp32", 4),
    *_each("cpu", "copy triad", 2.5),
    *_each("cpu", "triad_cluster_0 triad_cluster_1", 7),  # each imports torch in a pinned process
    _sustained(30),
    *_each("storage", "write read write_16_jobs read_16_jobs", 5),
    *_each("storage", "random_read random_write random_read_64 random_write_64", 4),
)
