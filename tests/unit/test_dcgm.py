"""DCGM, replayed from captured and synthetic answers of dcgmi: see tests/fixtures/dcgm."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from schema_check import schema_errors

from python_probes.nvidia import dcgm, dcgm_metrics, dcgm_reports
from python_probes.nvidia.dcgm_reports import DcgmError
from python_probes.nvidia.nvml_calls import NvmlError

FIXTURES = Path(__file__).parent.parent / "fixtures" / "dcgm"
SECTION = "/properties/data/properties/dcgm"


def text(name):
    return (FIXTURES / name).read_text(encoding="utf-8")


@pytest.fixture
def spark(box):
    """A function that installs a dcgmi which answers each command with a file and a status."""
    (box.commands / "timeout").symlink_to("/usr/bin/timeout")

    def install(**answers):
        cases = {
            "version": ("4.7.0-version.txt", 0),
            "discovery": ("synthetic-gb10-discovery.txt", 0),
            "dmon": ("synthetic-gb10-dmon.txt", 0),
            "health": ("3.x-health-healthy.json", 0),
            "policy": ("synthetic-policy-none.json", 0),
            "diag": ("gb10-4.2.3-diag-1.json", 226),
            **answers,
        }
        body = 'echo "$@" >> "$0.calls"\ncase $1 in\n'
        for command, (answer, status) in cases.items():
            shown = f"/bin/cat {FIXTURES / answer}" if answer.endswith(("txt", "json")) else answer
            body += f"*{command}) {shown}; exit {status};;\n"
        box.command("dcgmi", body + "esac")
        return box

    return install


def collect(box, level=1, library=None, timeout=60.0):
    section = dcgm.collect(box.system, library, level, timeout, box.note)
    assert schema_errors("benchmark", SECTION, section) == []
    return section


def calls(box):
    return (box.commands / "dcgmi.calls").read_text().splitlines()


def test_a_spark_with_dcgm(spark):
    box = spark()

    section = collect(box)

    assert section["source"] == "dcgm"
    assert section["reason"] is None
    assert section["version"] == "4.7.0"
    assert section["discovery"] == [
        {"index": 0, "name": "NVIDIA GB10", "uuid": "GPU-00000000-1111-2222-3333-444444444444"}
    ]
    (test,) = section["diagnostic"]["tests"]
    assert (test["name"], test["outcome"]) == ("software", "fail")
    assert test["message"].startswith("Persistence Mode: Persistence mode for GPU 0 is disabled.")
    assert "SRAM Threshold checking was skipped." in test["message"]
    assert section["health"] == {"overall": "healthy", "incidents": []}
    assert section["policy"]["violation_conditions"] == []
    (metrics,) = section["metrics"]
    assert metrics["temperature_celsius"] == 54
    assert metrics["memory_temperature_celsius"] is None  # a GB10 says 0
    assert metrics["power_watts"] == 11.234
    assert metrics["sm_clock_mhz"] == 2418
    assert metrics["memory_used_bytes"] is metrics["ecc_corrected_errors"] is None
    assert metrics["event_reasons"] == ["gpu_idle"]
    assert metrics["last_xid"] == 0
    assert box.problems == []


@pytest.mark.parametrize(
    ("discovery", "asked", "run"),
    [
        ("synthetic-gb10-discovery.txt", 2, 1),  # its memory is the host's
        ("t4-3.x-discovery.txt", 2, 2),
        ("t4-3.x-discovery.txt", 1, 1),
    ],
)
def test_the_diagnostic_has_the_level_that_the_gpu_supports(spark, discovery, asked, run):
    box = spark(discovery=(discovery, 0), diag=("t4-3.x-diag-2.json", 0))

    assert collect(box, level=asked)["diagnostic"]["level"] == run
    assert f"diag -r {run} -j" in calls(box)


def test_no_more_is_asked_of_a_host_engine_that_does_not_run(spark):
    box = spark(discovery=("no-host-engine.txt", 253))

    section = collect(box, library=Nvml())

    assert section["source"] == "nvml"
    assert "unable to establish a connection" in section["reason"]
    assert section["reason"].endswith("systemctl enable --now nvidia-dcgm")
    assert section["version"] == "4.7.0"
    assert section["discovery"] is section["diagnostic"] is section["health"] is None
    assert [call.split()[0] for call in calls(box)] == ["--version", "discovery"]
    assert box.problems == []


def test_without_dcgm_nvml_gives_the_metrics(box):
    section = collect(box, library=Nvml())

    assert (section["source"], section["version"]) == ("nvml", None)
    assert "DCGM is not installed: dcgmi: not found on PATH" in section["reason"]
    assert section["metrics"] == [
        {
            "index": 0,
            "temperature_celsius": 41,
            "memory_temperature_celsius": 45,
            "power_watts": 71.5,
            "sm_clock_mhz": 1980,
            "memory_clock_mhz": 2619,
            "utilization_percent": 7,
            "memory_used_bytes": 4096,
            "ecc_corrected_errors": 3,
            "ecc_uncorrected_errors": 0,
            "pcie_replays": 2,
            "last_xid": None,
            "event_reasons": ["sw_power_cap"],
        }
    ]


@pytest.mark.parametrize(
    ("library", "words"),
    [
        (None, "pynvml is not installed"),
        ({"nvmlInit": "driver_not_loaded"}, "driver_not_loaded"),
        ({"nvmlDeviceGetCount": "gpu_is_lost", "nvmlShutdown": "uninitialized"}, "gpu_is_lost"),
        ({"count": 0}, "NVML: no GPU"),
    ],
)
def test_a_host_without_either_says_why(box, library, words):
    section = collect(box, library=None if library is None else Nvml(**library))

    assert section["source"] is section["metrics"] is None
    assert "DCGM is not installed: dcgmi: not found on PATH" in section["reason"]
    assert words in section["reason"]


def test_what_nvml_does_not_support_is_null(box):
    section = collect(
        box,
        library=Nvml(
            nvmlDeviceGetMemoryInfo="not_supported",
            nvmlDeviceGetTotalEccErrors="not_supported",
            memory_temperature=(3, 0),
        ),
    )

    (metrics,) = section["metrics"]
    unread = {name for name, value in metrics.items() if value is None}
    assert unread == {
        "memory_temperature_celsius",
        "memory_used_bytes",
        "ecc_corrected_errors",
        "ecc_uncorrected_errors",
        "last_xid",
    }


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ({"health": ("health-not-watched.txt", 255)}, "dcgm_health", "dcgmi health -s a turns"),
        ({"health": ("health-4.7.0-mismatch.txt", 255)}, "dcgm_health", "API version mismatch"),
        ({"health": ("echo hello", 0)}, "dcgm_health", "hello"),
        ({"health": ("echo '{\"body\": 3}'", 0)}, "dcgm_health", "of another form"),
        ({"health": ("echo '{\"body\": {}}'", 0)}, "dcgm_health", "without the overall health"),
        ({"policy": ("echo '[]'", 0)}, "dcgm_policy", "[]"),
        ({"diag": ("synthetic-3.x-diag-error.json", 1)}, "dcgm_diagnostic", "unsupported GPU 0"),
        ({"diag": ("echo 'half {\"DCGM Dia'", 0)}, "dcgm_diagnostic", "half"),
        ({"diag": ("echo 'Error: refused'; echo '{}'", 1)}, "dcgm_diagnostic", "Error: refused"),
        (
            {"diag": ('echo \'{"DCGM Diagnostic": {"test_categories": [7]}}\'', 1)},
            "dcgm_diagnostic",
            "of another form",
        ),
        ({"diag": ("echo 'Error: no module' >&2", 3)}, "dcgm_diagnostic", "Error: no module"),
    ],
)
def test_what_dcgm_does_not_tell_is_null_and_noted(spark, answers, code, words):
    box = spark(**answers)

    section = collect(box)

    (command,) = answers
    assert section["diagnostic" if command == "diag" else command] is None
    assert [found for found, _ in box.problems] == [code]
    assert words in box.messages(code)
    assert section["source"] == "dcgm"


@pytest.mark.parametrize("answer", ["8-gpus-dmon-5-fields.txt", "no-host-engine.txt"])
def test_readings_that_cannot_be_told_apart_are_nvmls(spark, answer):
    section = collect(spark(dmon=(answer, 0)), library=Nvml())

    assert section["source"] == "nvml"
    assert "dcgmi dmon: no reading" in section["reason"]
    assert section["health"]["overall"] == "healthy"


def test_a_diagnostic_that_does_not_end_is_asked_to_end(spark, monkeypatch):
    """A killed dcgmi would leave the host engine's load running."""
    monkeypatch.setattr(dcgm, "_STOP_SECONDS", 1)
    box = spark(
        diag=(
            "trap 'echo stopped >> \"$0.calls\"; exit 1' TERM; while :; do /bin/sleep 0.02; done",
            0,
        )
    )

    section = collect(box, timeout=6)

    assert section["diagnostic"] is None
    assert "not done in the time it had; stopped" in box.messages("dcgm_diagnostic")
    assert calls(box)[-2:] != []
    assert "stopped" in calls(box)


