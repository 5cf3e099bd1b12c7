"""The device that torch computes on, and how work on it is timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

_WARM_UP_SECONDS = {"cuda": 0.4, "cpu": 0.0}
_RISING = 0.75  # of that time; then the load is whole, and the clocks come up
_FIRST_SHARE = 0.1
_STEP_SECONDS = 0.005
_LONGEST_PAUSE = 0.05


class Accelerator:
    """One CUDA device, or the CPU where there is none.

    `torch` is the imported module: torch is no dependency of this package at import time.
    """

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self.kind = "cuda" if torch.cuda.is_available() else "cpu"
        self._properties = torch.cuda.get_device_properties(0) if self.kind == "cuda" else None
        self._event_pairs: list[tuple[Any, Any]] = []

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
    def capability(self) -> tuple[int, int]:
        """The GPU's compute capability; (0, 0) on a CPU."""
        properties = self._properties
        return (0, 0) if properties is None else (int(properties.major), int(properties.minor))

    @property
    def cache_bytes(self) -> int:
        """The GPU's second-level cache; 0 on a CPU."""
        return int(getattr(self._properties, "L2_cache_size", 0))

    def free_bytes(self) -> int | None:
        """What can still be allocated on a GPU with memory of its own; None otherwise."""
        if self.kind == "cpu" or self.unified_memory:
            return None
        return int(self.torch.cuda.mem_get_info(0)[0])

    def warm_up(self, work: Callable[[], Any]) -> None:
        """Do `work` at least once, and on a GPU until its clocks, power and readings have risen.

        The load ramps: the device is busy for a rising share of the time, since owners of GB10
        boxes report power-offs under sudden load.
        """
        work()  # loads libraries and kernels
        self.synchronize()
        whole = _WARM_UP_SECONDS[self.kind]
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < whole:
            share = min(1.0, _FIRST_SHARE + passed / (_RISING * whole))
            started = time.monotonic()
            while (busy := time.monotonic() - started) < _STEP_SECONDS:
                work()
                self.synchronize()
            time.sleep(min(busy / share - busy, _LONGEST_PAUSE))

    def synchronize(self) -> None:
        """Wait until everything asked of the device is done."""
        if self.kind == "cuda":
            self.torch.cuda.synchronize()

    def seconds(self, work: Callable[[], Any]) -> float:
        """How long `work` keeps the device busy: CUDA events, or the wall clock on a CPU."""
        return self.seconds_each(work, lambda: None, 1)[0]

    def seconds_each(
        self, work: Callable[[], Any], before: Callable[[], Any], count: int
    ) -> list[float]:
        """How long each of `count` calls of `work` takes; `before`, ahead of each, is not timed."""
        seconds = []
        if self.kind == "cpu":
            for _ in range(count):
                before()
                begin = time.perf_counter()
                work()
                seconds.append(time.perf_counter() - begin)
            return seconds
        pairs = self._pairs_of_events(count)
        for start, stop in pairs:
            before()
            start.record()
            work()
            stop.record()
        self.synchronize()
        return [float(start.elapsed_time(stop)) / 1000.0 for start, stop in pairs]

    def _pairs_of_events(self, count: int) -> list[tuple[Any, Any]]:
        """Those of the last time with start and stop exchanged, where it asked for as many.

        Where two events lie in the driver's memory moves the time between them by up to 0.6 us
        (H100), 2 % of a short product: an even number of bursts meets both orders equally often.
        """
        if len(self._event_pairs) == count:
            self._event_pairs = [(stop, start) for start, stop in self._event_pairs]
        else:
            self._event_pairs = [(self.event(), self.event()) for _ in range(count)]
        return self._event_pairs

    def event(self) -> Any:
        """A CUDA event that notes the time at which the device reaches it."""
        return self.torch.cuda.Event(enable_timing=True)

    @property
    def clock(self) -> str:
        """The clock's name, for the method text."""
        return "CUDA events" if self.kind == "cuda" else "the monotonic wall clock"

    def release(self) -> None:
        """Give cached device memory back before the next figure."""
        if self.kind == "cuda":
            self.torch.cuda.empty_cache()
