"""Names of ARM cores by MIDR implementer and part number.

Source: util-linux, sys-utils/lscpu-arm.c, which gathers them from ARM's manuals and the kernel's
arch/arm64/include/asm/cputype.h. 64-bit cores of servers, boards and NVIDIA's modules only.
"""

from __future__ import annotations

_ARM = {
    0xD03: "Cortex-A53",
    0xD04: "Cortex-A35",
    0xD05: "Cortex-A55",
    0xD07: "Cortex-A57",
    0xD08: "Cortex-A72",
    0xD09: "Cortex-A73",
    0xD0A: "Cortex-A75",
    0xD0B: "Cortex-A76",
    0xD0C: "Neoverse-N1",
    0xD0E: "Cortex-A76AE",
    0xD40: "Neoverse-V1",
    0xD41: "Cortex-A78",
    0xD42: "Cortex-A78AE",
    0xD49: "Neoverse-N2",
    0xD4A: "Neoverse-E1",
    0xD4F: "Neoverse-V2",
    0xD80: "Cortex-A520",
    0xD81: "Cortex-A720",
    0xD82: "Cortex-X4",
    0xD83: "Neoverse-V3AE",
    0xD84: "Neoverse-V3",
    0xD85: "Cortex-X925",
    0xD87: "Cortex-A725",
    0xD8E: "Neoverse-N3",
}
_OTHERS = {
    (0x43, 0x0AF): "ThunderX2-99xx",
    (0x46, 0x001): "A64FX",
    (0x48, 0xD01): "Kunpeng-920",
    (0x4E, 0x003): "Denver 2",
    (0x4E, 0x004): "Carmel",
    (0xC0, 0xAC3): "Ampere-1",
    (0xC0, 0xAC4): "Ampere-1a",
}
_IMPLEMENTER_ARM = 0x41


def core_name(implementer: int, part: int) -> str | None:
    """The name that lscpu gives a core, such as Cortex-X925, or None for one not in the table."""
    if implementer == _IMPLEMENTER_ARM:
        return _ARM.get(part)
    return _OTHERS.get((implementer, part))


def core_part(name: str) -> int | None:
    """The part number of one of ARM's own cores by its name."""
    return next((part for part, known in _ARM.items() if known == name), None)