def test_without_time_there_is_no_diagnostic(spark):
    box = spark()

    assert collect(box, timeout=6.5)["diagnostic"] is None
    assert "no time is left" in box.messages("dcgm_diagnostic")


def test_a_dcgmi_without_a_version(box):
    box.says("dcgmi", "what?\n")

    assert dcgm.version(box.system) is None


@pytest.mark.parametrize(
    ("name", "count", "first"),
    [
        ("t4-3.x-discovery.txt", 1, "Tesla T4"),
        ("p100-4.7.0-discovery.txt", 1, "Tesla P100-PCIE-16GB"),
        ("l4-4.x-discovery.txt", 4, "NVIDIA L4"),
        ("h100-4.x-discovery-null-names.txt", 2, None),
    ],
)
def test_discovery(name, count, first):
    found = dcgm_reports.discovery(text(name))

    assert [gpu["index"] for gpu in found] == list(range(count))
    assert found[0]["name"] == first
    assert all(gpu["uuid"].startswith("GPU-") for gpu in found)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (text("synthetic-no-gpu-discovery.txt"), "manages none of the GPUs"),
        ("garbage\x00\n", "without a count of GPUs: garbage"),
        ("", "without a count of GPUs"),
    ],
)
def test_a_discovery_of_nothing(answer, words):
    with pytest.raises(DcgmError, match=words):
        dcgm_reports.discovery(answer)


