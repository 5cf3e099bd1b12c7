"""A healthy DGX Spark, a plain machine and an H100 as documents. SYNTHETIC: nothing measured this.

Every function returns a fresh document that is valid by schema; names, versions and sizes follow
shared/gb10 captures, everything else is made up. `change(document, "data.cpu.logical_cpus", 8)`
alters one place.
"""

import copy
import hashlib
import statistics
from datetime import UTC, datetime, timedelta

HOST = "spark-01"
NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
COLLECTED = "2026-10-20T11:00:00Z"
GIB = 2**30
_HASH = "hmac-sha256:" + "0123456789abcdef" * 2
_UUID = "GPU-00000000-0000-4000-8000-00000000gb10"


def change(document, path, value):
    """Set the value at a dotted path (numbers index lists; `a..b` style keys use `|`)."""
    *parents, last = [part.replace("|", ".") for part in path.split(".")]
    node = document
    for part in parents:
        node = node[int(part)] if isinstance(node, list) else node[part]
    if isinstance(node, list):
        node[int(last)] = value
    else:
        node[last] = value
    return document


def identity(**changes):
    return {
        "gpu_uuids": [_UUID],
        "serial_hash": _HASH,
        "machine_id_hash": _HASH,
        "kernel": "6.17.0-1021-nvidia",
        "driver": "580.178.04",
        "boot_id": "00000000-0000-4000-8000-000000000001",
        "build": None,
        "image_digest": None,
        **changes,
    }


def machine(host):
    """What tells the machine behind a name from the others, as identity keys."""
    if host == HOST:
        return {}
    digest = hashlib.sha256(host.encode()).hexdigest()
    return {"gpu_uuids": [f"GPU-{digest[:32]}"], "serial_hash": f"hmac-sha256:{digest[:32]}"}


def own_samples(document):
    """A benchmark with samples that are its host's own; values and spreads stay as they are."""
    if document["host"] != HOST:
        factor = 1 + int(hashlib.sha256(document["host"].encode()).hexdigest()[:8], 16) * 1e-17
        for one in document["data"]["figures"].values():
            one["samples"] = [sample * factor for sample in one["samples"]]
    return document


def _document(kind, data, host=HOST, **changes):
    return {
        "schema_version": "1.0",
        "kind": kind,
        "host": host,
        "collected_at": COLLECTED,
        "collector": {"name": "synthetic", "version": "0"},
        "identity": identity(**machine(host), **changes),
        "data": data,
        "problems": [],
    }


def problem(probe, message, code="missing"):
    return {"probe": probe, "code": code, "message": message}


_BUILD = {"torch": "2.13.0+cu130", "cuda": "13.0"}


def gpu_device():
    return {
        "index": 0,
        "name": "NVIDIA GB10",
        "uuid": _UUID,
        "pci_bus_id": "000f:01:00.0",
        "pci_device_id": "10de:2e12",
        "compute_capability": "12.1",
        "cuda_cores": 6144,
        "vbios_version": "9a.0b.10.00.00",
        "serial_hash": None,
        "addressing_mode": "ats",
        "memory_total_bytes": 127535084 * 1024,
        "memory_used_bytes": 8 * GIB,
        "memory_free_bytes": 110 * GIB,
        "memory_source": "meminfo",
        "power_draw_watts": 4.2,
        "power_limit_watts": None,
        "temperature_celsius": 35.0,
        "sm_clock_mhz": 208,
        "memory_clock_mhz": None,
        "maximum_sm_clock_mhz": 3003,
        "gpu_utilization_percent": 0,
        "memory_utilization_percent": 0,
        "performance_state": "P8",
        "persistence_mode": True,
        "event_reasons": ["gpu_idle"],
        "ecc_mode": None,
        "ecc_uncorrected_errors": None,
        "mig_mode": None,
        "pcie_generation": 1,
        "pcie_width": 1,
    }


def _cluster(name, part, cpus, maximum):
    return {
        "name": name,
        "implementer": "0x41",
        "part": part,
        "cores": 10,
        "cpus": cpus,
        "maximum_mhz": maximum,
        "minimum_mhz": 338,
    }


def _cpu():
    return {
        "architecture": "aarch64",
        "model_name": None,
        "logical_cpus": 20,
        "clusters": [
            _cluster("Cortex-X925", "0xd85", "5-9,15-19", 3900),
            _cluster("Cortex-A725", "0xd87", "0-4,10-14", 2808),
        ],
        "flags": ["asimd", "bf16", "sve2"],
        "numa_nodes": [{"node": 0, "cpus": "0-19"}],
    }


