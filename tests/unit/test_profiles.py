"""Every criterion of every profile can pass and can fail, shown by a pair of fixtures."""

import documents as made
import pytest

from foundation.evaluation import gate
from foundation.profiles.criteria import BUNDLED_FOLDER, load_profiles

PROFILES = sorted(path.stem for path in BUNDLED_FOLDER.glob("*.yml"))
HARDWARE, FIGURES = "hardware_baseline", "data.figures"
DEVICE = "data.gpu.devices.0"


def spark():
    """A healthy Spark that was measured at level full."""
    documents = made.spark()
    documents["benchmark"] = made.full_benchmark()
    return documents


def spark_with_phison():
    documents = spark()
    made.change(documents[HARDWARE], "data.storage.devices.0.model", "ESL04TBTLCZ-27J4-TYN")
    return documents


def h100():
    documents = made.h100()
    documents["benchmark"]["data"]["dcgm"] = made.dcgm()
    disk = documents[HARDWARE]["data"]["storage"]["devices"][0]
    disk.update(transport="nvme", link_speed_gigatransfers=16.0, link_width=4)
    return documents


def h200():
    documents = h100()
    made.change(documents[HARDWARE], "data.gpu.devices.0.name", "NVIDIA H200")
    made.change(documents[HARDWARE], "data.gpu.devices.0.memory_total_bytes", 150754820096)
    made.change(documents["benchmark"], "data.device.name", "NVIDIA H200")
    made.change(documents["benchmark"], "data.device.memory_total_bytes", 150109880320)
    slower({"memory.copy": 4200.0, "memory.triad": 4250.0})(documents)
    return documents


HEALTHY = {"generic": made.spark, "dgx_spark": spark, "h100": h100, "h200": h200}


def slower(values):
    """Figures with other values, everything else about them unchanged."""

    def alter(documents):
        for name, value in values.items():
            figure = documents["benchmark"]["data"]["figures"][name]
            factor = value / figure["value"]
            figure["samples"] = [one * factor for one in figure["samples"]]
            figure["value"] = value
            if "latency_microseconds" in figure:
                for percentile in figure["latency_microseconds"]:
                    figure["latency_microseconds"][percentile] /= factor

    return alter


def damaged(name):
    """A criterion that any measured value meets fails on one that is none."""
    return ("benchmark", f"{FIGURES}.{name.replace('.', '|')}.value", 0.0, "invalid")


def change(given, kind, place, value, *_):
    made.change(given[kind], place, value)


