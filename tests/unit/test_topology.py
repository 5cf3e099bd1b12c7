from box import GB10

from python_probes.host import topology


def test_escape_codes_in_the_header():
    text = (
        "\t\x1b[4mGPU0\tGPU1\tmlx5_0\tCPU Affinity\tNUMA Affinity\x1b[0m\n"
        "GPU0\t X \tNV18\tPIX\t0-47,96-143\t0\n"
        "GPU1\tNV18\t X \tSYS\t48-95\tN/A\n"
        "mlx5_0\tPIX\tSYS\t X \t\t\n"
        "torn\tPIX\n"
        "\nLegend:\n\n  X    = Self\n"
    )

    matrix = topology.parse_matrix(text)

    assert matrix["devices"] == ["GPU0", "GPU1", "mlx5_0"]
    assert matrix["links"]["GPU1"] == {"GPU0": "NV18", "GPU1": "X", "mlx5_0": "SYS"}
    assert matrix["affinity"] == {
        "GPU0": {"CPU Affinity": "0-47,96-143", "NUMA Affinity": "0"},
        "GPU1": {"CPU Affinity": "48-95", "NUMA Affinity": None},
    }
    assert matrix["network_devices"] == {}


def test_texts_without_a_matrix():
    assert topology.parse_matrix("") is None
    assert topology.parse_matrix("No devices were found\n") is None
    assert topology.parse_matrix("\tGPU0\tCPU Affinity\n") is None


def test_no_gpu_and_no_tool_is_no_problem(box):
    box.file("/sys/bus/pci/devices/0000:00:00.0/class", "0x060000")

    assert box.collect(topology.collect)["matrix"] is None
    assert box.problems == []


def gpu_on_the_bus(box):
    for name, text in (("vendor", "0x10de"), ("device", "0x2e12"), ("class", "0x030000")):
        box.file(f"/sys/bus/pci/devices/000f:01:00.0/{name}", text)


def test_a_gpu_without_the_tool_is_a_problem(box):
    gpu_on_the_bus(box)

    assert box.collect(topology.collect)["matrix"] is None
    assert "nvidia-smi: not found" in box.messages("missing")


def test_a_tool_that_fails_or_finds_nothing_is_a_problem(box):
    box.file("/sys/bus/pci/devices/0000:00:00.0/class", "0x060000")
    box.says("nvidia-smi", "NVIDIA-SMI has failed", 9)
    box.collect(topology.collect)
    assert "exit status 9" in box.messages("failed")

    box.says("nvidia-smi", "No devices were found", 0)
    box.collect(topology.collect)
    assert "no matrix" in box.messages("unreadable")


def test_the_capture():
    matrix = topology.parse_matrix((GB10 / "nvidia-smi-topo.txt").read_text())

    assert matrix["devices"] == ["GPU0", "NIC0", "NIC1", "NIC2", "NIC3"]
    assert matrix["affinity"]["GPU0"] == {
        "CPU Affinity": "0-19",
        "NUMA Affinity": "0",
        "GPU NUMA ID": None,
    }