def _memory():
    return {
        "total_bytes": 127535084 * 1024,
        "available_bytes": 110 * GIB,
        "swap_total_bytes": 32 * GIB,
        "swap_free_bytes": 32 * GIB,
        "huge_pages_total": 0,
        "huge_pages_free": 0,
        "huge_page_size_bytes": 2 * 2**20,
        "page_size_bytes": 4096,
        "cma_total_bytes": 131072 * 1024,
        "cma_free_bytes": 69320 * 1024,
        "architecture": "unified",
        "architecture_evidence": "GPU 10de:2e12 is a GB10",
        "allocatable_bytes": 142 * GIB,
        "allocatable_rule": "MemAvailable + SwapFree",
    }


def _storage():
    return {
        "devices": [
            {
                "name": "nvme0n1",
                "transport": "nvme",
                "model": "SAMSUNG MZALC4T0HBL1-00B07",
                "firmware": "LDA41B2Q",
                "serial_hash": _HASH,
                "size_bytes": 4000787030016,
                "rotational": False,
                "logical_block_bytes": 512,
                "link_speed_gigatransfers": 32.0,
                "link_width": 4,
                "health": {
                    "critical_warning": 0,
                    "temperature_celsius": 41.0,
                    "available_spare_percent": 100,
                    "percentage_used": 1,
                    "media_errors": 0,
                    "unsafe_shutdowns": 3,
                },
            }
        ],
        "file_systems": [
            {
                "mount_point": "/",
                "source": "/dev/nvme0n1p2",
                "type": "ext4",
                "size_bytes": 3900 * GIB,
                "available_bytes": 3000 * GIB,
                "read_only": False,
            }
        ],
    }


def _interface(name, driver, speed, device_id=None, rdma=None):
    return {
        "name": name,
        "driver": driver,
        "mac_hash": _HASH,
        "pci_address": None,
        "pci_device_id": device_id,
        "speed_mbps": speed,
        "mtu": 1500,
        "carrier": True,
        "operational_state": "up",
        "rdma_device": rdma,
    }


def _network():
    twins = [("enp1s0f0np0", "rocep1s0f0"), ("enP2p1s0f0np0", "roceP2p1s0f0")]
    return {
        "interfaces": [
            _interface("enP7s7", "r8127", 10000),
            *[_interface(n, "mlx5_core", 200000, "15b3:1021", r) for n, r in twins],
        ],
        "rdma_ports": [
            {
                "device": "rocep1s0f0",
                "port": 1,
                "state": "ACTIVE",
                "physical_state": "LINK_UP",
                "interface": "enp1s0f0np0",
                "firmware_version": "28.45.4028",
            }
        ],
        "connectx": {
            "functions": 4,
            "ports": [{"port": 0, "interfaces": ["enp1s0f0np0", "enP2p1s0f0np0"]}],
        },
    }


def _platform():
    return {
        "vendor": "NVIDIA",
        "product_name": "NVIDIA_DGX_Spark",
        "product_version": "A.7",
        "product_family": "DGX Spark",
        "board_name": "P4242",
        "bios_version": "5.36_0ACUM018",
        "bios_date": "08/06/2025",
        "serial_hash": _HASH,
        "machine_id_hash": _HASH,
        "operating_system": operating_system(),
        "dgx": {
            "name": "DGX Spark",
            "pretty_name": "NVIDIA DGX Spark",
            "platform": "DGX Server for KVM",
            "software_version": "7.2.3",
            "software_date": "2025-09-10-13-50-03",
            "ota_version": "7.5.0",
            "ota_date": "Thu Jun 18 17:40:28 EDT 2026",
            "serial_hash": _HASH,
        },
        "kernel": "6.17.0-1021-nvidia",
        "boot_id": "00000000-0000-4000-8000-000000000001",
        "uptime_seconds": 7200.0,
        "load_average_1m": 0.3,
        "time_synchronized": True,
        "time_source": "timedatectl",
    }


def operating_system():
    return {
        "id": "ubuntu",
        "version_id": "24.04",
        "codename": "noble",
        "pretty_name": "Ubuntu 24.04.4 LTS",
    }


