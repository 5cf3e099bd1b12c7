"""Boxes that owners have, judged: what is a fault, a warning, and no loss at all."""

import documents as made
import pytest

from foundation.evaluation import gate
from foundation.profiles import xid_catalog
from foundation.profiles.criteria import load_profiles

REPAIR = {46, 48, 54, 62, 64, 74, 78, 79, 95, 109, 110, 119, 120, 136, 140, 142, 143, 144, 151, 154,
          155, 156, 158, 159}  # fmt: skip
APPLICATION = {8, 13, 31, 43, 45, 68, 69, 94}
QUIET = {14, 37, 38, 44, 63, 66, 67, 92, 93, 106, 107, 108, 121, 137, 141, 157, 160, 161}
KHO = {"data.memory.cma_free_bytes": 9_982_885_888}


def spark(**hardware):
    given = made.spark()
    for place, value in hardware.items():
        made.change(given["hardware_baseline"], place, value)
    return given


def judged(criterion, given, profile="dgx_spark"):
    report = gate.evaluate(load_profiles(profile), {made.HOST: given}, (), made.NOW)
    found = {one["id"]: one for one in report["hosts"][made.HOST]["criteria"]}[criterion]
    warned = found["outcome"] == "pass" and found["warns"]
    return "warning" if warned else found["outcome"], found


def xids(*codes, programs=("python3",)):
    return spark(**{"data.gpu.xid_events": [
        {"code": code, "count": 1, "programs": list(programs)} for code in codes]})  # fmt: skip


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [(REPAIR, "fail"), (APPLICATION, "warning"), (QUIET, "pass"), ({167, 173, 999}, "warning")],
)
def test_an_xid_is_judged_by_nvidias_catalogue(codes, outcome):
    found = {code: judged("xid_events", xids(code)) for code in codes}
    assert {code for code, (told, _) in found.items() if told != outcome} == set()
    if outcome != "pass":
        assert all(f"Xid {code} (python3)" in one["message"] for code, (_, one) in found.items())


def test_every_code_has_one_resolution_and_every_resolution_is_judged():
    assert set(xid_catalog.RESOLUTIONS) == set(range(1, 173))
    listed = [code for text in xid_catalog._CATALOG.values() for code in xid_catalog._codes(text)]
    assert len(listed) == len(set(listed))
    for profile in load_profiles("auto"):
        (criterion,) = (one for one in profile.criteria if one.id == "xid_events")
        named = {*criterion.require.operands, *criterion.warn.operands, "IGNORE"}
        for resolution in {*xid_catalog.RESOLUTIONS.values(), xid_catalog.UNKNOWN}:
            assert any(resolution.startswith(name) for name in named), resolution


def test_the_words_of_a_host_decide_nothing_of_an_xid():
    assert judged("xid_events", xids(14, programs=["RESET_GPU"]))[0] == "pass"


def test_documents_without_programs_are_judged_alike():
    given = spark(**{"data.gpu.xid_events": [{"code": 109, "count": 1}, {"code": 31, "count": 2}]})
    assert judged("xid_events", given)[0] == "fail"


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("truncated", "missing"),
        ("timeout", "missing"),
        ("crashed", "missing"),
        ("kernel_log_unreadable", "skipped"),
    ],
)
@pytest.mark.parametrize("profile", ["dgx_spark", "generic"])
def test_nothing_found_in_a_part_of_the_log_is_missing(code, outcome, profile):
    given = spark(**{"data.gpu.xid_events": None})
    problem = {"probe": "gpu", "code": code, "message": "xid_events: dmesg leaves messages out"}
    given["hardware_baseline"]["problems"] = [problem]
    assert judged("xid_events", given, profile)[0] == outcome


def test_after_a_crash_nobody_is_sent_to_free_the_vents():
    given = spark(**{"data.gpu": None})
    message = "gpu: the process that reads it died of SIGSEGV; reboot"
    given["hardware_baseline"]["problems"] = [
        {"probe": "gpu", "code": "crashed", "message": message}
    ]
    for criterion in ("gpu_temperature_limits", "gpu_answers", "driver_minimum", "xid_events"):
        outcome, found = judged(criterion, given)
        assert outcome == "missing"
        assert "SIGSEGV" in found["message"]
        assert "reinstall the NVIDIA driver" in found["action"]


