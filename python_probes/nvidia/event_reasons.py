"""Names of the reasons why a GPU runs below its highest clock.

The bits are nvmlClocksEventReason* (nvmlClocksThrottleReason* before driver 535) of nvml.h; the
same mask is what `nvidia-smi --query-gpu=clocks_event_reasons.active` prints in hexadecimal.
"""

from __future__ import annotations

_NAMES = {
    0x001: "gpu_idle",
    0x002: "applications_clocks_setting",
    0x004: "sw_power_cap",
    0x008: "hw_slowdown",
    0x010: "sync_boost",
    0x020: "sw_thermal_slowdown",
    0x040: "hw_thermal_slowdown",
    0x080: "hw_power_brake_slowdown",
    0x100: "display_clock_setting",
    0x200: "board_limit",
    0x400: "reliability",
}


def event_reason_names(mask: int) -> list[str]:
    """The names of the bits set in `mask`, lowest bit first; `bit_0x...` for one without a name.

    Raises ValueError for a negative mask.
    """
    if mask < 0:
        raise ValueError(f"an event reason mask cannot be negative: {mask}")
    bits = (1 << position for position in range(mask.bit_length()))
    return [_NAMES.get(bit, f"bit_{bit:#x}") for bit in bits if mask & bit]