# What makes a criterion fail: the document, the place and the value there.
GENERIC = {
    "cpu_known": (HARDWARE, "data.cpu.logical_cpus", 0),
    "architecture": (HARDWARE, "data.cpu.architecture", None, "missing"),
    "memory_total": (HARDWARE, "data.memory.total_bytes", 0),
    "operating_system": (HARDWARE, "data.platform.operating_system.id", None, "missing"),
    "kernel_known": (HARDWARE, "data.platform.kernel", None, "missing"),
    "gpu_presence_known": (HARDWARE, "data.gpu.present", None, "missing"),
    "gpu_answers": (HARDWARE, "data.gpu.devices", []),
    "gpu_readable": (HARDWARE, f"{DEVICE}.uuid", None),
    "xid_events": (HARDWARE, "data.gpu.xid_events", [{"code": 79, "count": 1}]),
    "environment_python": ("environment", "data.python.version", "3.9.2"),
    "environment_packages": ("environment", "data.packages", []),
    "torch_build": ("environment", "data.torch", None, "missing"),
    "source_revision": ("environment", "data.source.revision", None, "missing"),
    "source_clean": ("environment", "data.source.dirty", None, "missing"),
    "ten_images": ("reproducibility", "data.images.3.sha256", f"{1:064x}"),
    "repeat_identical": ("reproducibility", "data.repeated.identical", False),
    "reference_bytes": ("reproducibility", "data.references.identical", 9),
    "reference_psnr": ("reproducibility", "data.references.minimum_psnr_db", 34.9),
    "repro_time": ("reproducibility", "data.total_seconds", 300.5),
    "figures_valid": ("benchmark", f"{FIGURES}.gemm|fp8.unit", "GB/s", "invalid"),
    "gemm_fp32": ("benchmark", f"{FIGURES}.gemm|fp32.unit", "GB/s", "invalid"),
    "gemm_tf32": ("benchmark", f"{FIGURES}.gemm|tf32.samples", [1.0] * 7, "invalid"),
    "gemm_fp16": (slower({"gemm.fp16": 10.0}), "invalid"),
    "gemm_bf16": (slower({"gemm.bf16": 10.0}), "invalid"),
    "gpu_was_measured": ("benchmark", "data.device.kind", "cpu"),
    "memory_copy": ("benchmark", f"{FIGURES}.memory|copy.value", 0.0, "invalid"),
    "storage_read": ("benchmark", f"{FIGURES}.storage|read.value", -1.0, "invalid"),
    "storage_write": ("benchmark", f"{FIGURES}.storage|write.unit", "IOPS", "invalid"),
    "storage_direct": ("benchmark", f"{FIGURES}.storage|read.parameters", {"direct": False},
                       "invalid"),
    "dcgm_diagnostic": ("benchmark", "data.dcgm.diagnostic.tests.0.outcome", "fail"),
    "dcgm_health": ("benchmark", "data.dcgm.health.overall", "failure"),
    "cpu_gemm": damaged("cpu.gemm_fp32"),
    "cpu_triad": damaged("cpu.triad"),
    "storage_random_read": (slower({"storage.random_read": 578.0}),),
}  # fmt: skip
# What goes down with the BF16 product.
SLOW = {"sustained.bf16": 55.0, "attention.bf16": 40.0, "convolution.bf16": 35.0,
        "sweep.bf16_2048": 50.0, "sweep.bf16_4096": 57.0, "sweep.bf16_16384": 56.0,
        "gemm.tf32": 40.0}  # fmt: skip
