"""The GPU section through nvidia-smi: real child processes that print captured texts."""

import pytest

from python_probes.core.identifiers import Identifiers
from python_probes.core.system import System
from python_probes.nvidia import nvidia_smi

MEMINFO = "MemTotal:       127535084 kB\nMemAvailable:   14386092 kB\n"
# Driver 610's first lines; the labels and the versions as seen, the rest is left out.
TABLE_610 = "| NVIDIA-SMI 610.43.02  KMD Version: 610.43.02     CUDA UMD Version: 13.3     |"
TABLE_580 = "| NVIDIA-SMI 580.65.06 Driver Version: 580.65.06 CUDA Version: 13.0 |"
DISCRETE = {
    "index": "0",
    "name": "NVIDIA H100 80GB HBM3",
    "uuid": "GPU-00000000-0000-4000-8000-0000000000bb",
    "pci.bus_id": "00000000:04:00.0",
    "driver_version": "580.65.06",
    "pci.device_id": "0x233010DE",
    "compute_cap": "9.0",
    "vbios_version": "96.00.89.00.01",
    "serial": "1650000000000",
    "addressing_mode": "None",
    "memory.total": "81559",
    "memory.used": "586",
    "memory.free": "80973",
    "power.draw": "69.54",
    "power.limit": "700.00",
    "temperature.gpu": "31",
    "clocks.current.sm": "345",
    "clocks.current.memory": "2619",
    "clocks.max.sm": "1980",
    "utilization.gpu": "0",
    "utilization.memory": "0",
    "pstate": "P0",
    "persistence_mode": "Enabled",
    "clocks_event_reasons.active": "0x0000000000000005",
    "ecc.mode.current": "Enabled",
    "ecc.errors.uncorrected.volatile.total": "2",
    "mig.mode.current": "Disabled",
    "pcie.link.gen.current": "5",
    "pcie.link.width.current": "16",
}


def command(replay, rows=(), known=None, table=TABLE_580, status=0):
    """An nvidia-smi that prints `rows`, and refuses fields that are not `known`."""
    known = " ".join(DISCRETE if known is None else known)
    printed = "\n".join(f"    echo '{row}'" for row in rows) or "    :"
    replay.command(
        "nvidia-smi",
        f"""case $1 in
--query-gpu=*)
    IFS=,
    for field in ${{1#--query-gpu=}}; do
        case " {known} " in
        *" $field "*) ;;
        *) echo "Field \\"$field\\" is not a valid field to query."; exit 2 ;;
        esac
    done
{printed}
    exit {status} ;;
*) echo '{table}' ;;
esac""",
    )


def row(**changes):
    values = {**DISCRETE, **{name.replace("__", "."): value for name, value in changes.items()}}
    return ", ".join(values.values())


class Direct:
    """nvidia_smi.read in this process, on a PATH of the test's own."""

    def __init__(self, replay):
        self.replay = replay
        self.problems = []

    def read(self):
        system = System(self.replay.root, command_timeout=5.0)
        note = lambda code, message: self.problems.append((code, message))  # noqa: E731 - short
        return nvidia_smi.read(system, Identifiers(system, note), note)

    def messages(self, code):
        return "\n".join(message for found, message in self.problems if found == code)

    def codes(self):
        return {code for code, _ in self.problems}


@pytest.fixture
def direct(gpu_replay, monkeypatch):
    monkeypatch.setenv("PATH", gpu_replay.path)
    return Direct(gpu_replay)


def test_a_discrete_gpu_reads_every_offered_field(direct):
    command(direct.replay, [row()])

    readings = direct.read()

    (device,) = readings.devices
    assert {name for name, value in device.items() if value is None} == {
        "cuda_cores",
    }
    assert device["addressing_mode"] == "none"
    assert readings.driver_version == "580.65.06"
    assert device["memory_total_bytes"] == 81559 * 2**20
    assert device["memory_source"] == "nvidia-smi"
    assert device["event_reasons"] == ["gpu_idle", "sw_power_cap"]
    assert device["ecc_mode"] is True
    assert device["mig_mode"] is False
    assert device["serial_hash"].startswith("hmac-sha256:")
    assert direct.codes() == {"not_offered"}


def test_units_that_come_in_spite_of_nounits_are_left_out(direct):
    command(direct.replay, [row(memory__total="81559 MiB", utilization__gpu="7 %")])

    device = direct.read().devices[0]

    assert device["memory_total_bytes"] == 81559 * 2**20
    assert device["gpu_utilization_percent"] == 7


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[N/A]", "not_supported"),
        ("[Not Supported]", "not_supported"),
        ("[Unknown Error]", "unknown_error"),
        ("[GPU is lost]", "gpu_is_lost"),
        ("[Insufficient Permissions]", "no_permission"),
        ("ERR!", "unreadable"),
    ],
)
def test_a_field_that_is_not_read_is_null_and_named(direct, text, code):
    command(direct.replay, [row(power__draw=text)])

    assert direct.read().devices[0]["power_draw_watts"] is None
    assert "GPU 0 (0000:04:00.0): power_draw_watts" in direct.messages(code)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"persistence_mode": "perhaps"}, "persistence_mode"),
        ({"compute_cap": "nine"}, "compute_capability"),
        ({"utilization__gpu": "250"}, "gpu_utilization_percent"),
        ({"pstate": "P32"}, "performance_state"),
        ({"addressing_mode": "sideways"}, "addressing_mode"),
    ],
)
def test_a_text_that_cannot_be_is_null_and_named(direct, changes, name):
    command(direct.replay, [row(**changes)])

    assert direct.read().devices[0][name] is None
    assert name in direct.messages("unreadable")


