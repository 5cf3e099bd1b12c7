"""The command line against the captured GB10 box: a folder and a PATH, in a process of its own."""

import re

import pytest
from box import GB10
from schema_check import schema_errors

ROOT = GB10 / "root"
# Planted below the root, and by the captures on PATH.
SECRETS = (
    "FAKEPRODUCT0001",
    "FAKEBOARD000001",
    "FAKECHASSIS0001",
    "FAKENVME0000001",
    "FAKEDGX0000001",
    "fa4eda7a-0000-4000-8000-0000000000cc",
    "fa4e0000fa4e0000fa4e0000fa4e0000",
    "0badcafe-0000-4000-8000-0000000000bb",
    "0200000000aa",
    "0200:00ff:fe00",
    "spark-fa4e",
)


@pytest.fixture
def document(box, gb10_path):
    return box.document("hardware", "--host", "spark1", root=ROOT, path=gb10_path)


def test_the_document_matches_its_schema(document):
    assert schema_errors("hardware_baseline", "", document) == []
    assert document["host"] == "spark1"


def test_nothing_identifies_the_box(document):
    text = str(document).lower()

    assert [secret for secret in SECRETS if secret.lower() in text] == []
    assert not re.search(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", text)
    planted = "\n".join(
        path.read_text(errors="replace") for path in ROOT.rglob("*") if path.is_file()
    )
    assert [secret for secret in SECRETS if secret not in planted and "0200000000" not in secret] \
        == []  # fmt: skip
    # An adapter's name holds its MAC address; the hash takes its place there too.
    (adapter,) = [e for e in document["data"]["network"]["interfaces"] if e["driver"] == "r8152"]
    assert adapter["name"] == "enx" + adapter["mac_hash"]


def test_identity(document):
    identity = document["identity"]

    assert identity["gpu_uuids"] == ["GPU-00000000-0000-4000-8000-0000000000aa"]
    assert identity["kernel"] == "6.17.0-1014-nvidia"
    assert identity["driver"] == "580.159.03"
    assert identity["boot_id"] == "b0070000-0000-4000-8000-0000000000dd"
    assert identity["serial_hash"] == document["data"]["platform"]["serial_hash"]
    assert identity["serial_hash"] != document["data"]["platform"]["dgx"]["serial_hash"]


def test_cpu_clusters(document):
    cpu = document["data"]["cpu"]

    assert cpu["architecture"] == "aarch64"
    assert cpu["model_name"] is None
    assert cpu["logical_cpus"] == 20
    assert cpu["numa_nodes"] == [{"node": 0, "cpus": "0-19"}]
    assert {"sve2", "i8mm", "bf16"} <= set(cpu["flags"])
    assert cpu["clusters"] == [
        {
            "name": "Cortex-X925",
            "implementer": "0x41",
            "part": "0xd85",
            "cores": 10,
            "cpus": "5-9,15-19",
            "maximum_mhz": 3900,
            "minimum_mhz": 1378,
        },
        {
            "name": "Cortex-A725",
            "implementer": "0x41",
            "part": "0xd87",
            "cores": 10,
            "cpus": "0-4,10-14",
            "maximum_mhz": 2808,
            "minimum_mhz": 338,
        },
    ]


def test_memory_is_unified(document):
    memory = document["data"]["memory"]

    assert memory["total_bytes"] == 127535084 * 1024
    assert memory["page_size_bytes"] == 4096
    assert memory["cma_total_bytes"] == 131072 * 1024
    assert memory["architecture"] == "unified"
    assert memory["allocatable_bytes"] == (14386092 + 33000000) * 1024
    assert memory["allocatable_rule"] == "MemAvailable + SwapFree"


def test_storage(document):
    storage = document["data"]["storage"]

    (disk,) = storage["devices"]
    assert disk["model"] == "SAMSUNG MZALC4T0HBL1-00B07"
    assert disk["size_bytes"] == 7814037168 * 512
    assert (disk["link_speed_gigatransfers"], disk["link_width"]) == (32.0, 4)
    assert (disk["transport"], disk["rotational"], disk["health"]) == ("nvme", False, None)
    points = {entry["mount_point"]: entry for entry in storage["file_systems"]}
    # The bind mount of /, the overlay and the snap are not file systems of their own.
    assert len(points) == 3
    assert points["/"]["available_bytes"] == 3224416718848
    (stick,) = [entry for name, entry in points.items() if name.startswith("/media/user/my disk ")]
    assert stick["read_only"] is True
    assert stick["available_bytes"] == 62973280256


def test_network_and_connectx_twins(document):
    network = document["data"]["network"]

    interfaces = {entry["name"]: entry for entry in network["interfaces"]}
    assert "lo" not in interfaces
    assert not [name for name in interfaces if name.startswith("veth")]
    up = interfaces["enP2p1s0f0np0"]
    assert (up["driver"], up["pci_address"]) == ("mlx5_core", "0002:01:00.0")
    assert (up["speed_mbps"], up["carrier"], up["mtu"]) == (200000, True, 9000)
    assert up["rdma_device"] == "roceP2p1s0f0"
    assert interfaces["enp1s0f1np1"]["speed_mbps"] is None
    assert interfaces["enp1s0f1np1"]["carrier"] is False
    assert interfaces["docker0"]["driver"] == "bridge"
    assert network["connectx"] == {
        "functions": 4,
        "ports": [
            {"port": 0, "interfaces": ["enP2p1s0f0np0", "enp1s0f0np0"]},
            {"port": 1, "interfaces": ["enP2p1s0f1np1", "enp1s0f1np1"]},
        ],
    }
    assert {p["device"]: (p["state"], p["physical_state"]) for p in network["rdma_ports"]} == {
        "rocep1s0f0": ("ACTIVE", "LINK_UP"),
        "rocep1s0f1": ("DOWN", "DISABLED"),
        "roceP2p1s0f0": ("ACTIVE", "LINK_UP"),
        "roceP2p1s0f1": ("DOWN", "DISABLED"),
    }


def test_topology(document):
    topology = document["data"]["topology"]

    gpu = next(d for d in topology["pci_devices"] if d["device_id"] == "10de:2e12")
    assert gpu == {
        "address": "000f:01:00.0",
        "device_id": "10de:2e12",
        "class": "0300",
        "driver": "nvidia",
        "numa_node": 0,
    }
    assert topology["matrix"]["links"]["NIC2"]["NIC3"] == "PIX"
    assert topology["matrix"]["affinity"]["GPU0"]["GPU NUMA ID"] is None
    assert topology["matrix"]["network_devices"]["NIC3"] == "roceP2p1s0f1"


def test_platform_takes_the_last_update(document):
    platform = document["data"]["platform"]

    assert platform["product_name"] == "NVIDIA_DGX_Spark"
    assert platform["operating_system"]["version_id"] == "24.04"
    assert platform["dgx"]["software_version"] == "7.2.3"
    assert platform["dgx"]["ota_version"] == "7.5.0"
    assert platform["dgx"]["ota_date"] == "Thu Jun 18 17:40:28 EDT 2026"
    assert (platform["time_synchronized"], platform["time_source"]) == (True, "timedatectl")


def test_software(document):
    software = document["data"]["software"]

    assert software["driver"] == {
        "loaded_version": "580.159.03",
        "installed_version": "580.159.03",
        "installed_package": "nvidia-driver-580-open",
        "module_flavour": "open",
    }
    assert software["cuda"] == {
        "default_path": "/usr/local/cuda-13.0",
        "toolkits": [{"path": "/usr/local/cuda-13.0", "version": "13.0.3"}],
        "nvcc_path": "/usr/local/cuda-13.0/bin/nvcc",
        "nvcc_version": "13.0.88",
        "nvcc_on_path": False,
        "nvcc_source": "nvcc",
    }
    assert software["docker"]["client_version"] == "29.1.3"
    assert software["docker"]["server_version"] is None
    assert software["docker"]["nvidia_runtime_registered"] is True
    assert software["docker"]["nvidia_runtime_source"] == "daemon.json"
    assert software["container_toolkit"] == {"version": "1.19.0", "package_version": "1.19.0-1"}
    assert software["python"]["system_version"] == "3.12.3"


def test_what_could_not_be_read_is_named(document):
    problems = {(p["probe"], p["code"]): p["message"] for p in document["problems"]}

    assert "nvme0" in problems["storage", "no_permission"]
    assert "group docker" in problems["software", "no_permission"]
    assert ("software", "missing") in problems
    # Nothing of the rest is in doubt on this box.
    assert {p["probe"] for p in document["problems"]} <= {"gpu", "storage", "software"}


def test_live_state_has_the_same_identity(box, gb10_path, document):
    live = box.document("live_state", "--host", "spark1", root=ROOT, path=gb10_path)

    assert schema_errors("live_state", "", live) == []
    assert live["identity"] == document["identity"]
    assert live["data"] == {"reachable": True, "reason": None}


def test_captured_commands_alone_tell_most(box, gb10_path):
    """The same box without a single file: lscpu, lspci, lsblk, ip and rdma as captured."""
    document = box.document(path=gb10_path)

    assert schema_errors("hardware_baseline", "", document) == []
    data = document["data"]
    assert [(c["name"], c["part"], c["cores"]) for c in data["cpu"]["clusters"]] == [
        ("Cortex-X925", "0xd85", 10),
        ("Cortex-A725", "0xd87", 10),
    ]
    assert data["cpu"]["clusters"][0]["maximum_mhz"] == 4004
    assert data["cpu"]["logical_cpus"] == 20
    assert data["memory"]["architecture"] == "unified"
    assert data["memory"]["allocatable_bytes"] is None
    assert data["network"]["connectx"]["functions"] == 4
    assert data["network"]["connectx"]["ports"][0] == {
        "port": 0,
        "interfaces": ["enP2p1s0f0np0", "enp1s0f0np0"],
    }
    assert data["network"]["rdma_ports"][0]["interface"] == "enp1s0f0np0"
    (disk,) = data["storage"]["devices"]
    assert (disk["model"], disk["size_bytes"]) == ("SAMSUNG MZALC4T0HBL1-00B07", None)
    assert [entry["mount_point"] for entry in data["storage"]["file_systems"]] == ["/boot/efi", "/"]
    assert data["storage"]["file_systems"][1]["available_bytes"] == 3224416718848
    assert not re.search(r"02:00:00:00:00:0\d", str(document))
