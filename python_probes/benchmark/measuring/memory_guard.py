"""Whether a load fits in memory: on unified memory one too large hangs the host.

Owners of GB10 boxes report that an allocation too large makes the host thrash instead of
failing, so 8 GiB stay free there and wherever a GPU is. A small CPU machine keeps an eighth of
its memory free instead, at most those 8 GiB.
"""

from __future__ import annotations

from collections.abc import Callable

from ...core.system import System
from ...host.memory import meminfo
from .figure import SkipError

_RESERVE = 8 * 2**30  # bytes
_DEVICE_RESERVE = 2**30  # bytes: what the libraries take for themselves
_CPU_SHARE = 8
_GIB = 2**30


class MemoryGuard:
    """Refuses a load before it is made.

    `device_free` returns the free bytes of a GPU with memory of its own, or None.
    """

    def __init__(
        self, system: System, has_gpu: bool, device_free: Callable[[], int | None]
    ) -> None:
        self._system = system
        self._has_gpu = has_gpu
        self._device_free = device_free

    def allocatable(self) -> int:
        """Bytes that a load may take. Raises SkipError where that is not known."""
        amounts = meminfo(self._system)
        if "MemAvailable" not in amounts or "MemTotal" not in amounts:
            raise SkipError("/proc/meminfo names no MemAvailable, so no load is safe")
        reserve = _RESERVE if self._has_gpu else min(_RESERVE, amounts["MemTotal"] // _CPU_SHARE)
        on_host = amounts["MemAvailable"] - reserve
        on_device = self._device_free()
        if on_device is None or on_host < 0:
            return on_host
        return on_device - _DEVICE_RESERVE

    def require(self, needed: int) -> None:
        """Return when `needed` bytes may be taken. Raises SkipError with both amounts."""
        allowed = self.allocatable()
        if needed > allowed:
            raise SkipError(
                f"{needed / _GIB:.1f} GiB needed, {max(allowed, 0) / _GIB:.1f} GiB may be taken "
                "(available memory less what must stay free)"
            )