@pytest.mark.parametrize(
    ("hardware", "outcome"),
    [
        (KHO, "fail"),
        ({**KHO, "data.memory.cma_total_bytes": 0}, "fail"),
        ({**KHO, "data.platform.kernel_arguments": {"kho": "on"}}, "fail"),
        ({**KHO, "data.platform.kernel_arguments": {"kho": "off"}}, "skipped"),
        ({**KHO, "data.platform.kernel_arguments": {"kho": "0"}}, "skipped"),
        ({"data.memory.cma_free_bytes": 0, "data.memory.cma_total_bytes": 0}, "skipped"),
        ({"data.platform.kernel": "7.0.0-1019-nvidia"}, "pass"),
    ],
)
def test_the_kernel_is_judged_by_its_fault(hardware, outcome):
    told, found = judged("cma_accounting", spark(**hardware))
    assert told == outcome
    assert "nvidia-spark-grub-kho" in found["action"]


@pytest.mark.parametrize(
    ("arguments", "outcome"), [(None, "warning"), ({}, "warning"), ({"kho": "off"}, "skipped")]
)
def test_the_name_of_a_kernel_is_a_warning_at_most(arguments, outcome):
    hardware = {"data.platform.kernel": "7.0.0-1019-nvidia"}
    given = spark(**hardware, **{"data.platform.kernel_arguments": arguments})
    assert judged("kernel_known_bad", given)[0] == outcome


def test_a_driver_of_which_one_source_complains_is_a_warning():
    given = spark(**{"data.gpu.driver_version": "580.159.03"})
    assert judged("driver_known_bad", given)[0] == "warning"


@pytest.mark.parametrize(
    ("docker", "problems", "outcome"),
    [
        ({"engine_source": None}, [], "missing"),
        ({}, [], "missing"),
        ({"engine_source": "docker client"}, [], "pass"),
        ({}, ["no_permission"], "pass"),  # as a590d1e wrote it
        ({"engine_source": None}, ["failed"], "missing"),
    ],
)
def test_the_client_speaks_for_the_engine_only_where_the_daemon_refuses(docker, problems, outcome):
    given = spark(**{"data.software.docker.server_version": None})
    given["hardware_baseline"]["data"]["software"]["docker"].update(docker)
    given["hardware_baseline"]["problems"] = [
        {"probe": "software", "code": code, "message": "docker: server_version"}
        for code in problems
    ]
    assert judged("docker_engine", given)[0] == outcome


JETSON = {"name": "Orin (nvgpu)", "uuid": "8f1a6c12-9f6e-5b7e-9a57-0123456789ab",
          "pci_bus_id": None, "temperature_celsius": None,
          "not_supported": ["pci_bus_id", "temperature_celsius"]}  # fmt: skip
VGPU = {"name": "GRID A100-10C", "temperature_celsius": None, "power_draw_watts": None,
        "not_supported": ["temperature_celsius", "power_draw_watts"]}  # fmt: skip
GRACE = {"name": "NVIDIA GH200 480GB", "pci_device_id": "10de:2342", "addressing_mode": "ats"}
MIG = {
    "mig_mode": True,
    "gpu_utilization_percent": None,
    "not_supported": ["gpu_utilization_percent"],
}


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (JETSON, "pass"),
        (VGPU, "pass"),
        (GRACE, "pass"),
        (MIG, "pass"),
        ({"temperature_celsius": None}, "fail"),
        ({"temperature_celsius": None, "not_supported": ["power_draw_watts"]}, "fail"),
        ({"uuid": None}, "fail"),
        ({"uuid": "N/A"}, "fail"),
    ],
)
def test_what_a_gpu_does_not_support_is_no_loss(change, outcome):
    given = made.spark()
    given["hardware_baseline"]["data"]["gpu"]["devices"][0].update(change)
    assert judged("gpu_readable", given, "generic")[0] == outcome


EGPU = {
    "name": "NVIDIA GeForce RTX 4090",
    "pci_device_id": "10de:2684",
    "compute_capability": "8.9",
    "uuid": "GPU-00000000-0000-4000-8000-00000000e69a",
    "index": 1,
}


def test_a_gpu_beside_the_gb10_does_no_harm():
    given = made.spark()
    devices = given["hardware_baseline"]["data"]["gpu"]["devices"]
    devices.append({**devices[0], **EGPU})
    for criterion in ("gpu_is_gb10", "gpu_answers", "gpu_readable", "compute_capability"):
        assert judged(criterion, given)[0] == "pass", criterion
    devices[0].update(name=None, pci_device_id=None, uuid=None)
    assert judged("gpu_is_gb10", given)[0] == "fail"
    del devices[0]
    assert judged("gpu_answers", given)[0] == "fail"
