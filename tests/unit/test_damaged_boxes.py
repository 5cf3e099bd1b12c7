"""Boxes that hang, lack tools or hold broken files: sections stay honest, nothing crashes."""

import shutil

from box import GB10
from schema_check import schema_errors

from python_probes.collect import installed_software
from python_probes.host import memory, network, storage, topology
from python_probes.software import cuda


def problems_of(document, probe):
    return {p["code"]: p["message"] for p in document["problems"] if p["probe"] == probe}


def test_a_box_with_nothing_at_all(box):
    document = box.document()

    assert schema_errors("hardware_baseline", "", document) == []
    data = document["data"]
    assert all(section is not None for section in data.values())
    assert data["cpu"]["logical_cpus"] is None
    assert data["memory"]["total_bytes"] is None
    assert data["memory"]["architecture"] is None
    assert data["platform"]["kernel"] is None
    assert data["software"]["docker"]["nvidia_runtime_registered"] is None
    assert {p["probe"] for p in document["problems"]} == {
        "identifiers", "gpu", "cpu", "memory", "storage", "network", "topology", "platform",
        "software",
    }  # fmt: skip
    assert not [p for p in document["problems"] if p["code"] == "crashed"]


def test_a_command_that_hangs_costs_its_field_only(box):
    box.command("nvidia-smi", "exec /bin/sleep 600")
    box.file("/sys/bus/pci/devices/000f:01:00.0/class", "0x030000")

    document = box.document("hardware", "--timeout", "1.5")

    assert document["data"]["topology"]["matrix"] is None
    assert document["data"]["topology"]["pci_devices"][0]["class"] == "0300"
    assert "no answer in 0.6 s" in problems_of(document, "topology")["timeout"]


def test_a_probe_that_hangs_costs_its_section_only(box):
    for name in ("timedatectl", "chronyc", "uname", "dmidecode"):
        box.command(name, "exec /bin/sleep 600")
    box.file("/proc/meminfo", "MemTotal: 1 kB")

    document = box.document("hardware", "--timeout", "0.5")

    assert schema_errors("hardware_baseline", "", document) == []
    assert document["data"]["platform"] is None
    assert "not finished in 0.5 s" in problems_of(document, "platform")["timeout"]
    assert document["data"]["memory"]["total_bytes"] == 1024
    assert document["identity"]["kernel"] is None


def test_garbage_in_meminfo(box):
    text = (
        b"MemTotal:  127535084 kB\nMemAvail\xff\xfe: 12 kB\nSwapTotal: many kB\nSwapFree: -4 kB\n"
    )
    box.file("/proc/meminfo", text + b"HugePages_Total: 99999999999999999999999999\n\x00\x00")

    section = box.collect(memory.collect)

    assert section["total_bytes"] == 127535084 * 1024
    for field in ("available_bytes", "swap_total_bytes", "swap_free_bytes", "huge_pages_total"):
        assert section[field] is None
    lost = box.messages("missing")
    for label in ("MemAvailable", "SwapTotal", "SwapFree", "HugePages_Total"):
        assert label in lost


def test_loops_of_links(box):
    box.link("/usr/local/cuda", "/etc/alternatives/cuda")
    box.link("/etc/alternatives/cuda", "/usr/local/cuda")
    box.link("/sys/class/net/eth0/device", "device")
    box.link("/sys/bus/pci/devices/0000:00:01.0/driver", "../0000:00:01.0/driver")
    box.link("/sys/class/block/sda/device", "device")
    box.file("/sys/class/net/eth0/mtu", "1500")
    box.file("/sys/class/block/sda/size", "8")

    assert box.collect(installed_software.collect)["cuda"]["default_path"] is None
    assert box.collect(network.collect)["interfaces"][0]["driver"] is None
    assert box.collect(topology.collect)["pci_devices"][0]["driver"] is None
    assert box.collect(storage.collect)["devices"][0]["size_bytes"] == 4096


def test_a_torn_driver_shows_both_versions(box):
    status = (GB10 / "root/var/lib/dpkg/status").read_text()
    box.file("/var/lib/dpkg/status", status.replace("580.159.03-0", "580.173.02-0"))
    box.file("/sys/module/nvidia/version", "580.159.03")

    driver = box.collect(installed_software.collect)["driver"]

    assert driver["loaded_version"] == "580.159.03"
    assert driver["installed_version"] == "580.173.02"
    assert driver["module_flavour"] is None
    assert "module_flavour" in box.messages("missing")


def test_a_status_file_cut_off_in_a_stanza(box):
    status = (GB10 / "root/var/lib/dpkg/status").read_text()
    cut = status.index("Version:", status.index("Package: nvidia-driver-580-open"))
    box.file("/var/lib/dpkg/status", status[:cut])

    driver = box.collect(installed_software.collect)["driver"]

    assert driver["installed_package"] == "libnvidia-compute-580"


def test_truncated_version_json(box):
    box.file("/usr/local/cuda-13.0/version.json", '{"cuda": {"name": "CUDA SDK", "ver')

    section = cuda.collect(box.system, {}, box.note)

    assert section["toolkits"] == [{"path": "/usr/local/cuda-13.0", "version": None}]
    assert section["default_path"] is None
    assert "version.json" in box.messages("missing")


def test_a_cpu_that_went_offline(box, gb10_path):
    root = box.root.parent / "copy"
    shutil.copytree(GB10 / "root", root, symlinks=True)
    (root / "sys/devices/system/cpu/online").write_text("0-18\n")

    document = box.document(root=root, path=gb10_path)

    assert document["data"]["cpu"]["logical_cpus"] == 19
    assert document["data"]["cpu"]["clusters"][0]["cpus"] == "5-9,15-18"