SPARK = GENERIC | {
    "gpu_is_gb10": (HARDWARE, DEVICE, {**made.gpu_device(), "name": "NVIDIA H100",
                                       "pci_device_id": "10de:2330"}),
    "compute_capability": (HARDWARE, f"{DEVICE}.compute_capability", "12.0"),
    "unified_memory": (HARDWARE, "data.memory.architecture", "discrete"),
    "gpu_temperature_limits": (HARDWARE, f"{DEVICE}.event_reasons", ["hw_thermal_slowdown"]),
    "gpu_event_reasons_known": (HARDWARE, f"{DEVICE}.event_reasons", None),
    "memory_total": (HARDWARE, "data.memory.total_bytes", 110 * made.GIB - 1),
    "page_size": (HARDWARE, "data.memory.page_size_bytes", 16384),
    "cma_accounting": (HARDWARE, "data.memory.cma_total_bytes", 0),
    "architecture": (HARDWARE, "data.cpu.architecture", "x86_64"),
    "cpu_cores": (HARDWARE, "data.cpu.logical_cpus", 19),
    "cpu_x925": (HARDWARE, "data.cpu.clusters.0.cores", 9),
    "cpu_a725": (HARDWARE, "data.cpu.clusters.1.cores", 9),
    "driver_minimum": (HARDWARE, "data.gpu.driver_version", "580.82.09"),
    "driver_supported": (HARDWARE, "data.gpu.driver_version", None, "missing"),
    "driver_known_bad": (HARDWARE, "data.gpu.driver_version", None, "missing"),
    "driver_loaded": (HARDWARE, "data.software.driver.loaded_version", "580.126.09"),
    "cuda_driver": (HARDWARE, "data.gpu.cuda_driver_version", "12.9"),
    "cuda_toolkit": (HARDWARE, "data.software.cuda.nvcc_version", "12.9.86"),
    "cuda_13_0": (HARDWARE, "data.software.cuda.toolkits.0.version", "13.1.0"),
    "kernel_known_bad": (HARDWARE, "data.platform.kernel", None, "missing"),
    "ubuntu": (HARDWARE, "data.platform.operating_system.id", "debian"),
    "ubuntu_version": (HARDWARE, "data.platform.operating_system.version_id", "25.10"),
    "docker_engine": (HARDWARE, "data.software.docker.server_version", "20.10.24"),
    "docker_nvidia_runtime": (HARDWARE, "data.software.docker.nvidia_runtime_registered", False),
    "docker_not_snap": (HARDWARE, "data.software.docker.snap", True),
    "connectx": (HARDWARE, "data.network.connectx.functions", 3),
    "disk_free": (HARDWARE, "data.storage.file_systems.0.available_bytes", 49 * made.GIB),
    "time_synchronized": (HARDWARE, "data.platform.time_synchronized", False),
    "dcgm": (HARDWARE, "data.software.dcgm.version", "3.3.9"),
    "torch_cuda": ("environment", "data.torch.cuda_version", "12.8"),
    "torch_code": ("environment", "data.torch.arch_list", ["sm_80", "sm_90"]),
    "gemm_fp32": (slower({"gemm.fp32": 19.9}),),
    "gemm_tf32": damaged("gemm.tf32"),
    "gemm_fp16": (slower({"gemm.fp16": 59.9, "gemm.bf16": 61.0} | SLOW),),
    "gemm_bf16": (slower({"gemm.bf16": 59.9, "gemm.fp16": 65.0} | SLOW),),
    "gemm_fp8": (slower({"gemm.fp8": 79.0, "gemm.fp16": 75.0, "gemm.bf16": 70.0} | SLOW),),
    "gemm_int8": damaged("gemm.int8"),
    "gemm_nvfp4": (slower({"gemm.nvfp4": 119.0, "gemm.fp8": 110.0}),),
    "attention_bf16": damaged("attention.bf16"),
    "convolution_bf16": damaged("convolution.bf16"),
    "sustained_bf16": (slower({"sustained.bf16": 49.0}),),
    "sm_clock_under_load": ("benchmark",
                            f"{FIGURES}.sustained|bf16.trace.sm_clock_mhz.median", 1399.0),
    "memory_copy": (slower({"memory.copy": 179.0, "memory.triad": 185.0}),),
    "memory_triad": (slower({"memory.copy": 185.0, "memory.triad": 179.0}),),
    "transfer_to_device": (slower({"transfer.to_device_pinned": 29.0}),),
    "transfer_to_host": (slower({"transfer.to_host_pinned": 29.0}),),
    "unified_cpu_reads_gpu": damaged("unified.cpu_reads_gpu"),
    "unified_gpu_reads_cpu": damaged("unified.gpu_reads_cpu"),
    "storage_random_read_64": (slower({"storage.random_read_64": 19999.0}),),
    "storage_read_samsung": (slower({"storage.read": 3.9}),),
    "storage_write_samsung": (slower({"storage.write": 0.9}),),
    "storage_read_phison": (slower({"storage.read": 3.9}),),
    "memory_read": (slower({"memory.read": 169.0}),),
    "storage_read_16_jobs": (slower({"storage.read_16_jobs": 3.9, "storage.read": 3.9}),),
    **{
        name.replace(".", "_"): damaged(name)
        for name in (
            "sweep.bf16_2048", "sweep.bf16_4096", "sweep.bf16_16384",
            "memory.write", "transfer.to_device_pageable", "transfer.to_host_pageable",
            "transfer.both_ways_pinned", "cpu.copy", "cpu.triad_cluster_0", "cpu.triad_cluster_1",
            "storage.write_16_jobs", "storage.random_write", "storage.random_write_64",
        )
    },
}  # fmt: skip
HOPPER = GENERIC | {
    "figures_valid": ("benchmark", f"{FIGURES}.gemm|fp8.unit", "GB/s", "invalid"),
    "gemm_fp32": (slower({"gemm.fp32": 46.0}),),
    "gemm_tf32": (slower({"gemm.tf32": 363.0}),),
    "gemm_fp16": (slower({"gemm.fp16": 670.0}),),
    "gemm_bf16": (slower({"gemm.bf16": 698.0}),),
    "gemm_int8": (slower({"gemm.int8": 871.0}),),
    "gemm_fp8": (slower({"gemm.fp8": 1278.0}),),
    "attention_bf16": damaged("attention.bf16"),
    "convolution_bf16": damaged("convolution.bf16"),
    "sustained_bf16": damaged("sustained.bf16"),
    "memory_copy": (slower({"memory.copy": 2700.0}),),
    "memory_triad": damaged("memory.triad"),
    "transfer_to_device": damaged("transfer.to_device_pinned"),
    "transfer_to_host": damaged("transfer.to_host_pinned"),
    "gpu_was_measured": ("benchmark", "data.device.kind", "cpu"),
}
TRIPS = {
    "generic": GENERIC,
    "dgx_spark": SPARK,
    "h100": HOPPER,
    "h200": HOPPER | {"memory_copy": (slower({"memory.copy": 2700.0, "memory.triad": 2700.0}),)},
}
PAIRS = [(profile, name) for profile in PROFILES for name in TRIPS[profile]]


