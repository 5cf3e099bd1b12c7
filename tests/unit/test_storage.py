import json

import pytest

from python_probes.core.document import build
from python_probes.core.identifiers import Identifiers
from python_probes.core.system import System
from python_probes.host import lsblk, mounts, nvme, storage

DISK = "/sys/class/block"
SMART = {
    "critical_warning": 0,
    "temperature": 312,
    "avail_spare": 100,
    "percent_used": 3,
    "media_errors": "0",
    "unsafe_shutdowns": 14,
}


def disk(box, name, **files):
    for file, text in {"size": "2048", "queue/rotational": "0", **files}.items():
        box.file(f"{DISK}/{name}/{file.replace('__', '/')}", text)


def names(box):
    return [device["name"] for device in box.collect(storage.collect)["devices"]]


def test_only_disks_are_listed(box):
    for name in ("loop0", "ram0", "zram0", "dm-0", "md127", "sr0", "nvme0c0n1", "mmcblk0boot0",
                 "sda", "vda", "nvme0n1", "mmcblk0"):  # fmt: skip
        disk(box, name)
    disk(box, "sda1", partition="1")
    disk(box, "sdb", size="0")

    assert names(box) == ["mmcblk0", "nvme0n1", "sda", "vda"]


def test_a_sata_disk_by_its_place_and_its_vital_product_data(box):
    place = "/sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0"
    box.link(f"{DISK}/sda", f"../../..{place}/block/sda")
    box.file(f"{place}/block/sda/size", "2048")
    box.file(f"{place}/block/sda/queue/rotational", "1")
    box.file(f"{place}/block/sda/device/model", "ST1000         ")
    box.file(f"{place}/block/sda/device/rev", "CC46")
    box.file(f"{place}/block/sda/device/vpd_pg80", b"\x00\x80\x00\x14   ZFAKE001")

    (entry,) = box.collect(storage.collect)["devices"]

    assert (entry["transport"], entry["model"], entry["firmware"]) == ("sata", "ST1000", "CC46")
    assert entry["rotational"] is True
    assert entry["serial_hash"].startswith("hmac-sha256:")
    assert entry["link_width"] is None
    assert "logical_block_bytes" in box.messages("missing")


def test_an_nvme_that_tells_nothing_is_a_problem(box):
    disk(box, "nvme0n1")

    box.collect(storage.collect)

    lost = box.messages("missing")
    for field in ("model", "firmware", "serial_hash", "link_width"):
        assert field in lost


def test_the_smart_log(box):
    box.says("nvme", json.dumps(SMART))

    assert nvme.health(box.system, "nvme0", box.note) == {
        "critical_warning": 0,
        "temperature_celsius": 39,
        "available_spare_percent": 100,
        "percentage_used": 3,
        "media_errors": 0,
        "unsafe_shutdowns": 14,
    }
    assert box.problems == []


def test_newer_names_of_the_smart_log_and_lost_fields(box):
    log = {"critical_warning": {"value": 4}, "percentage_used": 9, "temperature": 0}
    box.says("nvme", json.dumps(log))

    health = nvme.health(box.system, "nvme0", box.note)

    assert (health["critical_warning"], health["percentage_used"]) == (4, 9)
    assert health["temperature_celsius"] is None
    assert "temperature_celsius, available_spare_percent" in box.messages("missing")


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        ("/dev/nvme0: Permission denied", 1, "no_permission"),
        ("/dev/nvme0: No such device", 1, "failed"),
        ("not json", 0, "unreadable"),
        ("[]", 0, "unreadable"),
    ],
)
def test_a_smart_log_that_cannot_be_read(box, answer, status, code):
    box.says("nvme", answer, status)

    assert nvme.health(box.system, "nvme0", box.note) is None
    assert [found for found, _ in box.problems] == [code]


BY_ID = "/dev/disk/by-id/nvme-"


@pytest.mark.parametrize(
    ("source", "secret"),
    [
        (f"{BY_ID}SAMSUNG_MZALC4T0HBL1-00B07_S7YNNF0X900417-part2", "S7YNNF0X900417"),
        (f"{BY_ID}eui.0025384A51B2C3D4-part2", "0025384A51B2C3D4"),
        ("/dev/mapper/spark--7f3a--vg-root", "spark--7f3a"),
        ("/dev/sda1 /media/7A2B-9F10", "7A2B-9F10"),
    ],
)
def test_no_name_of_a_file_system_identifies_the_box(box, source, secret):
    box.file("/etc/hostname", "spark-7f3a")
    box.file(
        "/proc/mounts", f"{source} / ext4 rw 0 0" if " " not in source else f"{source} ext4 rw"
    )

    document = box.document()

    assert document["data"]["storage"]["file_systems"]
    assert secret not in str(document)


def test_lsblk_as_json(box):
    part = {"name": "sda1", "type": "part", "fstype": "ext4", "mountpoint": "/"}
    whole = {"name": "sda", "type": "disk", "size": 1000, "rota": True, "tran": "sata",
             "serial": "FAKE00001", "log-sec": 512, "children": [part]}  # fmt: skip
    box.says("lsblk", json.dumps({"blockdevices": [whole]}))

    section = box.collect(storage.collect)

    (device,) = section["devices"]
    assert (device["size_bytes"], device["rotational"]) == (1000, True)
    assert device["logical_block_bytes"] == 512
    assert device["serial_hash"].startswith("hmac-sha256:")
    assert section["file_systems"] == [
        {
            "mount_point": "/",
            "source": "/dev/sda1",
            "type": "ext4",
            "size_bytes": None,
            "available_bytes": None,
            "read_only": None,
        }
    ]