def _software():
    return {
        "driver": {
            "loaded_version": "580.178.04",
            "installed_version": "580.178.04-0ubuntu0.24.04.1",
            "installed_package": "nvidia-driver-580-open",
            "module_flavour": "open",
        },
        "cuda": {
            "default_path": "/usr/local/cuda-13.0",
            "toolkits": [{"path": "/usr/local/cuda-13.0", "version": "13.0.3"}],
            "nvcc_path": "/usr/local/cuda/bin/nvcc",
            "nvcc_version": "13.0.88",
            "nvcc_on_path": False,
        },
        "docker": {
            "client_version": "29.1.3",
            "server_version": "29.1.3",
            "package": "docker-ce 5:29.1.3-1~ubuntu.24.04~noble",
            "snap": False,
            "runtimes": ["io.containerd.runc.v2", "nvidia", "runc"],
            "nvidia_runtime_registered": True,
            "nvidia_runtime_source": "docker info",
            "storage_driver": "overlay2",
            "cgroup_driver": "systemd",
        },
        "container_toolkit": {"version": "1.18.0", "package_version": "1.18.0-1"},
        "dcgm": {
            "version": "4.4.1",
            "package": "datacenter-gpu-manager-4-core 1:4.4.1-1",
            "service_active": True,
        },
        "python": {"version": "3.12.3", "system_version": "3.12.3"},
        "fio": {"version": "3.36"},
    }


def hardware_baseline(host=HOST):
    data = {
        "gpu": {
            "present": True,
            "source": "nvml",
            "driver_version": "580.178.04",
            "cuda_driver_version": "13.0",
            "nvml_version": "13.580.178.04",
            "devices": [gpu_device()],
            "xid_events": [],
        },
        "cpu": _cpu(),
        "memory": _memory(),
        "storage": _storage(),
        "network": _network(),
        "topology": {
            "pci_devices": [
                {
                    "address": "000f:01:00.0",
                    "device_id": "10de:2e12",
                    "class": "0300",
                    "driver": "nvidia",
                    "numa_node": -1,
                }
            ],
            "matrix": None,
        },
        "platform": _platform(),
        "software": _software(),
    }
    return _document("hardware_baseline", data, host)


def environment(host=HOST):
    data = {
        "operating_system": operating_system(),
        "kernel": "6.17.0-1021-nvidia",
        "architecture": "aarch64",
        "driver_version": "580.178.04",
        "cuda_driver_version": "13.0",
        "python": {"version": "3.12.3", "implementation": "CPython"},
        "torch": {
            "version": "2.13.0+cu130",
            "cuda_version": "13.0",
            "cudnn_version": "9.15.1",
            "nccl_version": "2.28.9",
            "arch_list": ["sm_80", "sm_90", "sm_100", "sm_120"],
            "git_version": "0" * 40,
            "cuda_available": True,
        },
        "packages": [{"name": "numpy", "version": "2.3.4"}, {"name": "torch", "version": "2.13.0"}],
        "container": {"inside": False, "engine": None, "image_digest": None},
        "source": {"revision": "a" * 40, "dirty": False},
        "locale": {"language": "C.UTF-8", "encoding": "utf-8"},
        "time_zone": "UTC",
        "cpu_governors": ["performance"],
        "variables": {"PATH": "/usr/bin"},
        "terminal": {
            "is_terminal": False,
            "term": None,
            "color_term": None,
            "sixel": None,
            "sixel_reason": "no terminal",
        },
    }
    return _document("environment", data, host, build=dict(_BUILD))


def reproducibility(host=HOST):
    images = [
        {
            "file": f"image-{index:02d}.png",
            "index": index,
            "seed": 42 + index,
            "sha256": f"{index + 1:064x}",
            "milliseconds": 900.0,
            "class": None,
        }
        for index in range(10)
    ]
    data = {
        "engine": "none",
        "device": {"kind": "cuda", "name": "NVIDIA GB10"},
        "build": dict(_BUILD),
        "generator": {"name": "synthetic", "version": "1", "model_sha256": None},
        "seed": 42,
        "count": 10,
        "images": images,
        "distinct_images": 10,
        "repeated": {"index": 0, "identical": True},
        "references": {
            "file": "synthetic.json",
            "made_on": "a synthetic GB10",
            "same_kind": True,
            "compared": 10,
            "identical": 10,
            "minimum_psnr_db": 100.0,
        },
        "stages": {"generate": 9.9},
        "total_seconds": 12.5,
        "budget_seconds": 300,
    }
    return _document("reproducibility", data, host, build=dict(_BUILD))


def _range(median):
    return {"minimum": median * 0.98, "median": median, "maximum": median * 1.02}


