"""`handoff/model/`: what the Model team builds on. Hardware, versions, and the shared memory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

import yaml

from ..evaluation.verified_report import Host
from .parts import Part, Parts, pick, section

_GPU = (
    "name", "pci_device_id", "compute_capability", "cuda_cores", "vbios_version",
    "memory_total_bytes", "memory_source", "power_limit_watts", "maximum_sm_clock_mhz",
    "addressing_mode",
)  # fmt: skip
_MODES = ("ecc_mode", "mig_mode")
CPU = ("architecture", "model_name", "logical_cpus")
_CLUSTER = ("name", "cores", "maximum_mhz")
_MEMORY = ("total_bytes", "swap_total_bytes", "architecture")
_DISK = (
    "model", "firmware", "transport", "size_bytes", "rotational", "link_speed_gigatransfers",
    "link_width",
)  # fmt: skip
_PLATFORM = ("vendor", "product_name", "product_version", "board_name", "bios_version", "bios_date")
_DRIVER = ("loaded_version", "installed_version", "installed_package", "module_flavour")
_TORCH = ("version", "cuda_version", "cudnn_version", "nccl_version", "arch_list", "git_version")
_SYSTEM = ("id", "version_id", "pretty_name")
# Criteria that vouch for a version: their value is one of these.
_VERSIONS = re.compile(r"driver|cuda|torch|kernel|operating_system|build|python|dgx|docker|toolkit")


def hardware_baseline(parts: Parts, host: Host) -> None:
    """What the host is: what stays the same while it runs, and nothing that identifies it."""
    document = host.document("hardware_baseline")
    parts.problems_of(
        host, "hardware_baseline", ("gpu", "cpu", "memory", "storage", "network", "platform")
    )
    gpu, cpu = section(document, "gpu"), section(document, "cpu")
    storage, network = section(document, "storage"), section(document, "network")
    parts.add(
        host,
        {
            "gpus": gpu and [_gpu(device) for device in gpu["devices"]],
            "cpu": {
                **pick(cpu, CPU),
                "clusters": cpu and [pick(cluster, _CLUSTER) for cluster in cpu["clusters"]],
            },
            "memory": pick(section(document, "memory"), _MEMORY),
            "disks": storage and [pick(disk, _DISK) for disk in storage["devices"]],
            "network_adapters": network and _adapters(network["interfaces"]),
            "platform": pick(section(document, "platform"), _PLATFORM),
        },
    )


def _gpu(device: Mapping[str, Any]) -> Part:
    """A GPU, with its modes in the words of nvidia-smi."""
    words = {True: "enabled", False: "disabled", None: None}
    return pick(device, _GPU) | {name: words[device[name]] for name in _MODES}


def versions(parts: Parts, host: Host) -> None:
    """What is installed on the host, and with which build its figures and images were made."""
    hardware, environment = host.document("hardware_baseline"), host.document("environment")
    parts.problems_of(host, "hardware_baseline", ("gpu", "software", "platform"))
    parts.problems_of(host, "environment", ("environment", "torch", "software"))
    software = section(hardware, "software") or {}
    platform = section(hardware, "platform") or {}
    builds = {}
    for name, kind in (("figures", "benchmark"), ("images", "reproducibility")):
        document = host.document(kind)
        if document is None:
            parts.problems_of(host, kind)
        builds[name] = document and pick(document["data"]["build"], ("torch", "cuda"))
    parts.add(
        host,
        {
            "driver": pick(software.get("driver"), _DRIVER),
            "cuda": {
                "driver_api": (section(hardware, "gpu") or {}).get("cuda_driver_version"),
                "toolkit": (software.get("cuda") or {}).get("nvcc_version"),
            },
            "torch": pick(section(environment, "torch"), _TORCH),
            "python": (section(environment, "python") or {}).get("version"),
            "kernel": platform.get("kernel"),
            "operating_system": pick(platform.get("operating_system"), _SYSTEM),
            "dgx_os": pick(platform.get("dgx"), ("software_version", "ota_version")),
            "container": {
                "docker": (software.get("docker") or {}).get("server_version"),
                "nvidia_container_toolkit": (software.get("container_toolkit") or {}).get(
                    "version"
                ),
            },
            "measured_with": builds,
            "verified": _verified(parts, host),
        },
    )


def unified_memory(parts: Parts, host: Host) -> None:
    """How CPU and GPU share memory, as this host answered."""
    hardware = host.document("hardware_baseline")
    parts.problems_of(host, "hardware_baseline", ("memory", "gpu"))
    memory, gpu = section(hardware, "memory") or {}, section(hardware, "gpu") or {}
    apart = memory.get("architecture") in ("discrete", "none")
    modes = sorted({str(d["addressing_mode"]) for d in gpu.get("devices", ())})
    parts.add(
        host,
        {
            "architecture": memory.get("architecture"),
            "architecture_evidence": parts.text(memory.get("architecture_evidence")),
            "page_size_bytes": memory.get("page_size_bytes"),
            "huge_pages_total": memory.get("huge_pages_total"),
            "huge_page_size_bytes": memory.get("huge_page_size_bytes"),
            "allocatable_rule": memory.get("allocatable_rule"),
            "coherence": _coherence(parts, host, modes, apart),
        },
    )


def allocatable(host: Host) -> Part:
    """What the rule gave when the host was read: it changes from minute to minute."""
    hardware = host.document("hardware_baseline")
    memory = section(hardware, "memory") or {}
    return {
        "collected_at": hardware and hardware["collected_at"],
        **pick(memory, ("total_bytes", "available_bytes", "allocatable_bytes")),
    }


def documentation(architectures: set[str | None]) -> list[dict[str, str]]:
    """What is documented of the memory of a GB10; nothing for hosts that share none."""
    if "unified" not in architectures:
        return []
    text = (resources.files(__package__) / "gb10_memory.yml").read_text(encoding="utf-8")
    facts: list[dict[str, str]] = yaml.safe_load(text)
    return facts


def _coherence(parts: Parts, host: Host, modes: list[str], apart: bool) -> Part:
    """What NVML says, and what the measurements that share a buffer found.

    `apart`: CPU and GPU share no memory, so there is nothing to report.
    """
    benchmark = host.document("benchmark")
    figures: Mapping[str, Any] = (section(benchmark, "figures") or {}) if benchmark else {}
    shared = {
        name.partition(".")[2]: figure
        for name, figure in figures.items()
        if name.startswith("unified.")
    }
    if not apart:
        if modes in ([], ["None"]):
            message = "coherence.addressing_mode: neither NVML nor nvidia-smi reports it"
            parts.problem(host, "gpu", "missing", message)
        if not shared:
            message = "coherence.sums_agree, coherence.integrated: no figure unified.* was measured"
            parts.problem(host, "benchmark", "missing", message)
    return {
        "addressing_mode": modes[0] if len(modes) == 1 and modes != ["None"] else None,
        # A figure exists only where each sum read was that of what the other side had written.
        "sums_agree": dict.fromkeys(sorted(shared), True) or None,
        "integrated": next((f["parameters"].get("unified_memory") for f in shared.values()), None),
    }


def _adapters(interfaces: list[dict[str, Any]]) -> list[Part]:
    """Adapters by kind: names may hold a MAC address, and speeds come and go with cables."""
    counts: dict[tuple[str, str | None], int] = {}
    for one in interfaces:
        if one["pci_device_id"] is not None:
            key = (one["pci_device_id"], one["driver"])
            counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (item[0][0], item[0][1] or ""))
    return [{"pci_device_id": i, "driver": d, "functions": n} for (i, d), n in ordered]


def _verified(parts: Parts, host: Host) -> list[Part]:
    """The gate's criteria about versions, as they came out."""
    about = {one.id for one in host.profile.criteria if _VERSIONS.search(one.path.text)}
    return [
        {"criterion": one["id"], "title": one["title"], "workstream": one["workstream"],
         "required": one["required"], "measured": parts.text(one["measured"]),
         "outcome": one["outcome"]}
        for one in host.entry["criteria"]
        if one["id"] in about
    ]  # fmt: skip