def outcomes(name):
    return {test["name"]: test["outcome"] for test in dcgm_reports.diagnostic(text(name))}


def test_diagnostics_of_both_versions():
    assert set(outcomes("t4-3.x-diag-2.json").values()) == {"pass"}
    assert len(outcomes("t4-3.x-diag-2.json")) == 11
    assert outcomes("gb10-4.5.2-diag-2.json") == {
        "software": "fail",
        "memory": "skip",
        "pcie": "skip",
    }
    assert outcomes("synthetic-3.x-diag-1-fail.json") == {
        "Denylist": "pass",
        "Graphics Processes": "warn",
        "Inforom": "fail",
        "Future Test": "error",
    }


def test_what_every_gpu_says_is_told_once():
    (software,) = dcgm_reports.diagnostic(text("8-gpus-4.x-diag-1-persistence.json"))

    assert software["message"].count("is disabled") == 8
    (software, *_) = dcgm_reports.diagnostic(text("gb10-4.5.2-diag-2.json"))
    assert software["message"].count("is disabled") == 1


def test_no_serial_number_is_told(spark):
    name = "synthetic-3.x-diag-1-fail.json"
    assert "1654422067890" in text(name)
    section = collect(spark(diag=(name, 226)))

    assert "16544220" not in json.dumps(section)
    (graphics,) = [t for t in section["diagnostic"]["tests"] if t["outcome"] == "warn"]
    assert graphics["message"] == "GPU 1 (serial [serial]) runs a graphics process."


def test_health_incidents():
    assert dcgm_reports.health(text("synthetic-health-failure.json")) == {
        "overall": "failure",
        "incidents": [
            {
                "entity": "GPU 0",
                "system": "Memory system",
                "health": "warning",
                "message": "The car is red? Are you sure because that doesn't seem like the color "
                "I ordered.",
            },
            {
                "entity": "GPU 1",
                "system": "Memory system",
                "health": "failure",
                "message": "Green.",
            },
            {"entity": "GPU 1", "system": "SM system", "health": "warning", "message": "Blue."},
        ],
    }


def test_a_policy_that_is_set():
    assert dcgm_reports.policy(text("synthetic-policy-set.json")) == {
        "violation_conditions": [
            "Double-bit ECC errors",
            "Max temperature threshold - 90",
            "XID error detected.",
        ],
        "isolation_mode": "Manual",
        "action_on_violation": "Reset GPU",
        "validation_after_action": "System Validation (Short)",
        "validation_failure_action": "None",
    }


def test_the_last_reading_of_each_gpu_counts():
    first, second = dcgm_metrics.parse(text("synthetic-h100-dmon.txt"))

    assert (first["index"], second["index"]) == (0, 1)
    assert first["power_watts"] == 57.489
    assert first["memory_temperature_celsius"] is None
    assert second["memory_used_bytes"] == 12033 * 2**20
    assert (second["ecc_corrected_errors"], second["pcie_replays"], second["last_xid"]) == (
        3,
        2,
        48,
    )
    assert second["event_reasons"] == ["sw_power_cap"]


def test_the_fields_are_those_of_dcgm_fields_h():
    assert dcgm_metrics.FIELD_IDS == "150,140,155,100,101,203,252,310,311,202,230,112"


class Nvml:
    """Answers as NVML does on one GPU; `faults` names functions and their errors."""

    def __init__(self, count=1, memory_temperature=(0, 45), **faults):
        self._faults = faults
        result, celsius = memory_temperature
        field = SimpleNamespace(nvmlReturn=result, value=SimpleNamespace(uiVal=celsius))
        self._answers = {
            "nvmlInit": None,
            "nvmlShutdown": None,
            "nvmlDeviceGetCount": count,
            "nvmlDeviceGetHandleByIndex": "handle",
            "nvmlDeviceGetTemperatureV": 41,
            "nvmlDeviceGetFieldValues": [field],
            "nvmlDeviceGetPowerUsage": 71500,
            "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=7),
            "nvmlDeviceGetMemoryInfo": SimpleNamespace(used=4096),
            "nvmlDeviceGetPcieReplayCounter": 2,
            "nvmlDeviceGetCurrentClocksEventReasons": 4,
        }

    def ask(self, *asked):
        function, *arguments = asked[0]
        if function in self._faults:
            raise NvmlError(self._faults[function], self._faults[function])
        if function == "nvmlDeviceGetClockInfo":
            return {1: 1980, 2: 2619}[arguments[1]]
        if function == "nvmlDeviceGetTotalEccErrors":
            return {0: 3, 1: 0}[arguments[1]]
        return self._answers[function]