BURSTS = ("gemm", "sweep", "attention", "convolution")
_STEPS = (0.99, 1.0, 1.01, 1.0, 1.005, 0.995, 1.0)


def trace(clock=2450.0, power=87.0, burst=False):
    """The telemetry of a load; between bursts a GPU is mostly idle at its high clock."""
    watts = power / 2 if burst else power
    busy = (0.0, 22.0, 98.0) if burst else (90.0, 96.0, 100.0)
    return {
        "source": "nvml",
        "samples": 30,
        "rate_hz": 19.8,
        "sm_clock_mhz": _range(clock),
        "power_watts": _range(watts),
        "temperature_celsius": _range(72.0),
        "utilization_percent": dict(zip(("minimum", "median", "maximum"), busy, strict=True)),
        "performance_states": ["P0"],
        "event_reasons": [],
        "other_processes": 0,
        "sm_clock_quarters_mhz": [clock, clock + 5.0, clock, clock - 5.0],
    }


def figure(value, unit, traced=True, **changes):
    samples = [value * factor for factor in _STEPS]
    return {
        "value": statistics.median(samples),
        "unit": unit,
        "samples": samples,
        "spread": 0.0075,
        "method": "synthetic, as if by fio or torch.mm",
        "parameters": {"synthetic": True},
        "duration_seconds": 1.5,
        "trace": trace() if traced else None,
        "clock_step_seconds": 0.0001,
        **changes,
    }


def disk_figure(value, unit, depth=1, p50=None):
    """As storage is measured: direct, with latencies where one request counts."""
    changes = {"parameters": {"synthetic": True, "direct": True, "queue_depth": depth, "jobs": 1}}
    if p50 is not None:
        names = ("p50", "p95", "p99", "p99_9")
        changes["latency_microseconds"] = {
            name: p50 * factor for name, factor in zip(names, (1, 1.3, 1.8, 4), strict=True)
        }
    return figure(value, unit, traced=False, **changes)


_UNITS = {"memory": "GB/s", "transfer": "GB/s", "unified": "GB/s"}
# gb10-facts has the sources; INT8, TF32, attention, convolution, writes and unified are made up.
SPARK_FIGURES = {
    "gemm.fp32": 28.0, "gemm.tf32": 45.0, "gemm.fp16": 96.0, "gemm.bf16": 92.0,
    "gemm.int8": 160.0, "gemm.fp8": 170.0, "gemm.nvfp4": 300.0, "attention.bf16": 61.0,
    "convolution.bf16": 55.0, "memory.copy": 230.0, "memory.triad": 247.0,
    "transfer.to_device_pinned": 52.0, "transfer.to_host_pinned": 50.0,
    "unified.cpu_reads_gpu": 90.0, "unified.gpu_reads_cpu": 200.0, "sustained.bf16": 88.0,
}  # fmt: skip
SPARK_FULL_FIGURES = {
    "sweep.bf16_2048": 70.0, "sweep.bf16_4096": 90.0,
    "sweep.bf16_16384": 89.0, "memory.read": 231.0, "memory.write": 215.0,
    "transfer.to_device_pageable": 31.0, "transfer.to_host_pageable": 29.0,
    "transfer.both_ways_pinned": 80.0,
}  # fmt: skip
# The bursts, the copy and 694 without pauses were measured on one; the others are made up.
H100_FIGURES = {
    "gemm.fp32": 51.6, "gemm.tf32": 415.0, "gemm.fp16": 767.0, "gemm.bf16": 795.0,
    "gemm.int8": 979.0, "gemm.fp8": 1467.0, "attention.bf16": 682.0, "convolution.bf16": 774.0,
    "memory.copy": 3009.0, "memory.triad": 3050.0, "transfer.to_device_pinned": 55.0,
    "transfer.to_host_pinned": 55.0, "sustained.bf16": 690.0,
}  # fmt: skip


def gpu_figures(values, clock=2450.0, power=87.0):
    """Figures of a GPU by name, each with the trace that its family has."""
    figures = {}
    for name, value in values.items():
        family = name.partition(".")[0]
        unit = "TOP/s" if name == "gemm.int8" else _UNITS.get(family, "TFLOP/s")
        burst = family in BURSTS
        one = figure(value, unit, trace=trace(clock, power, burst))
        if family == "sustained":
            one.update(duration_seconds=4.1)
        elif burst:
            one["parameters"] |= {"bursts": len(_STEPS), "calls_per_burst": 2}
        figures[name] = one
    return figures


