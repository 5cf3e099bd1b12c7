"""The device that torch computes on, and how work on it is timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

_WARM_UP_SECONDS = {"cuda": 0.5, "cpu": 0.0}


class Accelerator:
    """One CUDA device, or the CPU where there is none.

    `torch` is the imported module: torch is no dependency of this package at import time.
    """

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self.kind = "cuda" if torch.cuda.is_available() else "cpu"
        self._properties = torch.cuda.get_device_properties(0) if self.kind == "cuda" else None

    def describe(self) -> dict[str, Any]:
        """The `device` object of the benchmark document; sizes in bytes."""
        properties = self._properties
        if properties is None:
            return {
                "kind": "cpu",
                "name": None,
                "compute_capability": None,
                "memory_total_bytes": None,
            }
        return {
            "kind": "cuda",
            "name": properties.name,
            "compute_capability": f"{properties.major}.{properties.minor}",
            "memory_total_bytes": int(properties.total_memory),
        }

    def build(self) -> dict[str, Any]:
        """The `build` object of the benchmark document."""
        torch = self.torch
        cuda = torch.version.cuda
        return {
            "torch": str(torch.__version__),
            "cuda": cuda,
            "arch_list": (torch._C._cuda_getArchFlags() or "").split() if cuda else [],
            "threads": int(torch.get_num_threads()),
        }

    @property
    def uuid(self) -> str | None:
        """The GPU's identifier as NVML spells it; None on a CPU."""
        value = getattr(self._properties, "uuid", None)
        return None if value is None else f"GPU-{value}"

    @property
    def unified_memory(self) -> bool:
        """Whether the GPU computes in the host's own memory."""
        return bool(getattr(self._properties, "is_integrated", False))

    @property
    def cache_bytes(self) -> int:
        """The GPU's second-level cache; 0 on a CPU."""
        return int(getattr(self._properties, "L2_cache_size", 0))

    def free_bytes(self) -> int | None:
        """What can still be allocated on a GPU with memory of its own; None otherwise."""
        if self.kind == "cpu" or self.unified_memory:
            return None
        return int(self.torch.cuda.mem_get_info(0)[0])

    def warm_up(self, work: Callable[[], None]) -> None:
        """Do `work` at least once, and on a GPU until its clocks, power and readings have risen."""
        begin = time.monotonic()
        while True:
            work()
            self.synchronize()
            if time.monotonic() - begin >= _WARM_UP_SECONDS[self.kind]:
                return

    def synchronize(self) -> None:
        """Wait until everything asked of the device is done."""
        if self.kind == "cuda":
            self.torch.cuda.synchronize()

    def seconds(self, work: Callable[[], None]) -> float:
        """How long `work` keeps the device busy: CUDA events, or the wall clock on a CPU."""
        if self.kind == "cpu":
            begin = time.perf_counter()
            work()
            return time.perf_counter() - begin
        start = self.torch.cuda.Event(enable_timing=True)
        stop = self.torch.cuda.Event(enable_timing=True)
        start.record()
        work()
        stop.record()
        stop.synchronize()
        return float(start.elapsed_time(stop)) / 1000.0

    @property
    def clock(self) -> str:
        """The clock's name, for the method text."""
        return "CUDA events" if self.kind == "cuda" else "the monotonic wall clock"

    def release(self) -> None:
        """Give cached device memory back before the next figure."""
        if self.kind == "cuda":
            self.torch.cuda.empty_cache()