def outcomes(profile, given):
    report = gate.evaluate(load_profiles(profile), {made.HOST: given}, (), made.NOW)
    return {entry["id"]: entry for entry in report["hosts"][made.HOST]["criteria"]}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_criterion_has_a_pair(profile):
    criteria = {criterion.id for criterion in load_profiles(profile)[0].criteria}
    assert criteria == set(TRIPS[profile])


@pytest.mark.parametrize(("profile", "criterion"), PAIRS)
def test_a_criterion_fails_where_it_should(profile, criterion):
    trip = TRIPS[profile][criterion]
    given = spark_with_phison() if criterion.endswith("_phison") else HEALTHY[profile]()
    assert outcomes(profile, given)[criterion]["outcome"] == "pass"
    if callable(trip[0]):
        trip[0](given)
    else:
        change(given, *trip)
    found = outcomes(profile, given)[criterion]
    expected = trip[-1] if trip[-1] in ("invalid", "missing") else "fail"
    assert found["outcome"] == expected, found
    assert found["message"]
    assert found["action"] == found["remediation"]["text"]
    assert found["blocks"]


WARNINGS = {
    "xid_events": (HARDWARE, "data.gpu.xid_events", [{"code": 31, "count": 1}]),
    "page_size": (HARDWARE, "data.memory.page_size_bytes", 65536),
    "driver_supported": (HARDWARE, "data.gpu.driver_version", "610.43.02"),
    "kernel_known_bad": (HARDWARE, "data.platform.kernel", "7.0.0-1019-nvidia-64k"),
    "memory_total": (lambda documents: made.with_memory(documents, 112 * made.GIB),),
    "disk_free": (HARDWARE, "data.storage.file_systems.0.available_bytes", 100 * made.GIB),
    "source_clean": ("environment", "data.source.dirty", True),
    "gemm_bf16": (slower({"gemm.bf16": 70.0, "gemm.fp16": 75.0} | SLOW),),
    "gemm_fp16": (slower({"gemm.fp16": 70.0}),),
    "gemm_fp8": (slower({"gemm.fp8": 119.0}),),
    "gemm_nvfp4": (slower({"gemm.nvfp4": 190.0}),),
    "sustained_bf16": (slower({"sustained.bf16": 70.0}),),
    "memory_copy": (slower({"memory.copy": 200.0}),),
    "memory_triad": (slower({"memory.triad": 200.0}),),
    "transfer_to_device": (slower({"transfer.to_device_pinned": 40.0}),),
    "cpu_triad": (slower({"cpu.triad": 80.0}),),
    "dcgm_diagnostic": ("benchmark", "data.dcgm.diagnostic.tests.1.outcome", "warn"),
    "dcgm_health": ("benchmark", "data.dcgm.health.overall", "warning"),
    "storage_read_samsung": (slower({"storage.read": 4.5}),),
    "storage_random_read": (slower({"storage.random_read": 3000.0}),),
}