def cpu_figures(gemm, triad):
    return {
        "cpu.gemm_fp32": figure(gemm, "TFLOP/s", traced=False),
        "cpu.triad": figure(triad, "GB/s", traced=False),
    }


def disk_figures(read, write, random_read, random_read_64):
    return {
        "storage.write": disk_figure(write, "GB/s", 16),
        "storage.read": disk_figure(read, "GB/s", 16),
        "storage.random_read": disk_figure(random_read, "IOPS", p50=0.9e6 / random_read),
        "storage.random_read_64": disk_figure(
            random_read_64, "IOPS", 64, p50=0.9 * 64e6 / random_read_64
        ),
    }


def dcgm():
    """DCGM 4 on a GB10, where all but the software tests skip."""
    outcomes = {"software": "pass", "memory": "skip", "pcie": "skip"}
    return {
        "source": "dcgm",
        "reason": None,
        "version": "4.4.1",
        "discovery": [{"index": 0, "name": "NVIDIA GB10", "uuid": _UUID}],
        "diagnostic": {
            "level": 1,
            "tests": [{"name": n, "outcome": o, "message": None} for n, o in outcomes.items()],
        },
        "health": {"overall": "healthy", "incidents": []},
        "policy": None,
        "metrics": None,
    }


def resumed(*names):
    """What a resumed run says of the figures that it took over."""
    return {"collected_at": COLLECTED, "boot_id": None, "figures": list(names)}


def benchmark(host=HOST):
    data = {
        "level": "quick",
        "device": {
            "kind": "cuda",
            "name": "NVIDIA GB10",
            "compute_capability": "12.1",
            "memory_total_bytes": 127535084 * 1024,
        },
        "build": {**_BUILD, "arch_list": ["sm_80", "sm_90", "sm_100", "sm_120"], "threads": 20},
        "conditions": {
            "load_average_1m": 0.3,
            "logical_cpus": 20,
            "memory_available_bytes": 110 * GIB,
            "swap_used_bytes": 0,
            "other_gpu_processes": 0,
        },
        "telemetry": {"source": "nvml", "reason": "synthetic", "dcgm_version": None},
        "figures": {
            **gpu_figures(SPARK_FIGURES),
            **cpu_figures(0.9, 112.0),
            **disk_figures(6.0, 2.0, 4850.0, 300000.0),
        },
        "skipped": [],
        "dcgm": dcgm(),
        "duration_seconds": 55.0,
    }
    return own_samples(_document("benchmark", data, host, build=dict(_BUILD)))


def full_benchmark(host=HOST):
    """A Spark's benchmark document of level full."""
    document = benchmark(host)
    data = document["data"]
    data.update(level="full", duration_seconds=600.0)
    data["figures"] |= gpu_figures(SPARK_FULL_FIGURES)
    for name, value in (("copy", 105.0), ("triad_cluster_0", 90.0), ("triad_cluster_1", 60.0)):
        data["figures"][f"cpu.{name}"] = figure(value, "GB/s", traced=False)
    data["figures"] |= {
        "storage.write_16_jobs": disk_figure(2.0, "GB/s", 4),
        "storage.read_16_jobs": disk_figure(10.2, "GB/s", 4),
        "storage.random_write": disk_figure(30000.0, "IOPS", p50=30.0),
        "storage.random_write_64": disk_figure(200000.0, "IOPS", 64, p50=290.0),
    }
    return own_samples(document)


def live_state(host=HOST, reachable=True, reason=None):
    return _document("live_state", {"reachable": reachable, "reason": reason}, host)


def spark(host=HOST):
    """All documents of a healthy Spark by kind."""
    return {
        "hardware_baseline": hardware_baseline(host),
        "environment": environment(host),
        "reproducibility": reproducibility(host),
        "benchmark": benchmark(host),
        "live_state": live_state(host),
    }


