"""The GPU that torch computes on, and how work on it is timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

_WARM_UP_SECONDS = 0.4
_RISING = 0.75  # of that time; then the load is whole, and the clocks come up
_FIRST_SHARE = 0.1
_STEP_SECONDS = 0.005
_LONGEST_PAUSE = 0.05


class Accelerator:
    """One CUDA device.

    `torch` is the imported module: torch is no dependency of this package at import time.
    """

    device = "cuda"
    """Its name for torch."""
    clock = "CUDA events"
    """What times it, for the method text."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self._properties = properties = torch.cuda.get_device_properties(0)
        # As NVML spells it.
        self.uuid = f"GPU-{properties.uuid}" if hasattr(properties, "uuid") else None
        self.capability = (int(properties.major), int(properties.minor))
        self.cache_bytes = int(getattr(properties, "L2_cache_size", 0))
        # Whether the GPU computes in the host's own memory.
        self.unified_memory = bool(getattr(properties, "is_integrated", False))
        self._event_pairs: list[tuple[Any, Any]] = []

    def describe(self) -> dict[str, Any]:
        """The `device` object of the benchmark document; sizes in bytes."""
        return {
            "kind": "cuda",
            "name": self._properties.name,
            "compute_capability": "{}.{}".format(*self.capability),
            "memory_total_bytes": int(self._properties.total_memory),
        }

    def free_bytes(self) -> int | None:
        """What can still be allocated on a GPU with memory of its own; None otherwise."""
        return None if self.unified_memory else int(self.torch.cuda.mem_get_info(0)[0])

    def warm_up(self, work: Callable[[], Any]) -> None:
        """Do `work` at least once, and until clocks, power and readings have risen.

        The load ramps: the device is busy for a rising share of the time, since owners of GB10
        boxes report power-offs under sudden load.
        """
        work()  # loads libraries and kernels
        self.synchronize()
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < _WARM_UP_SECONDS:
            share = min(1.0, _FIRST_SHARE + passed / (_RISING * _WARM_UP_SECONDS))
            started = time.monotonic()
            while (busy := time.monotonic() - started) < _STEP_SECONDS:
                work()
                self.synchronize()
            time.sleep(min(busy / share - busy, _LONGEST_PAUSE))

    def synchronize(self) -> None:
        """Wait until everything asked of the device is done."""
        self.torch.cuda.synchronize()

    def seconds(self, work: Callable[[], Any]) -> float:
        """How long `work` keeps the device busy."""
        return self.seconds_each(work, lambda: None, 1)[0]

    def seconds_each(
        self, work: Callable[[], Any], before: Callable[[], Any], count: int
    ) -> list[float]:
        """How long each of `count` calls of `work` takes; `before`, ahead of each, is not timed."""
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
