"""docs/hardware.md: measurements and reasons, never a placeholder."""

import documents as made

from foundation.core.errors import DocumentError
from foundation.reports import hardware_page


def test_a_spark_is_shown_with_what_it_measured():
    page = hardware_page.render({made.HOST: made.spark()})
    assert f"## {made.HOST}" in page
    assert "| Name | NVIDIA GB10 |" in page
    assert "| Clusters | 10 x Cortex-X925 at up to 3900 MHz; 10 x Cortex-A725" in page
    assert "| Total | 121.6 GiB |" in page
    assert "| nvme0n1 | SAMSUNG MZALC4T0HBL1-00B07 | LDA41B2Q | nvme | 4001 GB |" in page
    assert "| `gemm.bf16` | 92 TFLOP/s | 0.8% | 7 |" in page
    assert "| enP7s7 | r8127 | 10000 Mb/s | 1500 | yes | none |" in page


def test_an_unread_value_says_what_the_probe_said():
    documents = made.spark()
    baseline = documents["hardware_baseline"]
    made.change(baseline, "data.gpu.devices.0.vbios_version", None)
    baseline["problems"] = [made.problem("gpu", "vbios_version: NVML says NOT_SUPPORTED")]
    page = hardware_page.render({made.HOST: documents})
    assert "| VBIOS | not read: gpu: vbios_version: NVML says NOT_SUPPORTED (missing) |" in page


def test_sections_that_did_not_finish_are_told():
    documents = made.spark()
    baseline = documents["hardware_baseline"]
    for name in baseline["data"]:
        baseline["data"][name] = None
        baseline["problems"].append(made.problem(name, f"{name} took 20 s", "timeout"))
    page = hardware_page.render({made.HOST: documents})
    for name in ("gpu", "cpu", "memory", "storage", "network", "platform", "software"):
        assert f"not read: {name}: {name} took 20 s" in page


def test_a_machine_without_a_gpu_and_one_whose_gpu_is_silent():
    documents = made.plain()
    assert "No NVIDIA GPU." in hardware_page.render({"a": documents | made_for("a", documents)})
    silent = made.plain()
    made.change(silent["hardware_baseline"], "data.gpu.present", True)
    silent["hardware_baseline"]["problems"] = [made.problem("gpu", "devices: GPU is lost")]
    page = hardware_page.render({made.HOST: silent})
    assert "does not answer: gpu: devices: GPU is lost" in page


def made_for(host, documents):
    return {kind: {**document, "host": host} for kind, document in documents.items()}


def test_what_was_not_measured_says_why():
    documents = made.plain()
    documents["benchmark"]["data"]["figures"]["cpu.gemm_fp32"]["spread"] = None
    documents["benchmark"]["data"]["build"]["torch"] = None
    page = hardware_page.render({made.HOST: documents})
    assert "| `gemm.tf32` | not measured: torch sees no CUDA device |" in page
    assert "too few samples" in page
    assert "with no torch" in page


def test_absent_and_damaged_documents_are_told():
    page = hardware_page.render(
        {"a": {}, "b": {"hardware_baseline": DocumentError("line 3: truncated")}}
    )
    assert page.index("## a") < page.index("## b")
    assert "not read: there is no hardware\\_baseline" not in page
    assert "there is no hardware_baseline document" in page
    assert "line 3: truncated" in page


def test_no_host_yet():
    assert "No host has been measured yet" in hardware_page.render({})


def test_text_of_a_host_is_no_markup():
    documents = made.spark()
    made.change(documents["hardware_baseline"], "data.platform.product_name", "<script>|x`\n# evil")
    page = hardware_page.render({made.HOST: documents})
    assert "<script>" not in page.replace("\\<script\\>", "")
    assert "\n# evil" not in page


def test_lists_that_are_empty_or_partly_unread():
    documents = made.spark()
    made.change(documents["hardware_baseline"], "data.storage.devices", [])
    made.change(documents["hardware_baseline"], "data.network.interfaces.0.mtu", None)
    documents["hardware_baseline"]["problems"] = [
        made.problem("storage", "devices: /sys/class/block is absent")
    ]
    page = hardware_page.render({made.HOST: documents})
    assert "none: storage: devices: /sys/class/block is absent (missing)" in page
    assert "| enP7s7 | r8127 | 10000 Mb/s | not read | yes | none |" in page