def test_the_memory_of_a_lost_gb10_is_not_taken_from_meminfo(direct):
    direct.replay.write("/proc/meminfo", MEMINFO)
    lost = dict.fromkeys(("memory__total", "memory__used", "memory__free"), "[GPU is lost]")
    command(direct.replay, [row(name="NVIDIA GB10", **lost)])

    assert direct.read().devices[0]["memory_total_bytes"] is None
    assert "memory" in direct.messages("gpu_is_lost")


def test_not_supported_memory_of_a_discrete_gpu_stays_null(direct):
    direct.replay.write("/proc/meminfo", MEMINFO)
    absent = dict.fromkeys(("memory__total", "memory__used", "memory__free"), "[N/A]")
    command(direct.replay, [row(**absent)])

    assert direct.read().devices[0]["memory_total_bytes"] is None
    assert "memory" in direct.messages("not_supported")


def test_a_field_that_the_driver_does_not_know_costs_that_field(direct):
    known = [field for field in DISCRETE if field != "clocks_event_reasons.active"]
    values = [value for field, value in DISCRETE.items() if field in known]
    command(direct.replay, [", ".join(values)], known=known)

    device = direct.read().devices[0]

    assert device["event_reasons"] is None
    assert device["pcie_width"] == 16
    assert "event_reasons" in direct.messages("field_unknown")


def test_a_driver_that_knows_few_fields_is_asked_for_those(direct):
    known = list(DISCRETE)[:5]
    command(direct.replay, [", ".join(DISCRETE[field] for field in known)], known=known)

    readings = direct.read()

    assert readings.driver_version == "580.65.06"
    assert readings.devices[0]["uuid"] == DISCRETE["uuid"]
    assert readings.devices[0]["sm_clock_mhz"] is None
    assert "sm_clock_mhz is not read" in direct.messages("field_unknown")


def test_a_refusal_of_something_never_asked_for_ends(direct):
    direct.replay.command(
        "nvidia-smi", "echo 'Field \"x y\" is not a valid field to query.'\nexit 2"
    )

    assert direct.read() is None
    assert "it refuses x y" in direct.messages("nvidia_smi_failed")


@pytest.mark.parametrize("status", [0, 6])
def test_no_devices_is_an_answer_whatever_the_exit_status(direct, status):
    command(direct.replay, ["No devices were found"], status=status)

    assert direct.read().devices == []
    assert direct.codes() == {"not_offered"}


def test_one_lost_gpu_does_not_hide_the_others(direct):
    says = "Unable to determine the device handle for GPU0000:05:00.0: GPU is lost.  Reboot"
    command(direct.replay, [row(), says], status=15)

    healthy, lost = direct.read().devices

    assert healthy["name"] == "NVIDIA H100 80GB HBM3"
    assert lost["pci_bus_id"] == "0000:05:00.0"
    assert lost["name"] is None
    assert "0000:05:00.0" in direct.messages("gpu_is_lost")


def test_an_unknown_error_on_a_handle_is_a_gpu_that_does_not_answer(direct):
    says = "Unable to determine the device handle for GPU 0000:05:00.0: Unknown Error"
    command(direct.replay, [says], status=15)

    assert direct.read().devices[0]["pci_bus_id"] == "0000:05:00.0"
    assert "Unknown Error" in direct.messages("gpu_not_answering")


DAMAGED = "WARNING: infoROM is corrupted at gpu 0000:04:00.0"


@pytest.mark.parametrize(
    ("lines", "status"),
    [([row(), DAMAGED], 0), ([row(), DAMAGED], 14), ([DAMAGED, row()], 14), ([row()], 15)],
)
def test_rows_are_read_whatever_stands_around_them(direct, lines, status):
    command(direct.replay, lines, status=status)

    (device,) = direct.read().devices

    assert device["temperature_celsius"] == 31
    assert ("infoROM" in direct.messages("inforom_corrupted")) is (DAMAGED in lines)
    assert (f"exit status {status}" in direct.messages("nvidia_smi_status")) is (status != 0)


def test_many_remarks_hide_no_row(direct):
    command(direct.replay, [*["Warning: persistence mode is off"] * 200, row()])

    assert len(direct.read().devices) == 1
    assert "192 more" in direct.messages("unreadable")


