"""Names that Linux and Rust have for the same CPUs and CPU features.

Flags of arm64: Linux, Documentation/arch/arm64/elf_hwcaps.rst, as rustc's own run-time detection
reads them (library/std_detect, os/linux/aarch64.rs). Flags of x86: Linux,
arch/x86/include/asm/cpufeatures.h. Levels of x86-64: the x86-64 psABI.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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

FLAGS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    AARCH64: {
        "neon": ("fp", "asimd"), "aes": ("aes", "pmull"), "sha2": ("sha1", "sha2"),
        "sha3": ("sha3", "sha512"), "sm4": ("sm3", "sm4"), "crc": ("crc32",),
        "lse": ("atomics",), "lse2": ("uscat",), "fp16": ("fphp", "asimdhp"),
        "rdm": ("asimdrdm",), "jsconv": ("jscvt",), "fcma": ("fcma",), "rcpc": ("lrcpc",),
        "rcpc2": ("ilrcpc",), "rcpc3": ("lrcpc3",), "dpb": ("dcpop",), "dpb2": ("dcpodp",),
        "dotprod": ("asimddp",), "fhm": ("asimdfhm",), "dit": ("dit",), "flagm": ("flagm",),
        "flagm2": ("flagm2",), "ssbs": ("ssbs",), "sb": ("sb",), "paca": ("paca",),
        "pacg": ("pacg",), "sve": ("sve",), "sve2": ("sve2",),
        "sve2-aes": ("sveaes", "svepmull"), "sve2-bitperm": ("svebitperm",),
        "sve2-sha3": ("svesha3",), "sve2-sm4": ("svesm4",), "f32mm": ("svef32mm",),
        "f64mm": ("svef64mm",), "frintts": ("frint",), "i8mm": ("i8mm",), "bf16": ("bf16",),
        "bti": ("bti",), "rand": ("rng",), "mte": ("mte",), "ecv": ("ecv",), "wfxt": ("wfxt",),
        "mops": ("mops",), "hbc": ("hbc",), "cssc": ("cssc",), "sme": ("sme",),
        "sme2": ("sme2",), "sve2p1": ("sve2p1",), "lse128": ("lse128",),
    },
    X86_64: {
        "sse": ("sse",), "sse2": ("sse2",), "sse3": ("pni",), "ssse3": ("ssse3",),
        "sse4.1": ("sse4_1",), "sse4.2": ("sse4_2",), "sse4a": ("sse4a",),
        "fxsr": ("fxsr",), "popcnt": ("popcnt",), "cmpxchg16b": ("cx16",),
        "lahfsahf": ("lahf_lm",), "lzcnt": ("abm",), "movbe": ("movbe",), "fma": ("fma",),
        "f16c": ("f16c",), "avx": ("avx",), "avx2": ("avx2",), "bmi1": ("bmi1",),
        "bmi2": ("bmi2",), "adx": ("adx",), "aes": ("aes",), "pclmulqdq": ("pclmulqdq",),
        "vaes": ("vaes",), "vpclmulqdq": ("vpclmulqdq",), "gfni": ("gfni",),
        "sha": ("sha_ni",), "rdrand": ("rdrand",), "rdseed": ("rdseed",),
        "xsave": ("xsave",), "xsaveopt": ("xsaveopt",), "xsavec": ("xsavec",),
        "xsaves": ("xsaves",), "x87": ("fpu",), "avx512f": ("avx512f",),
        "avx512bw": ("avx512bw",), "avx512cd": ("avx512cd",), "avx512dq": ("avx512dq",),
        "avx512vl": ("avx512vl",), "avx512bf16": ("avx512_bf16",),
        "avx512bitalg": ("avx512_bitalg",), "avx512ifma": ("avx512ifma",),
        "avx512vbmi": ("avx512vbmi",), "avx512vbmi2": ("avx512_vbmi2",),
        "avx512vnni": ("avx512_vnni",), "avx512vpopcntdq": ("avx512_vpopcntdq",),
        "avx512fp16": ("avx512_fp16",), "avxvnni": ("avx_vnni",),
    },
}  # fmt: skip
"""By target: which flags of /proc/cpuinfo a Rust feature needs, all of them."""
