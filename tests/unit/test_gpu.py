"""The GPU section as a whole: which source answers, and what the PCI bus adds."""

import os

import pytest
from nvml_library import FIXTURES, profile
from schema_check import schema_errors

from python_probes.nvidia.gpu_device import FIELDS

GPU_SCHEMA = "/properties/data/properties/gpu"
MEMINFO = "MemTotal:       127535084 kB\nMemAvailable:   14386092 kB\n"
GB10_COMMANDS = FIXTURES / "gb10" / "bin"


def unread(device):
    return {name for name, value in device.items() if value is None}


@pytest.mark.parametrize(
    ("options", "code"), [(["--without-pynvml"], "module_missing"), ([], "library_not_found")]
)
def test_a_gb10_reads_through_nvidia_smi_where_nvml_is_missing(gpu_replay, options, code):
    gpu_replay.write("/proc/meminfo", MEMINFO)
    gpu_replay.path = os.pathsep.join([str(GB10_COMMANDS), os.environ["PATH"]])

    section = gpu_replay.collect(None, *options)

    assert schema_errors("hardware_baseline", GPU_SCHEMA, section) == []
    (device,) = section.pop("devices")
    assert section == {
        "present": True,
        "source": "nvidia-smi",
        "driver_version": "580.159.03",
        "cuda_driver_version": "13.0",
        "nvml_version": None,
        "xid_events": [],
    }
    assert device["name"] == "NVIDIA GB10"
    assert device["pci_bus_id"] == "000f:01:00.0"
    assert device["pci_device_id"] == "10de:2e12"
    assert device["compute_capability"] == "12.1"
    assert device["memory_source"] == "meminfo"
    assert device["memory_total_bytes"] == 127535084 * 1024
    assert device["power_draw_watts"] == 4.12
    assert device["power_limit_watts"] is None
    assert device["event_reasons"] == ["gpu_idle"]
    assert gpu_replay.codes() == sorted([code, "not_offered", "not_supported"])
    for name in FIELDS:
        assert device[name] is not None or name in f"{gpu_replay.problems}"


def test_a_host_without_a_gpu_has_no_problems(gpu_replay):
    section = gpu_replay.collect(None)

    assert schema_errors("hardware_baseline", GPU_SCHEMA, section) == []
    assert section["present"] is False
    assert section["source"] is None
    assert section["devices"] == []
    assert gpu_replay.problems == []


def test_a_host_that_shows_nothing_is_neither_with_nor_without(gpu_replay):
    (gpu_replay.root / "sys/bus/pci/devices/.keep").unlink()
    (gpu_replay.root / "sys/bus/pci/devices").rmdir()

    section = gpu_replay.collect(None)

    assert schema_errors("hardware_baseline", GPU_SCHEMA, section) == []
    assert section["present"] is None
    assert gpu_replay.codes() == ["library_not_found", "nvidia_smi_missing", "pci_unreadable"]


def test_no_devices_and_none_on_the_bus_is_no_gpu(gpu_replay):
    section = gpu_replay.collect(profile("gb10", "count=0"))

    assert schema_errors("hardware_baseline", GPU_SCHEMA, section) == []
    assert section["present"] is False
    assert section["source"] == "nvml"
    assert section["devices"] == []
    assert section["xid_events"] is None
    assert gpu_replay.problems == []


@pytest.mark.parametrize("line", ["count=0", "count=!999"])
def test_a_gpu_on_the_bus_that_nvml_does_not_list_gets_an_empty_entry(gpu_replay, line):
    gpu_replay.pci_device("000f:01:00.0")

    section = gpu_replay.collect(profile("gb10", line))

    assert schema_errors("hardware_baseline", GPU_SCHEMA, section) == []
    (device,) = section["devices"]
    assert section["present"] is True
    assert unread(device) == set(FIELDS) - {"pci_bus_id", "pci_device_id"}
    assert device["pci_device_id"] == "10de:2e12"
    assert "000f:01:00.0" in gpu_replay.messages("gpu_not_answering")


def test_lost_handles_are_not_counted_twice(gpu_replay):
    for bus_id in ("0000:04:00.0", "0000:05:00.0", "0000:06:00.0"):
        gpu_replay.pci_device(bus_id, device="0x2330", device_class="0x030200")

    section = gpu_replay.collect(
        profile("h100", "count=3", "1.handle=!15", "2.handle=!15"),
    )

    assert [device["index"] for device in section["devices"]] == [0, 1, 2]
    assert "0000:06:00.0" in gpu_replay.messages("gpu_not_answering")


def test_a_library_of_another_driver_version_falls_back_and_says_so(gpu_replay):
    gpu_replay.pci_device("000f:01:00.0")
    gpu_replay.command(
        "nvidia-smi",
        "echo 'Failed to initialize NVML: Driver/library version mismatch'\nexit 18",
    )

    section = gpu_replay.collect(profile("gb10", "init=!18"))

    assert section["source"] is None
    assert section["present"] is True
    assert section["devices"][0]["pci_bus_id"] == "000f:01:00.0"
    assert gpu_replay.codes() == ["driver_library_mismatch", "gpu_not_answering"]
    assert "reboot" in gpu_replay.messages("driver_library_mismatch")


def test_xid_errors_of_this_boot_are_counted(gpu_replay):
    gpu_replay.write(
        "/var/log/kern.log",
        "kernel: Linux version 6.17.0-1031-nvidia\n"
        "kernel: NVRM: Xid (PCI:000f:01:00): 119, pid=7, Timeout after 6s of waiting for RPC\n",
    )

    section = gpu_replay.collect(profile("gb10"))

    assert section["xid_events"] == [{"code": 119, "count": 1, "programs": []}]