@pytest.mark.parametrize("stream", ["", " >&2"])
@pytest.mark.parametrize(
    ("says", "index", "code"),
    [
        ("Unable to determine the device handle for GPU0: 0000:01:00.0: Unknown Error",
         0, "gpu_not_answering"),
        ("Unable to determine the device handle for GPU12: 00000000:01:00.0: GPU is lost.  Reboot",
         12, "gpu_is_lost"),
        ("Unable to determine the device handle for GPU 0000:01:00.0: GPU is lost.",
         None, "gpu_is_lost"),
        ("Unable to determine the device handle for GPU0000:01:00.0: Unknown Error",
         None, "gpu_not_answering"),
        ("unable to determine the device handle for gpu 0000:01:00.0: Not Found",
         None, "gpu_not_answering"),
    ],
)  # fmt: skip
def test_every_wording_of_a_gpu_out_of_reach(direct, says, index, code, stream):
    direct.replay.command(
        "nvidia-smi", f"echo '{says}'{stream}\necho 'No devices were found'\nexit 6"
    )

    (device,) = direct.read().devices

    assert (device["pci_bus_id"], device["index"]) == ("0000:01:00.0", index)
    assert code in direct.codes()


@pytest.mark.parametrize(
    ("says", "status"),
    [
        ("GPU access blocked by the operating system", 17),
        ("Cannot talk to the device at 00000000:01:00.0", 255),
        ("GPU 0 needs care of a kind that nobody knows yet", 0),
        ("2 GPUs were skipped", 6),
    ],
)
def test_a_line_that_speaks_of_a_gpu_leaves_open_whether_one_is_there(gpu_replay, says, status):
    gpu_replay.command("nvidia-smi", f"echo '{says}'\nexit {status}")

    section = gpu_replay.collect(None)

    assert (section["present"], section["devices"]) == (None, [])
    assert says in gpu_replay.messages("unclear")


def test_a_gpu_that_was_there_in_this_boot_is_not_absent(gpu_replay):
    gpu_replay.write("/sys/module/nvidia/version", "580.142\n")
    gpu_replay.command("nvidia-smi", "echo 'No devices were found'\nexit 6")
    assert gpu_replay.collect(None)["present"] is False
    gpu_replay.write(
        "/var/log/kern.log", "Linux version 6.17\nNVRM: Xid (PCI:000f:01:00): 79, off\n"
    )

    section = gpu_replay.collect(None)

    assert section["present"] is None
    assert section["xid_events"] == [{"code": 79, "count": 1, "programs": []}]


def test_a_driver_that_renamed_even_a_plain_field_is_read(direct):
    command(direct.replay, [", ".join([row().split(", ")[0], *row().split(", ")[1:4]])],
            known=["index", "name", "uuid", "pci.bus_id"], table=TABLE_610)  # fmt: skip

    readings = direct.read()

    assert readings.devices[0]["uuid"] == DISCRETE["uuid"]
    assert readings.driver_version == "610.43.02"


def test_what_the_driver_does_not_support_is_told_apart_from_what_is_lost(direct):
    memory = dict.fromkeys(("memory__total", "memory__used", "memory__free"), "[N/A]")
    command(direct.replay, [row(temperature__gpu="[N/A]", power__draw="[Unknown Error]", **memory)])

    (device,) = direct.read().devices

    assert "temperature_celsius" in device["not_supported"]
    assert "memory_total_bytes" in device["not_supported"]
    assert "power_draw_watts" not in device["not_supported"]


def test_the_labels_of_driver_610_are_understood(direct):
    command(direct.replay, [row(driver_version="[N/A]")], table=TABLE_610)

    readings = direct.read()

    assert readings.cuda_driver_version == "13.3"
    assert readings.driver_version == "610.43.02"


def test_a_table_without_a_cuda_version_is_named(direct):
    command(direct.replay, [row()], table="| NVIDIA-SMI 369.30 Driver Version: 369.30 |")

    assert direct.read().cuda_driver_version is None
    assert "cuda_driver_version" in direct.messages("unreadable")


def test_a_table_that_fails_is_named(direct):
    direct.replay.command("nvidia-smi", f"[ $# -gt 0 ] || exit 1\necho '{row()}'")

    assert direct.read().cuda_driver_version is None
    assert "cuda_driver_version" in direct.messages("unreadable")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("echo 'Failed to initialize NVML: Driver/library version mismatch'\nexit 18",
         "driver_library_mismatch"),
        ("echo \"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\""
         "\nexit 9", "driver_not_loaded"),
        ("echo 'something else' >&2\nexit 1", "nvidia_smi_failed"),
        (None, "nvidia_smi_missing"),
    ],
)  # fmt: skip
def test_no_answer_is_none_and_named(direct, body, code):
    if body is not None:
        direct.replay.command("nvidia-smi", body)

    assert direct.read() is None
    assert direct.codes() == {code}


def test_a_command_that_hangs_is_named(direct):
    direct.replay.command("nvidia-smi", "while :; do :; done")
    system = System(direct.replay.root, command_timeout=0.2)
    note = lambda code, message: direct.problems.append((code, message))  # noqa: E731 - short

    assert nvidia_smi.read(system, Identifiers(system, note), note) is None
    assert direct.codes() == {"nvidia_smi_timeout"}
