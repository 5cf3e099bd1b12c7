"""How Rust programs are compiled for a host: target, `target-cpu`, features and RUSTFLAGS.

A CPU's name stands for instructions that some hosts lack: a kernel may hide them, and a chip with
two kinds of cores has what both can do. So a name is taken only where the host's own flags hold
what it enables, and the features of the host that it does not enable are added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..core.errors import one_line
from .rust_names import (
    AARCH64,
    FLAGS,
    GB10,
    GB10_CORES,
    GENERIC,
    KERNEL_ONLY,
    OPT_IN,
    TRIPLES,
    X86_LEVELS,
    Candidate,
)
from .toolchain import Toolchain, ToolchainError, known_cpus, stable

_CFLAGS = "-C target-cpu="


def advise(cpu: Mapping[str, Any], toolchain: Toolchain) -> tuple[dict[str, Any], str | None]:
    """The `rust` object of cpu.json for the CPU section of a hardware document.

    Beside it stands why a value is null, or None. `toolchain` says what rustc accepts.
    """
    triple = TRIPLES.get(cpu["architecture"] or "")
    if triple is None:
        return _nothing(toolchain, None), (
            f"rust: no Rust target is known here for the architecture {cpu['architecture']}"
        )
    if not cpu["flags"]:
        return _nothing(toolchain, triple), "rust: the CPU's flags were not read"
    host = _host_features(triple, cpu["flags"])
    tried = []
    for one in _candidates(triple, cpu):
        tried.append(_try(one, triple, host, toolchain))
        # Below the highest level of an x86 CPU there is nothing to fall back for: all know it.
        if triple != AARCH64 and tried[-1]["rustflags"] is not None:
            break
    chosen = next((one for one in tried if one["rustflags"] is not None), None)
    if chosen is None:
        return {**_nothing(toolchain, triple), "candidates": tried}, (
            f"rust: no target-cpu can be used: {tried[-1]['reason']}"
        )
    advice = _nothing(toolchain, triple)
    advice.update(
        target_cpu=chosen["target_cpu"],
        rustflags=chosen["rustflags"],
        features=sorted(host),
        candidates=tried,
    )
    return advice, None


def _nothing(toolchain: Toolchain, triple: str | None) -> dict[str, Any]:
    return {
        "target_triple": triple,
        "target_cpu": None,
        "rustflags": None,
        "cargo_variable": triple and f"CARGO_TARGET_{triple.upper().replace('-', '_')}_RUSTFLAGS",
        "features": None,
        "candidates": [],
        "checked": {"by": toolchain.how, "rustc": toolchain.version, "llvm": toolchain.llvm},
    }


def _host_features(triple: str, flags: Sequence[str]) -> set[str]:
    """What the kernel says that every core of the host can do, in Rust's words."""
    return {name for name, wanted in FLAGS[triple].items() if set(wanted) <= set(flags)}


def _candidates(triple: str, cpu: Mapping[str, Any]) -> list[Candidate]:
    """The names to try, the best first; the last one always fits a host of this target."""
    if triple != AARCH64:
        return list(X86_LEVELS)
    cores = [cluster["name"] for cluster in cpu["clusters"] if cluster["name"]]
    if set(cores) == GB10_CORES:
        return [*GB10, GENERIC]
    named = [(name, name.lower().replace("ampere-", "ampere")) for name in dict.fromkeys(cores)]
    known = [
        Candidate(llvm, f"the core {name}") for name, llvm in named if llvm in known_cpus(triple)
    ]
    return [*known, GENERIC]


def _try(candidate: Candidate, triple: str, host: set[str], toolchain: Toolchain) -> dict[str, Any]:
    """One name: the flags to use it with, or why it cannot be used."""
    entry: dict[str, Any] = {
        "target_cpu": candidate.cpu,
        "reason": candidate.reason,
        "llvm_from": candidate.llvm_from,
        "added": [],
        "removed": [],
        "rustflags": None,
    }
    name = f"rustc {toolchain.version} (LLVM {toolchain.llvm})"
    try:
        enabled = toolchain.features(triple, candidate.cpu)
        if enabled is None:
            first = candidate.llvm_from
            since = f": LLVM {first} is the first that does" if first is not None else ""
            return {**entry, "reason": f"{candidate.reason}; {name} does not know it{since}"}
        beyond = enabled - host - KERNEL_ONLY
        if beyond - OPT_IN:
            lacking = ", ".join(sorted(beyond - OPT_IN))
            return {**entry, "reason": f"{candidate.reason}; this host lacks {lacking}"}
        switches = [f"+{one}" for one in sorted((host & stable(triple)) - enabled - OPT_IN)]
        switches += [f"-{one}" for one in sorted(beyond)]
        unstable = toolchain.refused(triple, candidate.cpu, switches)
        switches = [one for one in switches if one not in unstable]
        if again := toolchain.refused(triple, candidate.cpu, switches):
            return {**entry, "reason": f"{name} refuses {', '.join(again)}"}
    except ToolchainError as error:
        return {**entry, "reason": f"{candidate.reason}; {one_line(str(error))}"}
    rustflags = f"{_CFLAGS}{candidate.cpu}"
    if switches:
        rustflags += f" -C target-feature={','.join(switches)}"
    entry["added"] = [one[1:] for one in switches if one[0] == "+"]
    entry["removed"] = [one[1:] for one in switches if one[0] == "-"]
    return {**entry, "rustflags": rustflags}
