"""The GPU section through NVML: the real pynvml, a compiled library, a child process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from nvml_library import profile
from processes import wait_until
from schema_check import schema_errors

from python_probes.nvidia.gpu_device import FIELDS

GPU_SCHEMA = "/properties/data/properties/gpu"
MEMINFO = "MemTotal:       127535084 kB\nMemFree:  1000 kB\nMemAvailable:   14386092 kB\n"


def unread(device):
    return {name for name, value in device.items() if value is None}


def test_a_gb10_reads_everything_it_supports(gpu_replay):
    gpu_replay.write("/proc/meminfo", MEMINFO)
    gpu_replay.pci_device("000f:01:00.0")

    section = gpu_replay.collect(profile("gb10"))

    assert schema_errors("hardware_baseline", GPU_SCHEMA, section) == []
    (device,) = section.pop("devices")
    assert section == {
        "present": True,
        "source": "nvml",
        "driver_version": "580.159.03",
        "cuda_driver_version": "13.0",
        "nvml_version": "13.580.159.03",
        "xid_events": [],
    }
    not_supported = {
        "serial_hash",
        "power_limit_watts",
        "memory_clock_mhz",
        "ecc_mode",
        "ecc_uncorrected_errors",
        "mig_mode",
    }
    assert unread(device) == not_supported
    assert {name: device[name] for name in FIELDS if name not in not_supported} == {
        "index": 0,
        "name": "NVIDIA GB10",
        "uuid": "GPU-00000000-0000-4000-8000-0000000000aa",
        "pci_bus_id": "000f:01:00.0",
        "pci_device_id": "10de:2e12",
        "compute_capability": "12.1",
        "cuda_cores": 6144,
        "vbios_version": "9A.0B.1E.00.00",
        "addressing_mode": "ats",
        "memory_total_bytes": 127535084 * 1024,
        "memory_used_bytes": (127535084 - 14386092) * 1024,
        "memory_free_bytes": 14386092 * 1024,
        "memory_source": "meminfo",
        "power_draw_watts": 4.12,
        "temperature_celsius": 33,
        "sm_clock_mhz": 208,
        "maximum_sm_clock_mhz": 3003,
        "gpu_utilization_percent": 0,
        "memory_utilization_percent": 0,
        "performance_state": "P8",
        "persistence_mode": True,
        "event_reasons": ["gpu_idle"],
        "pcie_generation": 1,
        "pcie_width": 16,
    }
    assert gpu_replay.codes() == ["not_supported"]
    for name in not_supported:
        assert f"GPU 0 (000f:01:00.0): {name}:" in gpu_replay.messages("not_supported")


def test_a_discrete_gpu_reads_every_field_and_hides_its_serial_number(gpu_replay):
    section = gpu_replay.collect(profile("h100"))

    assert schema_errors("hardware_baseline", GPU_SCHEMA, section) == []
    (device,) = section["devices"]
    assert unread(device) == set()
    assert device["memory_source"] == "nvml"
    assert device["memory_total_bytes"] == 85520809984
    assert device["memory_used_bytes"] == 614465536
    assert device["power_limit_watts"] == 700.0
    assert device["ecc_mode"] is True
    assert device["ecc_uncorrected_errors"] == 2
    assert device["mig_mode"] is False
    assert device["event_reasons"] == ["gpu_idle", "sw_power_cap"]
    assert device["serial_hash"].startswith("hmac-sha256:")
    assert "1650000000000" not in f"{section}{gpu_replay.problems}"
    assert gpu_replay.problems == []


def test_memory_that_is_not_supported_stays_null_on_any_other_gpu(gpu_replay):
    gpu_replay.write("/proc/meminfo", MEMINFO)

    section = gpu_replay.collect(profile("h100", "0.memory_total"))

    device = section["devices"][0]
    assert device["memory_total_bytes"] is None
    assert device["memory_source"] is None
    assert "GPU 0 (0000:04:00.0): memory:" in gpu_replay.messages("not_supported")


@pytest.mark.parametrize(
    ("error", "code"), [("!15", "gpu_is_lost"), ("!999", "unknown_error"), ("!4", "no_permission")]
)
def test_an_error_on_the_memory_of_a_gb10_is_not_hidden_by_meminfo(gpu_replay, error, code):
    gpu_replay.write("/proc/meminfo", MEMINFO)

    section = gpu_replay.collect(profile("gb10", f"0.memory_total={error}"))

    assert section["devices"][0]["memory_total_bytes"] is None
    assert "memory" in gpu_replay.messages(code)


def test_a_gb10_without_a_meminfo_says_so(gpu_replay):
    gpu_replay.write("/proc/meminfo", "MemTotal:       127535084 kB\n")

    section = gpu_replay.collect(profile("gb10"))

    assert section["devices"][0]["memory_total_bytes"] is None
    assert "MemAvailable" in gpu_replay.messages("meminfo_unreadable")


def test_a_gb10_is_told_by_its_name_where_the_pci_id_is_not_read(gpu_replay):
    gpu_replay.write("/proc/meminfo", MEMINFO)

    section = gpu_replay.collect(profile("gb10", "0.pci_device_id"))

    device = section["devices"][0]
    assert device["pci_device_id"] is None
    assert device["memory_source"] == "meminfo"


def test_a_gb100_is_no_gb10(gpu_replay):
    gpu_replay.write("/proc/meminfo", MEMINFO)

    section = gpu_replay.collect(
        profile("gb10", "0.name=NVIDIA GB100", "0.pci_device_id=0x294110de")
    )

    assert section["devices"][0]["memory_source"] is None


def test_memory_falls_back_from_version_2_to_1(gpu_replay):
    section = gpu_replay.collect(profile("h100", "0.memory_v2=!13"))

    assert section["devices"][0]["memory_total_bytes"] == 85520809984
    assert gpu_replay.problems == []


def test_a_lost_gpu_stays_in_the_list(gpu_replay):
    gpu_replay.write("/proc/meminfo", MEMINFO)
    gpu_replay.pci_device("000f:01:00.0")
    known = "\n".join(line for line in profile("gb10").splitlines() if not line.startswith("0."))

    section = gpu_replay.collect(known + "\n0.*=!15\n0.name=NVIDIA GB10\n")

    assert schema_errors("hardware_baseline", GPU_SCHEMA, section) == []
    (device,) = section["devices"]
    assert section["present"] is True
    assert unread(device) == set(FIELDS) - {"index", "name", "pci_bus_id", "pci_device_id"}
    assert device["pci_bus_id"] == "000f:01:00.0"  # the only GPU on the bus
    assert gpu_replay.codes() == ["gpu_is_lost"]
    assert len(gpu_replay.problems) == 1
    assert "uuid" in gpu_replay.messages("gpu_is_lost")


def test_a_gpu_whose_handle_is_lost_stays_in_the_list(gpu_replay):
    gpu_replay.pci_device("000f:01:00.0")

    section = gpu_replay.collect(profile("gb10", "0.handle=!15"))

    (device,) = section["devices"]
    assert device["index"] == 0
    assert device["name"] is None
    assert device["pci_bus_id"] == "000f:01:00.0"
    assert gpu_replay.codes() == ["gpu_is_lost"]


def test_a_wedged_gpu_reads_as_it_is(gpu_replay):
    wedge = (
        "0.gpu_utilization=96",
        "0.sm_clock=507",
        "0.power_draw_milliwatts=11100",
        "0.performance_state=0",
        "0.event_reasons=0x0",
    )

    section = gpu_replay.collect(profile("gb10", *wedge))

    device = section["devices"][0]
    assert device["gpu_utilization_percent"] == 96
    assert device["sm_clock_mhz"] == 507
    assert device["power_draw_watts"] == 11.1
    assert device["performance_state"] == "P0"
    assert device["event_reasons"] == []


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("0.gpu_utilization=255", "gpu_utilization_percent"),
        ("0.performance_state=32", "performance_state"),
        ("0.power_draw_milliwatts=4294967295", "power_draw_watts"),
        ("0.pcie_width=4294967295", "pcie_width"),
        ("0.addressing_mode=9", "addressing_mode"),
        ("0.pci_bus_id=nowhere", "pci_bus_id"),
        ("0.uuid=", "uuid"),
        ("0.memory_total=0", "memory_total_bytes"),
    ],
)
def test_a_reading_that_cannot_be_is_null_and_named(gpu_replay, line, name):
    section = gpu_replay.collect(profile("h100", line))

    assert schema_errors("hardware_baseline", GPU_SCHEMA, section) == []
    assert section["devices"][0][name] is None
    assert name.removesuffix("_total_bytes") in gpu_replay.messages("implausible")


def test_a_text_that_is_no_text_costs_its_own_field(gpu_replay):
    section = gpu_replay.collect(profile("h100", "0.name=\udcff\udcfe"))

    assert section["devices"][0]["name"] is None
    assert section["devices"][0]["uuid"] is not None
    assert "name" in gpu_replay.messages("unreadable")


def test_functions_that_an_old_driver_lacks_fall_back(gpu_replay):
    section = gpu_replay.collect(
        profile("h100", "0.event_reasons=!13", "0.throttle_reasons=0x40", "0.cuda_cores=!13")
    )

    assert section["devices"][0]["event_reasons"] == ["hw_thermal_slowdown"]
    assert section["devices"][0]["cuda_cores"] is None
    assert gpu_replay.codes() == ["function_not_found"]


def test_an_error_that_pynvml_does_not_know_keeps_its_number(gpu_replay):
    section = gpu_replay.collect(profile("h100", "0.cuda_cores=!77"))

    assert section["devices"][0]["cuda_cores"] is None
    assert "cuda_cores" in gpu_replay.messages("nvml_error_77")


@pytest.mark.parametrize("last", ["", "0.memory_total=~0"])
def test_nvml_is_shut_down(gpu_replay, last):
    gpu_replay.collect(profile("gb10", *filter(None, [last])))

    assert gpu_replay.log.read_text().split() == ["init", "shutdown"]


def document(replay, kind, profile_text):
    done = subprocess.run(
        [sys.executable, "-m", "python_probes", kind, "--root", str(replay.root), "--timeout", "5"],
        env=replay.environment(profile_text),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def problems(made, code):
    return [
        one["message"] for one in made["problems"] if (one["probe"], one["code"]) == ("gpu", code)
    ]


@pytest.mark.parametrize(
    ("kind", "line", "name"),
    [
        ("hardware", "0.temperature=^11", "SIGSEGV"),
        ("hardware", "init=^6", "SIGABRT"),
        ("environment", "0.*=^7", "SIGBUS"),
        ("live_state", "0.uuid=^11", "SIGSEGV"),
    ],
)
def test_a_crash_in_the_drivers_library_costs_its_section(gpu_replay, kind, line, name):
    gpu_replay.write("/proc/sys/kernel/osrelease", "6.17.0-1031-nvidia\n")

    made = document(gpu_replay, kind, profile("gb10", line))

    (message,) = problems(made, "crashed")
    assert f"died of {name}" in message
    assert "reinstall the driver" in message
    assert made["identity"]["gpu_uuids"] is None
    assert made["identity"]["kernel"] == "6.17.0-1031-nvidia"
    if kind == "hardware":
        assert made["data"]["gpu"] is None
        assert made["data"]["platform"] is not None


def test_what_the_gpu_probe_hashes_is_hidden_everywhere(gpu_replay):
    gpu_replay.write("/sys/class/dmi/id/product_name", "box of 1650000000123\n")

    made = document(gpu_replay, "hardware", profile("h100", "0.serial=1650000000123"))

    assert made["data"]["gpu"]["devices"][0]["serial_hash"].startswith("hmac-sha256:")
    assert "1650000000123" not in str(made)


def test_a_library_that_hangs_is_ended_with_its_process(gpu_replay):
    began = set(Path("/proc").iterdir())

    made = document(gpu_replay, "live_state", profile("gb10", "0.temperature=~600"))

    assert len(problems(made, "timeout")) == 1
    wait_until(lambda: not [one for one in set(Path("/proc").iterdir()) - began
                            if replayed(one, gpu_replay.root)])  # fmt: skip


def replayed(process, root):
    try:
        return str(root).encode() in (process / "cmdline").read_bytes()
    except OSError:
        return False


def test_a_call_that_hangs_leaves_a_deadline_to_the_caller(gpu_replay):
    # The caller runs this probe in a thread: that helps only if NVML's calls release the GIL.
    program = """
import os, sys, threading
from python_probes.nvidia import gpu
from python_probes.core.identifiers import Identifiers
from python_probes.core.system import System
system = System(sys.argv[1])
note = lambda code, message: None
arguments = (system, Identifiers(system, note), note)
thread = threading.Thread(target=gpu.collect, args=arguments, daemon=True)
thread.start()
thread.join(0.3)
print("still waiting" if thread.is_alive() else "finished", flush=True)
os._exit(0)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(gpu_replay.root)],
        env=gpu_replay.environment(profile("gb10", "0.temperature=~600")),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.stdout.split("\n")[0] == "still waiting", done.stderr
