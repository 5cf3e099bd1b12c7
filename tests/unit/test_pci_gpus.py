from pathlib import Path

import pytest

from python_probes.core.system import System
from python_probes.nvidia import pci_gpus
from python_probes.nvidia.gpu_device import pci_bus_id
from python_probes.nvidia.pci_gpus import PciGpu

LSPCI = """\
000f:00:00.0 PCI bridge [0604]: NVIDIA Corporation Device [10de:22d1]
000f:01:00.0 VGA compatible controller [0300]: NVIDIA Corporation Device [10de:2e12] (rev a1)
0010:01:00.0 3D controller [0302]: NVIDIA Corporation GH100 [H100 SXM5 80GB] [10de:2330] (rev a1)
0011:01:00.0 VGA compatible controller [0300]: ASPEED Technology, Inc. [1a03:2000] (rev 52)
0012:01:00.0 Audio device [0403]: NVIDIA Corporation Device [10de:22bc] (rev a1)
"""


@pytest.fixture
def commands(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def command(folder, name, body):
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


def device(root, bus_id, vendor, device_id, device_class):
    folder = root / "sys/bus/pci/devices" / bus_id
    folder.mkdir(parents=True)
    (folder / "vendor").write_text(f"{vendor}\n")
    (folder / "device").write_text(f"{device_id}\n")
    (folder / "class").write_text(f"{device_class}\n")
    return folder


def test_only_nvidia_display_controllers_count(root, commands):
    device(root, "000f:00:00.0", "0x10de", "0x22d1", "0x060400")
    device(root, "000f:01:00.0", "0x10de", "0x2e12", "0x030000")
    device(root, "0000:04:00.0", "0x10de", "0x2330", "0x030200")
    device(root, "0000:05:00.0", "0x1a03", "0x2000", "0x030000")

    assert pci_gpus.find(System(root)) == [
        PciGpu("0000:04:00.0", "10de:2330"),
        PciGpu("000f:01:00.0", "10de:2e12"),
    ]


def test_the_bound_driver_is_told(root, commands):
    folder = device(root, "0000:04:00.0", "0x10de", "0x2330", "0x030200")
    (root / "sys/bus/pci/drivers/vfio-pci").mkdir(parents=True)
    (folder / "driver").symlink_to(Path("../../drivers/vfio-pci"))

    assert pci_gpus.find(System(root)) == [PciGpu("0000:04:00.0", "10de:2330", "vfio-pci")]


def test_lspci_answers_where_the_root_has_no_bus(root, commands):
    (root / "lspci.txt").write_text(LSPCI)
    command(commands, "lspci", f'while IFS= read -r line; do echo "$line"; done <{root}/lspci.txt')

    assert pci_gpus.find(System(root)) == [
        PciGpu("000f:01:00.0", "10de:2e12"),
        PciGpu("0010:01:00.0", "10de:2330"),
    ]


def test_an_lspci_that_knows_no_domain_option(root, commands):
    line = "04:00.0 3D controller [0302]: NVIDIA Corporation Device [10DE:2330]"
    command(commands, "lspci", f'[ "$1" = -nn ] || exit 1\necho "{line}"')

    # lspci leaves domain 0000 out.
    assert pci_gpus.find(System(root)) == [PciGpu("0000:04:00.0", "10de:2330")]


@pytest.mark.parametrize("body", [None, "exit 1", "echo 'pcilib: Cannot open /proc/bus/pci'"])
def test_no_answer_at_all_is_no_evidence_either_way(root, commands, body):
    if body is not None:
        command(commands, "lspci", body)

    assert pci_gpus.find(System(root)) is None


def test_gpus_of_the_kernel_module_count_without_a_bus(root, commands):
    (root / "proc/driver/nvidia/gpus/000f:01:00.0").mkdir(parents=True)
    (root / "proc/driver/nvidia/gpus/.keep").touch()

    assert pci_gpus.find(System(root)) == [PciGpu("000f:01:00.0", None, "nvidia")]


def test_this_machine_is_read_without_an_error():
    found = pci_gpus.find(System())

    assert found is None or all(gpu.bus_id == pci_bus_id(gpu.bus_id) for gpu in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0000000F:01:00.0", "000f:01:00.0"), ("00000000:C1:00.0", "0000:c1:00.0")],
)
def test_addresses_are_written_as_lspci_does(text, expected):
    assert pci_bus_id(text) == expected


def test_what_is_no_address_is_refused():
    with pytest.raises(ValueError, match="not a PCI address"):
        pci_bus_id("[N/A]")