def plain(host=HOST):
    """All documents of a healthy virtual machine without a GPU."""
    documents = spark(host)
    hardware = documents["hardware_baseline"]["data"]
    hardware["gpu"] = {**hardware["gpu"], "present": False, "source": None, "devices": []}
    hardware["gpu"].update(driver_version=None, cuda_driver_version=None, nvml_version=None)
    hardware["topology"]["pci_devices"] = []
    hardware["platform"]["dgx"] = None
    hardware["platform"]["time_synchronized"] = None
    hardware["memory"]["architecture"] = "none"
    hardware["cpu"].update(architecture="x86_64", logical_cpus=2, model_name="Synthetic CPU")
    cluster = {**_cluster("Synthetic CPU", None, "0-1", None), "implementer": "GenuineIntel"}
    hardware["cpu"]["clusters"] = [{**cluster, "cores": 2}]
    for document in documents.values():
        document["identity"] = identity(gpu_uuids=[], driver=None, serial_hash=None)
    for kind in ("benchmark", "reproducibility"):
        documents[kind]["data"]["device"].update(kind="cpu", name=None)
    data = documents["benchmark"]["data"]
    data["dcgm"] = None
    data["device"].update(compute_capability=None)
    data["build"].update(torch="2.13.0+cpu", cuda=None, arch_list=[])
    data["conditions"].update(logical_cpus=2, other_gpu_processes=None)
    documents["environment"]["data"]["torch"].update(version="2.13.0+cpu", cuda_version=None)
    disk = hardware["storage"]["devices"][0]
    disk.update(name="vda", transport="virtio", model=None, firmware=None, health=None)
    disk.update(link_speed_gigatransfers=None, link_width=None)
    data["figures"] = {**cpu_figures(0.17, 30.0), **disk_figures(1.1, 2.5, 14600.0, 29000.0)}
    data["skipped"] = [
        {"figure": name, "reason": "torch sees no CUDA device"} for name in SPARK_FIGURES
    ]
    own_samples(documents["benchmark"])
    return documents


def h100(host=HOST):
    """All documents of a healthy virtual machine with an H100."""
    documents = spark(host)
    hardware = documents["hardware_baseline"]["data"]
    name = "NVIDIA H100 80GB HBM3"
    hardware["gpu"]["devices"][0].update(
        name=name, pci_bus_id="0000:00:06.0", pci_device_id="10de:2330", compute_capability="9.0",
        cuda_cores=16896, addressing_mode="none", memory_total_bytes=85520809984,
        memory_source="nvml", power_draw_watts=72.6, power_limit_watts=700.0,
        maximum_sm_clock_mhz=1980, sm_clock_mhz=345, performance_state="P0",
    )  # fmt: skip
    hardware["topology"]["pci_devices"][0].update(address="0000:00:06.0", device_id="10de:2330")
    hardware["memory"].update(total_bytes=135148564480, architecture="discrete")
    hardware["platform"]["dgx"] = None
    hardware["cpu"].update(architecture="x86_64", logical_cpus=16, model_name="Synthetic CPU")
    cluster = {**_cluster("Synthetic CPU", None, "0-15", None), "implementer": "GenuineIntel"}
    hardware["cpu"]["clusters"] = [{**cluster, "cores": 16}]
    disk = hardware["storage"]["devices"][0]
    disk.update(name="vda", transport="virtio", model=None, firmware=None, health=None)
    disk.update(link_speed_gigatransfers=None, link_width=None)
    documents["reproducibility"]["data"]["device"]["name"] = name
    data = documents["benchmark"]["data"]
    data["dcgm"] = None
    data["device"].update(name=name, compute_capability="9.0", memory_total_bytes=85017493504)
    data["build"]["threads"] = 16
    data["conditions"].update(logical_cpus=16, load_average_1m=1.6)
    data["figures"] = {
        **gpu_figures(H100_FIGURES, clock=1980.0, power=600.0),
        **cpu_figures(2.1, 150.0),
        **disk_figures(1.8, 2.8, 28600.0, 60000.0),
    }
    data["figures"]["sustained.bf16"]["trace"] = {
        **trace(1410.0, 698.0), "event_reasons": ["sw_power_cap"],
    }  # fmt: skip
    data["skipped"] = [
        {"figure": "gemm.nvfp4", "reason": "compute capability 9.0 has no NVFP4"},
        {"figure": "unified.cpu_reads_gpu", "reason": "the GPU has memory of its own"},
        {"figure": "unified.gpu_reads_cpu", "reason": "the GPU has memory of its own"},
    ]
    own_samples(documents["benchmark"])
    return documents


def with_memory(documents, total_bytes):
    """The same host with another amount of memory, wherever that is told."""
    change(documents["hardware_baseline"], "data.memory.total_bytes", total_bytes)
    change(documents["hardware_baseline"], "data.gpu.devices.0.memory_total_bytes", total_bytes)
    change(documents["benchmark"], "data.device.memory_total_bytes", total_bytes)
    return documents


def later(days):
    """A time some days after the documents were collected."""
    return NOW + timedelta(days=days)


def fresh(documents):
    """A copy that a test may alter."""
    return copy.deepcopy(documents)
