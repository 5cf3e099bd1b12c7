"""Names that Linux and Rust have for the same CPUs and CPU features.

Which flags of /proc/cpuinfo a feature needs is in `rust_features.yml`. Levels of x86-64 are those
of the x86-64 psABI.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

import yaml

AARCH64, X86_64 = "aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu"
TRIPLES: Mapping[str, str] = {"aarch64": AARCH64, "x86_64": X86_64}


@dataclass(frozen=True)
class Candidate:
    """A `target-cpu`, why it is one, and the first LLVM that knows it where that matters."""

    cpu: str
    reason: str
    llvm_from: int | None = None


GB10_CORES = frozenset({"Cortex-X925", "Cortex-A725"})
# What to take on a GB10, the best first. LLVM 19.1.7 (rustc 1.85) knows cortex-x925 and no gb10,
# 22.1.2 (rustc 1.95) knows both: tried. The other versions are those of the LLVM commits and
# release notes that added the names, and for gb10 of NVIDIA's porting guide.
GB10: Sequence[Candidate] = (
    Candidate("gb10", "the chip itself", 21),
    Candidate("cortex-x925", "its fast cores, the same instructions as the others", 19),
    Candidate("cortex-x4", "the generation before, the same instructions", 18),
    Candidate("neoverse-v2", "an Armv9 core that older compilers know", 16),
)
GENERIC = Candidate("generic", "any 64-bit Arm, with the features of this one added")
X86_LEVELS: Sequence[Candidate] = tuple(
    Candidate(cpu, "the highest level that the CPU reaches")
    for cpu in ("x86-64-v4", "x86-64-v3", "x86-64-v2", "x86-64")
)

KERNEL_ONLY = frozenset({"lor", "pan", "pmuv3", "ras", "spe", "vh"})
"""Features for the kernel, which no flag tells and no compiled program uses."""
OPT_IN = frozenset({"mte", "rand", "ssbs"})
"""Instructions that a compiler makes only where the source asks; kernels may hide them."""

FLAGS: Mapping[str, Mapping[str, Sequence[str]]] = {
    triple: {feature: flags.split() for feature, flags in features.items()}
    for triple, features in yaml.safe_load(
        (resources.files(__package__) / "rust_features.yml").read_text(encoding="utf-8")
    ).items()
}
"""By target: which flags of /proc/cpuinfo a Rust feature needs, all of them."""