@pytest.mark.parametrize("criterion", WARNINGS)
def test_a_warning_shows_and_does_not_block(criterion):
    warning = WARNINGS[criterion]
    given = spark()
    if callable(warning[0]):
        warning[0](given)
    else:
        change(given, *warning)
    report = gate.evaluate(load_profiles("auto"), {made.HOST: given}, (), made.NOW)
    found = {e["id"]: e for e in report["hosts"][made.HOST]["criteria"]}[criterion]
    assert found["outcome"] == "pass"
    assert (found["warns"], found["blocks"]) == (True, False)
    assert report["verdict"] == "PASSED"


@pytest.mark.parametrize(
    ("profile", "criterion", "kind", "place", "value"),
    [
        ("dgx_spark", "connectx", HARDWARE, "data.network.connectx.functions", 0),
        ("dgx_spark", "dcgm", HARDWARE, "data.software.dcgm.version", None),
        ("dgx_spark", "dcgm_diagnostic", "benchmark", "data.dcgm.diagnostic", None),
        ("dgx_spark", "dcgm_health", "benchmark", "data.dcgm", None),
        ("dgx_spark", "xid_events", HARDWARE, "data.gpu.xid_events", None),
        ("dgx_spark", "cma_accounting", HARDWARE, "data.memory.cma_free_bytes", 0),
    ],
)
def test_what_is_not_applicable_is_skipped_and_passes(profile, criterion, kind, place, value):
    given = made.spark()
    made.change(given[kind], place, value)
    report = gate.evaluate(load_profiles(profile), {made.HOST: given}, (), made.NOW)
    found = {e["id"]: e for e in report["hosts"][made.HOST]["criteria"]}[criterion]
    assert found["outcome"] == "skipped"
    assert report["verdict"] == "PASSED"


def test_a_plain_machine_skips_the_gpu_and_passes():
    found = outcomes("generic", made.plain())
    assert {name for name, entry in found.items() if entry["outcome"] == "skipped"} == {
        "gpu_answers",
        "gpu_readable",
        "gemm_tf32",
        "gemm_fp16",
        "gemm_bf16",
        "gpu_was_measured",
        "gemm_fp32",
        "memory_copy",
        "dcgm_diagnostic",
        "dcgm_health",
        "storage_random_read",
    }
    assert {entry["outcome"] for entry in found.values()} == {"pass", "skipped"}


@pytest.mark.parametrize(
    "devices",
    [[], [{"link_width": None}], [{}, {"transport": "virtio"}]],
    ids=["unknown", "virtual", "several"],
)
def test_only_local_flash_has_to_be_as_fast_as_flash(devices):
    given = made.spark()
    slower({"storage.random_read": 578.0})(given)
    storage = given[HARDWARE]["data"]["storage"]
    disk = storage["devices"][0]
    storage["devices"] = [disk | changes for changes in devices]
    assert outcomes("generic", given)["storage_random_read"]["outcome"] == "skipped"


@pytest.mark.parametrize(
    "name", ["gemm.int8", "gemm.nvfp4", "unified.cpu_reads_gpu", "unified.gpu_reads_cpu"]
)
def test_a_figure_may_be_skipped_with_a_reason_and_not_without(name):
    given = made.spark()
    data = given["benchmark"]["data"]
    del data["figures"][name]
    criterion = name.replace(".", "_")
    assert outcomes("dgx_spark", given)[criterion]["outcome"] == "missing"
    data["skipped"].append({"figure": name, "reason": "this torch has none"})
    assert outcomes("dgx_spark", given)[criterion]["outcome"] == "skipped"


