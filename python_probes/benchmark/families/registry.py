"""Every family of the benchmark, in the order of measurement.

Bursts come before the sustained load, which heats the GPU. The disk comes last: a run that is cut
short has the GPU's figures then. Imported by name, since Ansible ships what it finds imported.
"""

from __future__ import annotations

from . import (
    attention,
    convolution,
    cpu_speed,
    gemm,
    gpu_memory,
    storage_speed,
    sustained,
    transfer,
    unified_memory,
)

FAMILIES = {
    family.name: family
    for family in (
        gemm.FAMILY,
        gemm.SWEEP,
        attention.FAMILY,
        convolution.FAMILY,
        gpu_memory.FAMILY,
        transfer.FAMILY,
        unified_memory.FAMILY,
        cpu_speed.FAMILY,
        sustained.FAMILY,
        storage_speed.FAMILY,
    )
}
"""By name: what precedes the dot of a figure's name."""
