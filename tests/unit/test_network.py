import pytest

from python_probes.core.identifiers import Identifiers
from python_probes.host import network, pci, rdma

NET = "/sys/class/net"
IB = "/sys/class/infiniband"


def interface(box, name, **files):
    for file, text in {"mtu": "1500", "operstate": "up", **files}.items():
        box.file(f"{NET}/{name}/{file}", text)


def collected(box, name):
    section = box.collect(network.collect)
    return next(entry for entry in section["interfaces"] if entry["name"] == name)


def test_a_virtio_card_has_the_address_of_its_parent(box):
    place = "/sys/devices/pci0000:00/0000:00:03.0"
    box.file(f"{place}/vendor", "0x1af4")
    box.file(f"{place}/device", "0x1041")
    box.file(f"{place}/virtio2/vendor", "0x1af4")
    box.file(f"{place}/virtio2/device", "0x0001")
    box.link(f"{place}/virtio2/driver", "../../../../bus/virtio/drivers/virtio_net")
    interface(box, "eth0", address="02:00:00:00:00:01", carrier="1")
    box.link(f"{NET}/eth0/device", f"{place}/virtio2")
    entry = collected(box, "eth0")

    assert (entry["pci_address"], entry["pci_device_id"]) == ("0000:00:03.0", "1af4:1041")
    assert entry["driver"] == "virtio_net"
    assert "speed_mbps" in box.messages("missing")  # it is up, and does not say how fast


def test_a_tree_copied_without_its_links(box):
    interface(box, "enp1s0f0np0", carrier="1", speed="200000")
    box.file(f"{NET}/enp1s0f0np0/device/uevent",
             "DRIVER=mlx5_core\nPCI_ID=15B3:1021\nPCI_SLOT_NAME=0000:01:00.0")  # fmt: skip

    section = box.collect(network.collect)

    (entry,) = section["interfaces"]
    assert (entry["driver"], entry["pci_address"]) == ("mlx5_core", "0000:01:00.0")
    assert section["connectx"]["ports"] == [{"port": 0, "interfaces": ["enp1s0f0np0"]}]


def test_the_name_tells_the_address_where_the_bus_has_it(box):
    box.file("/sys/bus/pci/devices/0002:01:00.1/vendor", "0x15b3")
    box.file("/sys/bus/pci/devices/0002:01:00.1/device", "0x1021")
    interface(box, "enP2p1s0f1np1")
    box.file(f"{NET}/enP2p1s0f1np1/device/power/control", "on")
    interface(box, "enP3p1s0f1np1")
    box.file(f"{NET}/enP3p1s0f1np1/device/power/control", "on")

    assert collected(box, "enP2p1s0f1np1")["pci_address"] == "0002:01:00.1"
    assert collected(box, "enP3p1s0f1np1")["pci_address"] is None


@pytest.mark.parametrize("speed", ["-1", "0", "4294967295", "garbage"])
def test_speeds_that_mean_unknown(box, speed):
    interface(box, "eth0", speed=speed)

    assert collected(box, "eth0")["speed_mbps"] is None


def test_a_bonds_slave_does_not_show_its_own_address(box):
    interface(box, "eth0", address="02:00:00:00:00:01")
    box.file(f"{NET}/eth0/bonding_slave/perm_hwaddr", "02:00:00:00:00:99")
    box.file(f"{NET}/bonding_masters", "bond0")

    assert [e["name"] for e in box.collect(network.collect)["interfaces"]] == ["eth0"]


def test_ports_without_a_name_go_by_the_function(box):
    for function in (0, 1):
        place = f"/sys/devices/pci0000:00/0000:01:00.{function}"
        box.file(f"{place}/vendor", "0x15b3")
        box.file(f"{place}/device", "0x1021")
        interface(box, f"eth{function}")
        box.link(f"{NET}/eth{function}/device", place)

    assert box.collect(network.collect)["connectx"]["ports"] == [
        {"port": 0, "interfaces": ["eth0"]},
        {"port": 1, "interfaces": ["eth1"]},
    ]


