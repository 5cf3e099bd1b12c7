"""The disk that a folder lies on, from replayed /sys trees."""

import os
from pathlib import Path

import pytest

from python_probes.host import block_device as module
from python_probes.host.block_device import BlockDevice, block_device
from python_probes.host.mounts import Mount, mount

NVME = "/sys/devices/pci0004:00/0004:00:00.0/nvme/nvme0/nvme0n1"


@pytest.fixture
def disk(box, tmp_path, monkeypatch):
    """Puts a folder on device 259:3, which is whatever the box says."""
    box.file(f"{NVME}/device/model", "SAMSUNG MZALC4T0HBL1-00B07          ")
    box.file(f"{NVME}/nvme0n1p2/partition", "2")

    def on(major, minor, mounted_from=None):
        status = os.stat_result([0, 0, os.makedev(major, minor), *[0] * 7])
        folder = type("Folder", (), {"stat": lambda _: status})()
        monkeypatch.setattr(module, "mount", lambda *_: Mount("x", mounted_from))
        return block_device(box.system, folder)

    return on


def test_a_partition_is_on_its_disk(box, disk):
    box.link("/sys/dev/block/259:3", f"{NVME}/nvme0n1p2")

    assert disk(259, 3) == BlockDevice("nvme0n1", "SAMSUNG MZALC4T0HBL1-00B07")


def test_a_whole_disk_is_itself(box, disk):
    box.link("/sys/dev/block/259:0", NVME)

    assert disk(259, 0).name == "nvme0n1"


def test_a_logical_volume_is_on_the_one_disk_below(box, disk):
    box.file("/sys/devices/virtual/block/dm-0/size", "1")
    box.link("/sys/devices/virtual/block/dm-0/slaves/nvme0n1p2", f"{NVME}/nvme0n1p2")
    box.link("/sys/dev/block/253:0", "/sys/devices/virtual/block/dm-0")

    assert disk(253, 0) == BlockDevice("nvme0n1", "SAMSUNG MZALC4T0HBL1-00B07")


def test_an_array_over_two_disks_has_no_model(box, disk):
    for one in ("nvme0n1p2", "nvme1n1p2"):
        box.link(f"/sys/devices/virtual/block/md0/slaves/{one}", f"{NVME}/nvme0n1p2")
    box.link("/sys/dev/block/9:0", "/sys/devices/virtual/block/md0")

    assert disk(9, 0) == BlockDevice("md0", None)


def test_a_disk_without_a_model_has_its_name(box, disk):
    box.file("/sys/devices/virtio1/block/vda/size", "1")
    box.link("/sys/dev/block/254:0", "/sys/devices/virtio1/block/vda")

    assert disk(254, 0) == BlockDevice("vda", None)


def test_what_sys_does_not_know_is_unknown(disk):
    assert disk(8, 1) == BlockDevice(None, None)


def test_a_file_system_without_a_device_number_is_found_by_what_is_mounted(box, disk, monkeypatch):
    box.link("/sys/dev/block/259:3", f"{NVME}/nvme0n1p2")
    node = os.stat_result([0] * 10, {"st_rdev": os.makedev(259, 3)})
    real = Path.stat

    def stat(path, **options):
        return node if path == box.root / "dev/nvme0n1p2" else real(path, **options)

    monkeypatch.setattr(Path, "stat", stat)

    assert disk(0, 42, "/dev/nvme0n1p2") == BlockDevice("nvme0n1", "SAMSUNG MZALC4T0HBL1-00B07")


@pytest.mark.parametrize("source", [None, "overlay", "server:/export"])
def test_a_file_system_over_no_device_has_none(disk, source):
    assert disk(0, 42, source) == BlockDevice(None, None)


def test_the_longest_mount_point_holds_the_folder(box, tmp_path):
    box.file(
        "/proc/self/mounts",
        "/dev/sda1 / ext4 rw 0 0\n"
        "/dev/sdb1 /data xfs rw 0 0\n"
        "tmpfs /data\\040two tmpfs rw 0 0\n"
        "/dev/sdc1 /data btrfs rw 0 0\n"
        "/dev/sdd1 /data/x\n"
        "cut off",
    )

    found = {
        folder: mount(box.system, tmp_path / folder)
        for folder in ("/data/x", "/data two", "/database", "/")
    }

    assert found == {
        "/data/x": Mount("btrfs", "/dev/sdc1"),
        "/data two": Mount("tmpfs", "tmpfs"),
        "/database": Mount("ext4", "/dev/sda1"),
        "/": Mount("ext4", "/dev/sda1"),
    }


def test_without_a_mount_table_nothing_is_known(box, tmp_path):
    assert mount(box.system, tmp_path) == Mount(None, None)
