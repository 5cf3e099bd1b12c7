from python_probes.core.parsing import cpu_list, expand_cpu_list
from python_probes.host import cpu, lscpu
from python_probes.host.arm_parts import core_name, core_part

X86 = """\
processor\t: 0
vendor_id\t: GenuineIntel
model name\t: Xeon
flags\t\t: fpu sse avx2 only_here

processor\t: 1
vendor_id\t: GenuineIntel
model name\t: Xeon
flags\t\t: fpu avx2 sse
"""
ARM = """\
processor\t: {}
Features\t: fp sve2
CPU implementer\t: {}
CPU part\t: {}

"""


def arm(cpus):
    return "".join(ARM.format(i, *ids) for i, ids in enumerate(cpus))


def test_x86_is_one_cluster(box):
    box.says("uname", "x86_64\n")
    box.file("/proc/cpuinfo", X86)
    box.file("/sys/devices/system/cpu/cpu1/cpufreq/cpuinfo_max_freq", "3499999")
    box.file("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "3400000")
    box.file("/sys/devices/system/node/node1/cpulist", "1")
    box.file("/sys/devices/system/node/node0/cpulist", "0")

    section = box.collect(cpu.collect)

    assert section["model_name"] == "Xeon"
    assert section["flags"] == ["fpu", "sse", "avx2"]
    assert section["numa_nodes"] == [{"node": 0, "cpus": "0"}, {"node": 1, "cpus": "1"}]
    (cluster,) = section["clusters"]
    assert (cluster["name"], cluster["implementer"], cluster["part"]) == (
        "Xeon",
        "GenuineIntel",
        None,
    )
    assert (cluster["maximum_mhz"], cluster["minimum_mhz"]) == (3500, None)
    assert "minimum_mhz" in box.messages("missing")
    assert "maximum_mhz" not in box.messages("missing")


def test_arm_without_sysfs_uses_cpuinfo_and_capacity_orders_it(box):
    box.file("/proc/cpuinfo", arm([("0x41", "0xd87"), ("0x41", "0xd85"), ("0x41", "0xd87")]))
    box.file("/sys/devices/system/cpu/cpu1/cpu_capacity", "1024")
    box.file("/sys/devices/system/cpu/cpu0/cpu_capacity", "718")

    clusters = box.collect(cpu.collect)["clusters"]

    assert [(c["name"], c["cpus"]) for c in clusters] == [
        ("Cortex-X925", "1"),
        ("Cortex-A725", "0,2"),
    ]


def test_a_core_that_is_not_in_the_table_keeps_its_numbers(box):
    box.file("/proc/cpuinfo", arm([("0x4e", "0x010")]))

    (cluster,) = box.collect(cpu.collect)["clusters"]

    assert (cluster["name"], cluster["implementer"], cluster["part"]) == (None, "0x4e", "0x010")


def test_part_of_the_cpus_unknown_is_a_problem(box):
    box.file("/proc/cpuinfo", arm([("0x41", "0xd85")]))
    box.file("/sys/devices/system/cpu/online", "0-3")

    section = box.collect(cpu.collect)

    assert section["logical_cpus"] == 4
    assert section["clusters"][0]["cores"] == 1
    assert "1 of 4 CPUs" in box.messages("partial")


def test_architecture_comes_from_path_first_and_proc_second(box):
    box.file("/proc/sys/kernel/arch", "aarch64")
    assert box.collect(cpu.collect)["architecture"] == "aarch64"
    box.says("uname", "riscv64\n")
    assert box.collect(cpu.collect)["architecture"] == "riscv64"


def test_lscpu_fills_clocks_of_the_same_model_only(box):
    box.file("/proc/cpuinfo", arm([("0x41", "0xd85"), ("0x41", "0xd87")]))
    box.says("lscpu", "Vendor ID: ARM\nModel name: Cortex-X925\nCPU max MHz: 4004.0000\n")

    clusters = box.collect(cpu.collect)["clusters"]

    assert [c["maximum_mhz"] for c in clusters] == [4004, None]


def test_lscpu_without_counts(box):
    box.says("lscpu", "CPU(s): 2\nModel name: Thing\nNUMA node0 CPU(s): 0-1\nno colon\n")

    answer = lscpu.read(box.system)

    assert answer.clusters()[0]["cores"] is None
    assert answer.numa_nodes == [{"node": 0, "cpus": "0-1"}]


def test_cpu_lists():
    assert cpu_list([14, 0, 1, 2, 10, 11, 4, 4]) == "0-2,4,10-11,14"
    assert expand_cpu_list("0-2,5, 7-8,x,") == [0, 1, 2, 5, 7, 8]
    assert expand_cpu_list(None) == []


def test_names_of_arm_cores():
    assert core_name(0x41, 0xD85) == "Cortex-X925"
    assert core_name(0x4E, 0x004) == "Carmel"
    assert core_name(0x41, 0xFFF) is None
    assert core_part("Cortex-A725") == 0xD87
    assert core_part("Nothing") is None