def test_an_unreadable_bus_is_no_absence_of_connectx(box):
    assert box.collect(network.collect)["connectx"]["functions"] is None
    assert "connectx.functions" in box.messages("missing")

    box.says("lspci", "0000:00:00.0 PCI bridge [0604]: NVIDIA Corporation Device [10de:22ce]")
    assert box.collect(network.collect)["connectx"]["functions"] == 0


def test_neither_sysfs_nor_ip(box):
    section = box.collect(network.collect)

    assert section["interfaces"] == []
    assert "ip: not found" in box.messages("missing")


def test_ip_with_parents_and_odd_lines(box):
    text = (
        "lo UNKNOWN 00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP>\n"
        "eth0@if7 UP 02:00:00:00:00:01 <BROADCAST,UP,LOWER_UP>\n"
        "wg0 UNKNOWN <POINTOPOINT,NOARP>\nnonsense\n"
    )
    box.says("ip", text)

    entries = {e["name"]: e for e in box.collect(network.collect)["interfaces"]}

    assert sorted(entries) == ["eth0", "wg0"]
    assert entries["eth0"]["carrier"] is True
    assert entries["wg0"]["carrier"] is None
    assert entries["wg0"]["mac_hash"] is None


def port(box, device="mlx5_0", number=1, **files):
    defaults = {"state": "4: ACTIVE", "phys_state": "5: LinkUp", "link_layer": "Ethernet"}
    for name, text in {**defaults, **files}.items():
        box.file(f"{IB}/{device}/ports/{number}/{name}", text)


def ports(box):
    return rdma.ports(box.system, Identifiers(box.system, box.note), box.note)


def test_two_ports_of_one_function_go_by_dev_port(box):
    for number, name in ((1, "ib_a"), (2, "ib_b")):
        port(box, number=number)
        box.file(f"{IB}/mlx5_0/device/net/{name}/mtu", "1500")
        box.file(f"{NET}/{name}/dev_port", str(number - 1))

    assert [entry["interface"] for entry in ports(box)] == ["ib_a", "ib_b"]


def test_the_kernel_names_the_interface_by_its_gid(box):
    port(box, **{"gid_attrs/ndevs/0": "eth9"})

    assert ports(box)[0]["interface"] == "eth9"


def test_an_interface_known_to_its_own_folder_or_to_rdma_only(box):
    port(box, "mlx5_0")
    port(box, "mlx5_1")
    box.file(f"{NET}/eth0/device/infiniband/mlx5_0/fw_ver", "1")
    box.says("rdma", "link mlx5_1/1 state ACTIVE physical_state LINK_UP netdev eth1\n")

    assert [entry["interface"] for entry in ports(box)] == ["eth0", "eth1"]


def test_lost_port_facts_are_problems(box):
    port(box, state="garbage", phys_state="9: Odd", link_layer="InfiniBand")

    (entry,) = ports(box)

    assert (entry["state"], entry["physical_state"], entry["interface"]) == (None, None, None)
    assert "state, physical_state, firmware_version of port 1" in box.messages("missing")


def test_an_rdma_command_that_hangs_is_a_problem(box):
    box.command("rdma", "exec /bin/sleep 60")
    box.system.command_timeout = 0.1

    assert ports(box) == []
    assert "no answer" in box.messages("timeout")


def test_rdma_link_of_infiniband():
    line = "link mlx5_0/1 subnet_prefix fe80 lid 1 state ACTIVE physical_state LINK_UP"

    assert rdma.parse_rdma_link(line)[0]["state"] == "ACTIVE"


@pytest.mark.parametrize(
    "line",
    [
        "01:00.0 0302: 10de:2330 (rev a1)",
        "01:00.0 3D controller [0302]: NVIDIA Corporation GH100 [H100] [10de:2330] (rev a1)",
        "0000:01:00.0 3D controller [0302]: NVIDIA Corporation Device [10DE:2330]",
    ],
)
def test_every_form_of_lspci(line):
    (entry,) = pci.parse_lspci(line + "\nnonsense")

    assert entry["address"] == "0000:01:00.0"
    assert (entry["device_id"], entry["class"]) == ("10de:2330", "0302")


def test_an_lspci_that_fails(box):
    box.says("lspci", "pcilib: Cannot open /proc/bus/pci", 1)

    assert pci.devices(box.system, box.note) == []
    assert "Cannot open" in box.messages("missing")