def test_an_lsblk_that_fails_or_says_nonsense(box):
    box.says("lsblk", "failed", 1)
    assert lsblk.read(box.system)[0] == []
    box.says("lsblk", "nonsense")
    assert lsblk.read(box.system)[0] == []
    assert box.collect(storage.collect) == {"devices": [], "file_systems": []}
    assert "devices" in box.messages("missing")


def points(box):
    return {entry["mount_point"]: entry for entry in mounts.read(box.system, box.note)}


def test_a_container_keeps_its_overlay_root(box):
    box.file(
        "/proc/mounts",
        "overlay / overlay rw,lowerdir=/a 0 0\n/dev/vda1 /etc/hosts ext4 rw 0 0\n"
        "/dev/vda1 /var/lib/data ext4 ro,relatime 0 0\ntmpfs /dev/shm tmpfs rw 0 0\n"
        "server:/home /home nfs4 rw 0 0\ntank/x /tank zfs rw 0 0\nshort line",
    )

    found = points(box)

    assert sorted(found) == ["/", "/home", "/tank", "/var/lib/data"]
    assert found["/var/lib/data"]["read_only"] is True
    assert found["/"]["type"] == "overlay"


def test_a_later_mount_hides_an_earlier_one(box):
    box.file("/proc/mounts", "/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /d ext4 rw 0 0\n"
             "/dev/sdc1 /d xfs rw 0 0")  # fmt: skip

    assert points(box)["/d"]["source"] == "/dev/sdc1"


def test_df_of_another_box_is_not_believed(box):
    box.file("/proc/mounts", "/dev/nvme0n1p2 / ext4 rw 0 0")
    box.says("df", "Filesystem 1B-blocks Used Available Use% Mounted on\noverlay 9 1 8 1% /\n")

    assert points(box)["/"]["available_bytes"] is None
    assert "df says nothing of /" in box.messages("missing")


def test_df_in_blocks_with_types_and_a_failure_at_the_end(box):
    box.file("/proc/mounts", "/dev/sda1 / ext4 rw 0 0")
    table = (
        "Filesystem Type 1024-blocks Used Available Capacity Mounted on\n"
        "/dev/sda1 ext4 1000 100 -5 10% /\nbad\n"
    )
    box.says("df", table, 1)

    entry = points(box)["/"]

    assert (entry["size_bytes"], entry["available_bytes"]) == (1024000, 0)


def test_df_rounded_for_people_is_not_used(box):
    assert mounts.parse_df("Filesystem Size Used Avail Use% Mounted on\n/dev/sda1 3T 1T 2T 1% /") \
        == {}  # fmt: skip
    assert mounts.parse_df("") == {}


def test_no_df_at_all(box):
    box.file("/proc/mounts", "/dev/sda1 / ext4 rw 0 0")

    assert points(box)["/"]["size_bytes"] is None
    assert "df: not found" in box.messages("missing")


def test_the_live_machine_asks_df_only_for_network_file_systems(box, tmp_path):
    box.says("df", "Filesystem 1-blocks Used Available Capacity Mounted on\ns:/x 7 1 6 1% /x\n")
    entries = [
        {"mount_point": str(tmp_path), "source": "/dev/a", "type": "ext4"},
        {"mount_point": "/nowhere/at/all", "source": "/dev/b", "type": "ext4"},
        {"mount_point": "/x", "source": "s:/x", "type": "nfs4"},
    ]
    for entry in entries:
        entry.update(size_bytes=None, available_bytes=None)

    mounts.add_space(System("/"), entries, box.note)

    assert entries[0]["size_bytes"] > 7
    assert entries[1]["size_bytes"] is None
    assert "/nowhere/at/all" in box.messages("unreadable")
    assert entries[2]["available_bytes"] == 6


SHARES = """\
/dev/nvme0n1p2 / ext4 rw 0 0
192.0.2.77:/volume1/models /mnt/models nfs4 rw,addr=192.0.2.77 0 0
nas-maria.example:/home /net/nas-maria.example/home nfs rw 0 0
//maria@192.0.2.78/media /mnt/media cifs rw,username=maria 0 0
/dev/mapper/3600508b400105e210000900000490000-part1 /mnt/san ext4 rw 0 0
/dev/mapper/1ATA_Samsung_SSD_860_S3Z9NB0K123456 /mnt/ata ext4 rw 0 0
/dev/mapper/system_vg-root /mnt/lvm ext4 rw 0 0
/dev/disk/by-path/ip-192.0.2.79:3260-iscsi-iqn.2003-01.org.example:maria-lun-1 /mnt/lun ext4 rw 0 0
"""
SECRETS = ("192.0.2", "maria", "3600508b400105e210000900000490000", "S3Z9NB0K123456", "iqn.")


def test_nothing_of_a_share_or_a_san_tells_where_the_box_is(box):
    box.file("/proc/mounts", SHARES)
    box.says("df", "df: /mnt/models: Stale file handle\n", 1)
    identifiers = Identifiers(box.system, box.note)
    section = storage.collect(box.system, identifiers, box.note)
    problems = [{"probe": "x", "code": "y", "message": f"{code}: {m}"} for code, m in box.problems]

    made = build("hardware_baseline", "box", {}, section, problems, identifiers=identifiers)

    assert [secret for secret in SECRETS if secret in str(made)] == []
    sources = {e["mount_point"]: e["source"] for e in made["data"]["file_systems"]}
    assert sources["/mnt/models"].endswith(":/volume1/models")
    assert sources["/mnt/lvm"] == "/dev/mapper/system_vg-root"
    assert sources["/"] == "/dev/nvme0n1p2"
    assert len(sources) == 8