FULL_ONLY = {
    criterion.id
    for criterion in load_profiles("dgx_spark")[0].criteria
    if criterion.when is not None and criterion.when.path.text == "data.level"
}


def test_a_quick_run_skips_what_only_a_full_one_measures():
    given = made.spark()
    found = outcomes("dgx_spark", given)
    skipped = {name for name, entry in found.items() if entry["outcome"] == "skipped"}
    assert skipped == FULL_ONLY | {"storage_read_phison"}
    assert chosen(given) == ("dgx_spark", "PASS")


def test_a_full_run_must_have_what_its_level_measures():
    given = spark()
    del given["benchmark"]["data"]["figures"]["memory.read"]
    assert outcomes("dgx_spark", given)["memory_read"]["outcome"] == "missing"
    assert chosen(given) == ("dgx_spark", "MISSING")


@pytest.mark.parametrize("name", ["gemm.nvfp4", "gemm.int8", "unified.cpu_reads_gpu"])
def test_what_torch_or_the_gpu_lacks_is_skipped_and_passes(name):
    given = made.spark()
    data = given["benchmark"]["data"]
    del data["figures"][name]
    data["skipped"] = [{"figure": name, "reason": "torch lacks it"}]
    assert outcomes("dgx_spark", given)[name.replace(".", "_")]["outcome"] == "skipped"
    assert chosen(given) == ("dgx_spark", "PASS")


def test_no_figure_at_all_is_missing():
    given = made.plain()
    given["benchmark"]["data"]["figures"] = {}
    assert outcomes("generic", given)["figures_valid"]["outcome"] == "missing"


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        ("NVIDIA H100 80GB HBM3", "h100"),
        ("NVIDIA H100 PCIe", "generic"),
        ("NVIDIA H100 NVL", "generic"),
        ("NVIDIA H200", "h200"),
        ("NVIDIA H200 NVL", "generic"),
        ("NVIDIA GH200 480GB", "generic"),
        ("NVIDIA A100-SXM4-80GB", "generic"),
    ],
)
def test_the_gpu_chooses_the_profile(name, profile):
    given = h200()
    made.change(given[HARDWARE], "data.gpu.devices.0.name", name)
    made.change(given["benchmark"], "data.device.name", name)
    assert chosen(given)[0] == profile
    without_hardware = {kind: one for kind, one in given.items() if kind != HARDWARE}
    assert chosen(without_hardware)[0] == profile


def test_settings_by_name_are_extended_name_by_name():
    generic, own = load_profiles("generic")[0].limits, load_profiles("h200")[0].limits
    assert own["maximum"]["memory"] == 4800
    assert own["maximum"]["gemm.fp16"] == 989.4
    assert own["maximum"]["storage.random_read"] == generic["maximum"]["storage.random_read"]
    assert own["maximum_spread"]["storage"] == generic["maximum_spread"]["storage"]


def test_another_kind_of_device_may_differ_in_bytes_and_not_in_what_is_seen():
    given = made.spark()
    references = given["reproducibility"]["data"]["references"]
    references.update(same_kind=False, identical=9, minimum_psnr_db=38.1)
    found = outcomes("generic", given)
    assert found["reference_bytes"]["outcome"] == "skipped"
    assert found["reference_psnr"]["outcome"] == "pass"

    references["minimum_psnr_db"] = 31.5
    assert outcomes("generic", given)["reference_psnr"]["outcome"] == "fail"


def test_images_that_were_compared_with_nothing_are_missing():
    given = made.spark()
    given["reproducibility"]["data"]["references"] = None
    found = outcomes("generic", given)
    assert {found[name]["outcome"] for name in ("reference_bytes", "reference_psnr")} == {"missing"}

    del given["reproducibility"]["data"]["references"]  # as in a document of an earlier version
    assert outcomes("generic", given)["reference_psnr"]["outcome"] == "missing"


