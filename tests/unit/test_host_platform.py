import pytest

from python_probes.core.parsing import assignments
from python_probes.host import host_platform, kernel, time_synchronization

DMI = "/sys/devices/virtual/dmi/id"


def platform(box):
    return box.collect(host_platform.collect)


def test_dmi_at_its_other_place_and_a_serial_that_is_not_ours_to_read(box):
    box.file(f"{DMI}/sys_vendor", "ASUSTeK COMPUTER INC.")
    box.file(f"{DMI}/product_name", "GX10")
    # Neither mode bits nor a missing user keep root out: a folder cannot be read by anybody.
    box.file(f"{DMI}/product_serial/unreadable", "")

    section = platform(box)

    assert (section["vendor"], section["product_name"]) == ("ASUSTeK COMPUTER INC.", "GX10")
    assert section["serial_hash"] is None
    assert "product_serial" in box.messages("no_permission")
    assert "bios_version, bios_date" in box.messages("missing")


def test_dmidecode_stands_in_for_the_serial(box):
    box.says("dmidecode", "# SMBIOS implementations newer than 3.5 are not\nFAKE00001\n")

    assert platform(box)["serial_hash"].startswith("hmac-sha256:")


@pytest.mark.parametrize("placeholder", ["To be filled by O.E.M.", "Default string", "", "0"])
def test_placeholders_are_no_serial(box, placeholder):
    box.file(f"{DMI}/product_serial", placeholder)

    assert platform(box)["serial_hash"] is None


def test_a_placeholder_takes_no_words_out_of_the_document(box):
    box.file(f"{DMI}/board_serial", "NVIDIA")
    box.file(f"{DMI}/sys_vendor", "NVIDIA")

    assert box.document()["data"]["platform"]["vendor"] == "NVIDIA"


def dgx(box, text):
    box.file("/etc/dgx-release", text)
    return platform(box)["dgx"]


def test_no_dgx_release_is_no_problem(box):
    assert platform(box)["dgx"] is None
    assert "dgx" not in box.messages("missing")


def test_a_date_of_an_earlier_update_does_not_count(box):
    found = dgx(box, 'DGX_OTA_VERSION="7.3"\nDGX_OTA_DATE="then"\nDGX_OTA_VERSION="7.5"')

    assert (found["ota_version"], found["ota_date"]) == ("7.5", None)
    assert "ota_date" in box.messages("missing")


def test_a_box_never_updated(box):
    found = dgx(box, 'DGX_NAME="DGX Spark"\nDGX_SWBUILD_VERSION="7.2.3"\nDGX_SERIAL_NUMBER="F0001"')

    assert (found["software_version"], found["ota_version"]) == ("7.2.3", None)
    assert "ota_" not in box.messages("missing")


def test_os_release_that_was_cut_off(box):
    box.file("/usr/lib/os-release", 'ID=ubuntu\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24')

    found = platform(box)["operating_system"]

    assert found == {
        "id": "ubuntu",
        "version_id": "24.04",
        "codename": None,
        "pretty_name": "Ubuntu 24",
    }
    assert "codename" in box.messages("missing")


def test_assignments_leave_out_what_is_none():
    text = "# ID=comment\nID='a b'\nNAME=x y\nnot one\n=nothing\nA-B=1\nE=\n"

    assert assignments(text) == [("ID", "a b"), ("NAME", "x y"), ("E", "")]


def test_numbers_of_proc(box):
    box.file("/proc/uptime", "12.5 99")
    box.file("/proc/loadavg", "garbage")

    section = platform(box)

    assert (section["uptime_seconds"], section["load_average_1m"]) == (12.5, None)
    assert "load_average_1m" in box.messages("missing")


CAPTURED_UNAME = "Linux spark-7f3a 6.17.0-1014-nvidia #14-Ubuntu SMP Tue Jan 13 20:00:00 UTC 2026"


