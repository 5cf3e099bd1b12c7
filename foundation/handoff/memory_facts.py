"""What is documented of a GB10's memory, and what that forbids. Nothing here was measured by us.

Each source is a section of gb10-facts, the project's collection of owners' captures, vendor
documents and public issue threads up to October 2026. `captured`: seen in a verbatim capture;
`claimed`: said in prose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_NVML = "gb10-facts, nvidia-smi and NVML"
_FAULTS = "gb10-facts, faults that owners meet"

GB10_MEMORY: Sequence[Mapping[str, str]] = (
    {
        "fact": "What CUDA can allocate is MemAvailable + SwapFree, or HugePages_Free x "
        "Hugepagesize where huge pages are set.",
        "do_not": "Do not size anything by the free value of cudaMemGetInfo "
        "(torch.cuda.mem_get_info): it ignores page cache that the kernel gives back.",
        "certainty": "claimed",
        "source": _NVML,
    },
    {
        "fact": "An allocation that is too large hangs the host instead of failing.",
        "do_not": "Do not fill memory until an allocation fails: stay below MemAvailable - 8 GiB.",
        "certainty": "claimed",
        "source": f"{_NVML}; {_FAULTS}, 5",
    },
    {
        "fact": "docker --memory does not cap CUDA allocations.",
        "do_not": "Do not rely on a container's memory limit to protect the host.",
        "certainty": "claimed",
        "source": _NVML,
    },
    {
        "fact": "nvmlDeviceGetMemoryInfo returns NVML_ERROR_NOT_SUPPORTED, and nvidia-smi prints "
        "[N/A] for memory.total, memory.used and memory.free.",
        "do_not": "Do not read memory from NVML, and do not take any other error of it for this "
        "one: a lost GPU would go unseen.",
        "certainty": "captured",
        "source": _NVML,
    },
    {
        "fact": "The GPU sits on NVLink-C2C; PCIe generation and width read 1/1 and 16/1.",
        "do_not": "Do not judge or plan transfers by the PCIe link that is reported.",
        "certainty": "captured",
        "source": _NVML,
    },
    {
        "fact": "Pages are 4 KiB; a kernel flavour with 64 KiB pages exists.",
        "do_not": "Do not build 4096 into a program: ask sysconf(_SC_PAGESIZE).",
        "certainty": "captured",
        "source": "gb10-facts, Identity",
    },
    {
        "fact": "MemTotal is 119.6 to 121.7 GiB by firmware.",
        "do_not": "Do not plan with 128 GB.",
        "certainty": "captured",
        "source": "gb10-facts, Identity",
    },
    {
        "fact": "Kernel 7.0.0-1019 loses 7 to 9 GiB: CmaTotal is 0 kB and CmaFree above 0.",
        "do_not": "Do not run that kernel.",
        "certainty": "claimed",
        "source": f"{_FAULTS}, 4",
    },
    {
        "fact": "The memory's theoretical rate is 273 GB/s, shared by CPU and GPU.",
        "do_not": "Do not add what CPU and GPU reach alone: together they share it.",
        "certainty": "claimed",
        "source": "gb10-facts, Measured by others",
    },
)