def chosen(given):
    report = gate.evaluate(load_profiles("auto"), {made.HOST: given}, (), made.NOW)
    return report["hosts"][made.HOST]["profile"], report["hosts"][made.HOST]["verdict"]


def without_spark_evidence():
    given = made.plain()
    given["hardware_baseline"]["data"]["gpu"]["devices"] = []
    return given


EVIDENCE = {
    "pci": lambda d: made.change(
        d[HARDWARE], "data.topology.pci_devices",
        [{"address": "000f:01:00.0", "device_id": "10de:2e12", "class": "0300", "driver": None,
          "numa_node": None}]),
    "gpu pci id": lambda d: made.change(
        d[HARDWARE], "data.gpu.devices", [{**made.gpu_device(), "name": None}]),
    "gpu name": lambda d: made.change(
        d[HARDWARE], "data.gpu.devices", [{**made.gpu_device(), "pci_device_id": None}]),
    "cpu parts": lambda d: made.change(
        d[HARDWARE], "data.cpu.clusters",
        [{**c, "name": None} for c in made.hardware_baseline()["data"]["cpu"]["clusters"]]),
    "cpu names": lambda d: made.change(
        d[HARDWARE], "data.cpu.clusters",
        [{**c, "part": None} for c in made.hardware_baseline()["data"]["cpu"]["clusters"]]),
    "dgx-release": lambda d: made.change(
        d[HARDWARE], "data.platform.dgx", made.hardware_baseline()["data"]["platform"]["dgx"]),
    "benchmark": lambda d: made.change(d["benchmark"], "data.device.name", "NVIDIA GB10"),
    "images": lambda d: made.change(d["reproducibility"], "data.device.name", "NVIDIA GB10"),
}  # fmt: skip


def test_without_evidence_the_profile_is_generic():
    assert chosen(without_spark_evidence()) == ("generic", "PASS")


@pytest.mark.parametrize("evidence", EVIDENCE)
def test_any_evidence_of_a_spark_is_enough(evidence):
    given = without_spark_evidence()
    EVIDENCE[evidence](given)
    profile, verdict = chosen(given)
    assert profile == "dgx_spark"
    assert verdict == "FAIL"


def test_a_spark_whose_gpu_is_gone_fails_as_a_spark():
    given = made.spark()
    gpu = given[HARDWARE]["data"]["gpu"]
    gpu.update(present=True, source=None, devices=[], driver_version=None)
    given[HARDWARE]["data"]["topology"]["pci_devices"] = []
    assert chosen(given) == ("dgx_spark", "FAIL")


def outcome_of(documents, criterion):
    found = outcomes("dgx_spark", documents)[criterion]
    return found["outcome"], found["measured"]


def test_no_gpu_at_all_is_a_failure_of_unified_memory_not_a_word_that_is_no_answer():
    documents = made.spark()
    made.change(documents[HARDWARE], "data.memory.architecture", "none")

    assert outcome_of(documents, "unified_memory") == ("fail", "none")


def test_nvml_names_the_loaded_driver_where_the_module_was_not_captured():
    documents = made.spark()
    made.change(documents[HARDWARE], "data.software.driver.loaded_version", None)

    assert outcome_of(documents, "driver_loaded")[0] == "pass"

    made.change(documents[HARDWARE], "data.software.driver.installed_version", "580.142")
    assert outcome_of(documents, "driver_loaded")[0] == "fail"


def test_an_oem_box_passes():
    given = made.spark()
    given[HARDWARE]["data"]["platform"].update(
        vendor="ASUSTeK COMPUTER INC.", product_name="GX10", product_family=None, dgx=None
    )
    assert chosen(given) == ("dgx_spark", "PASS")