@pytest.mark.parametrize("tail", [" aarch64 aarch64 aarch64 GNU/Linux", " aarch64 GNU/Linux"])
def test_a_uname_that_prints_everything_whatever_it_is_asked(box, tail):
    box.says("uname", CAPTURED_UNAME + tail)

    assert kernel.release(box.system, box.note) == "6.17.0-1014-nvidia"
    assert kernel.architecture(box.system, box.note) == "aarch64"


def test_a_uname_that_knows_no_options_is_not_believed(box):
    box.says("uname", "Linux")

    assert kernel.release(box.system, box.note) is None
    assert kernel.architecture(box.system, box.note) is None


def test_a_number_beyond_all_measure_is_none(box):
    box.file("/proc/uptime", "9" * 5000)

    assert platform(box)["uptime_seconds"] is None


def test_kernel_release_from_proc_when_uname_fails(box):
    box.says("uname", "", 1)
    box.file("/proc/sys/kernel/osrelease", "7.0.0-1019-nvidia")
    assert kernel.release(box.system, box.note) == "7.0.0-1019-nvidia"

    box.says("uname", "")
    assert kernel.architecture(box.system, box.note) is None
    assert "printed nothing" in box.messages("failed")


def synchronized(box):
    return time_synchronization.read(box.system, box.note)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("yes\n", True),
        ("no\n", False),
        ("Timezone=UTC\nNTP=yes\nNTPSynchronized=no\n", False),
        ("      NTP service: active\nSystem clock synchronized: yes\n", True),
    ],
)
def test_every_form_of_timedatectl(box, answer, expected):
    box.says("timedatectl", answer)

    assert synchronized(box) == (expected, "timedatectl")


def test_a_timedatectl_without_show(box):
    box.command("timedatectl", '[ $# = 0 ] || exit 1\necho "NTP synchronized: yes"')

    assert synchronized(box) == (True, "timedatectl")


@pytest.mark.parametrize(
    ("status", "expected"), [("Normal", True), ("Not synchronised", False), ("Insert second", True)]
)
def test_chrony_answers_where_systemd_does_not(box, status, expected):
    box.says("timedatectl", "System has not been booted with systemd", 1)
    box.says("chronyc", f"Reference ID    : 0A000001\nLeap status     : {status}\n")

    assert synchronized(box) == (expected, "chronyc")


def test_the_marker_of_timesyncd(box):
    box.file("/run/systemd/timesync/synchronized")

    assert synchronized(box) == (True, "systemd-timesyncd")


@pytest.mark.parametrize(
    ("says", "expected"),
    [("Access denied", (True, "systemd-timesyncd")), ("Failed to connect to bus", (None, None))],
)
def test_the_marker_counts_where_systemd_refuses_and_not_where_it_fails(box, says, expected):
    box.file("/run/systemd/timesync/synchronized")
    box.command("timedatectl", f"echo '{says}' >&2; exit 1")

    assert synchronized(box) == expected


def test_nobody_can_say(box):
    box.says("timedatectl", "maybe\n")
    box.says("chronyc", "506 Cannot talk to daemon", 1)

    assert synchronized(box) == (None, None)
    message = box.messages("missing")
    assert "timedatectl: printed no answer" in message
    assert "506 Cannot talk to daemon" in message


COMMAND_LINE = (
    "BOOT_IMAGE=/boot/vmlinuz-7.0.0-1019-nvidia root=UUID=aa ro kho=on ip=192.0.2.7::192.0.2.1 "
    "nfsroot=192.0.2.9:/x iommu.passthrough=0 pci=pcie_bus_safe kho=off rd.luks.key=secret nokaslr "
    "crashkernel=1G-4G:128M isolcpus=\x1b[1m\n"
)


def test_the_kernels_arguments_by_an_allow_list(box):
    box.file("/proc/cmdline", COMMAND_LINE)

    assert kernel.arguments(box.system, box.note) == {
        "crashkernel": "1G-4G:128M",
        "iommu.passthrough": "0",
        "kho": "off",
        "nokaslr": "",
        "pci": "pcie_bus_safe",
    }
    assert "isolcpus" in box.messages("withheld")


def test_no_command_line_is_named(box):
    assert kernel.arguments(box.system, box.note) is None
    assert "/proc/cmdline" in box.messages("missing")
