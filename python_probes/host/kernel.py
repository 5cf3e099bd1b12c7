"""What `uname` says, from PATH first: os.uname would describe the wrong box in a replay."""

from __future__ import annotations

import re

from ..core.system import CommandError, Note, System

_COMMAND_LINE = "/proc/cmdline"
# What changes how memory, interrupts and CPUs are given out. Nothing else of the command line is
# kept: it may hold addresses, user names and keys.
_ARGUMENTS = {
    "cma", "crashkernel", "default_hugepagesz", "hugepages", "hugepagesz", "init_on_alloc",
    "iommu", "iommu.passthrough", "iommu.strict", "irqaffinity", "isolcpus", "kho", "maxcpus",
    "mem", "mitigations", "nohz_full", "nokaslr", "nosmt", "nr_cpus", "numa_balancing",
    "pci", "pcie_aspm", "transparent_hugepage",
}  # fmt: skip
_VALUE = re.compile(r"[A-Za-z0-9_.,:@+-]{0,64}")


def release(system: System, note: Note) -> str | None:
    """The kernel release, such as 6.17.0-1014-nvidia."""
    return _uname(system, note, "-r", r"\d+\.\d+\S*", "/proc/sys/kernel/osrelease")


def architecture(system: System, note: Note) -> str | None:
    """The machine's architecture, such as aarch64."""
    return _uname(system, note, "-m", r"(?!Linux)\w+", "/proc/sys/kernel/arch")


def _uname(system: System, note: Note, option: str, form: str, file: str) -> str | None:
    """The word of the answer that has the form of what was asked, else what the file says."""
    try:
        words = system.run("uname", option).split()
        code, reason = "failed", f"uname {option}: printed nothing of that kind"
    except CommandError as error:
        words, code, reason = [], error.code, str(error)
    # A captured `uname -a` stands for every option: Linux, the host's name, the release, ...; the
    # machine comes after the build's date, so it is looked for from the end.
    if len(words) > 1:
        words = words[2:3] if option == "-r" else [w for w in reversed(words) if "/" not in w][:1]
    value = next((word for word in words if re.fullmatch(form, word)), None) or system.read(file)
    if not value:
        note(code, f"{reason}, and {file} cannot be read either")
        return None
    return value


def arguments(system: System, note: Note) -> dict[str, str] | None:
    """What the kernel was started with, as far as it is on the allow list; None where unreadable.

    A word without a value is empty; of one that is repeated the last counts, as for the kernel.
    """
    text = system.read(_COMMAND_LINE)
    if text is None:
        note("missing", f"kernel_arguments: {_COMMAND_LINE} cannot be read")
        return None
    words = (word.partition("=") for word in text.split())
    found = {name: value for name, _, value in words if name in _ARGUMENTS}
    odd = sorted(name for name, value in found.items() if not _VALUE.fullmatch(value))
    if odd:
        note("withheld", f"kernel_arguments: {', '.join(odd)}: an unusual value; left out")
    return {name: found[name] for name in sorted(found) if name not in odd}
