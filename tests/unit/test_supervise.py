import os
import signal
import time
from pathlib import Path

import pytest

from python_probes.collect import hardware
from python_probes.collect.identity import from_sections
from python_probes.core.document import build, noter
from python_probes.core.identifiers import Identifiers
from python_probes.core.supervise import command_timeout, run_probes


def run(box, probes, timeout):
    return run_probes(box.system, Identifiers(box.system, box.note), probes, timeout)


def test_a_probe_that_raises_costs_its_section_only(box):
    def crash(system, identifiers, note):
        note("missing", "said before the crash")
        raise ValueError("bad\nvalue")

    sections, problems = run(box, {"one": crash, "two": lambda *_: {"answer": 1}}, 5.0)

    assert sections == {"one": None, "two": {"answer": 1}}
    assert problems == [
        {"probe": "one", "code": "missing", "message": "said before the crash"},
        {"probe": "one", "code": "crashed", "message": "one: ValueError: bad value"},
    ]


def test_a_probe_that_never_ends_is_given_up(box):
    probes = {"one": lambda *_: time.sleep(300), "two": lambda *_: {"answer": 1}}

    sections, problems = run(box, probes, 0.5)

    assert sections == {"one": None, "two": {"answer": 1}}
    assert [problem["code"] for problem in problems] == ["timeout"]


def test_a_file_that_is_too_long_is_a_problem(box):
    box.file("/proc/mounts", "x" * 9_000_000)

    sections, problems = run(
        box, {"one": lambda system, *_: {"text": system.read("/proc/mounts")}}, 9
    )

    assert sections["one"] == {"text": None}
    assert [(one["probe"], one["code"]) for one in problems] == [("files", "truncated")]


@pytest.mark.parametrize(
    ("end", "code", "message"),
    [
        (lambda *_: os.kill(os.getpid(), signal.SIGSEGV), "crashed", "died of SIGSEGV; reboot"),
        (lambda *_: os._exit(0), "crashed", "gave no answer; reboot"),
        (lambda *_: 1 // 0, "crashed", "ZeroDivisionError"),
        (lambda *_: time.sleep(300), "timeout", "not finished in 0.5 s"),
    ],
)
def test_a_probe_costs_its_section_only(box, end, code, message):
    probes = {"one": lambda *_: {"answer": 1}, "two": end}

    sections, problems = run_probes(
        box.system, Identifiers(box.system, box.note), probes, 0.5, advice={"two": "reboot"}
    )

    assert sections == {"one": {"answer": 1}, "two": None}
    assert [one["code"] for one in problems] == [code]
    assert message in problems[0]["message"]


def test_a_probe_says_what_it_would_say_here(box):
    def probe(system, identifiers, note):
        note("missing", "something")
        return {"serial_hash": identifiers.hash("SERIAL0001"), "big": "x" * 300_000}

    identifiers = Identifiers(box.system, box.note)
    sections, problems = run_probes(
        box.system, identifiers, {"one": probe}, 9, advice={"one": "reboot"}
    )

    assert sections == {"one": probe(box.system, identifiers, lambda *_: None)}
    assert [one["message"] for one in problems] == ["something"]
    assert "SERIAL0001" in identifiers.hashes


def test_two_hung_commands_fit_into_a_probe():
    assert 2 * command_timeout(20.0) < 20.0
    assert command_timeout(3600.0) == 10.0


def test_a_repeated_problem_is_said_once():
    problems = []
    note = noter(problems, "cpu")
    note("missing", "the  same")
    note("missing", "the same")
    note("missing", "")

    assert [problem["message"] for problem in problems] == ["the same", "missing"]


def test_addresses_that_nobody_hashed_do_not_leave(box):
    identifiers = Identifiers(box.system, box.note)
    problems = [{"probe": "x", "code": "y", "message": "lost 02:00:00:00:00:AB at 0000:01:00.0"}]
    data = {"list": ["rocex020000fffe0000ab", {"deep": "0200:00ff:fe00:00ab", "n": 1}]}

    document = build("environment", "host", {}, data, problems, identifiers=identifiers)

    text = str(document).lower()
    for clear in ("02:00:00:00:00:ab", "020000fffe0000ab", "0200:00ff"):
        assert clear not in text
    assert "0000:01:00.0" in document["problems"][0]["message"]
    assert document["data"]["list"][1]["n"] == 1


def test_what_names_the_box_stays_hidden_where_the_probe_that_reads_it_hangs(box, monkeypatch):
    box.file("/etc/hostname", "spark-7f3a")
    box.file("/etc/machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda4")
    box.file("/sys/class/dmi/id/board_serial", "BOARD0001")
    box.file("/sys/class/dmi/id/product_serial", "SERIAL0001")
    box.file("/etc/dgx-release", "DGX_SERIAL_NUMBER=RELEASE0001")

    def tells(*_):
        return {"text": "spark-7f3a BOARD0001 SERIAL0001 RELEASE0001"}

    probes = {"platform": lambda *_: time.sleep(300), "cpu": tells}
    monkeypatch.setattr(hardware, "PROBES", dict.fromkeys(hardware.PROBES, tells) | probes)
    document = hardware.document(box.system, "host", 1.0)

    assert document["data"]["platform"] is None
    for clear in ("7f3a", "BOARD0001", "SERIAL0001", "RELEASE0001"):
        assert clear not in str(document)


def identity(gpu):
    return from_sections(gpu, {"kernel": "6.17"}, "580.1")


def test_a_lost_gpu_has_no_known_uuid():
    assert identity({"present": False, "devices": []})["gpu_uuids"] == []
    assert identity({"present": True, "devices": []})["gpu_uuids"] is None
    assert identity({"present": None, "devices": []})["gpu_uuids"] is None
    assert identity(None)["gpu_uuids"] is None
    two = {"present": True, "devices": [{"uuid": "GPU-b"}, {"uuid": "GPU-a"}]}
    assert identity(two)["gpu_uuids"] == ["GPU-a", "GPU-b"]
    two["devices"].append({"uuid": None})
    assert identity(two)["gpu_uuids"] is None


def test_the_driver_is_the_one_that_answers_else_the_loaded_one():
    assert identity({"driver_version": "580.2"})["driver"] == "580.2"
    assert identity(None)["driver"] == "580.1"


def test_a_command_that_heeds_no_signal_ends_with_its_probe(box, tmp_path):
    place = tmp_path / "pid"
    box.command("stubborn", f"trap '' TERM; echo $$ > {place}; while :; do /bin/sleep 0.1; done")

    run(box, {"one": lambda system, *_: {"text": system.run("stubborn")}}, 0.5)

    process = Path("/proc", place.read_text().strip())
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline and process.exists():
        time.sleep(0.05)
    assert not process.exists()


def test_a_process_that_cannot_end_is_not_waited_for(box):
    def linger(*_):
        """As one that closes a device that does not answer: what it wrote is whole."""
        end = os._exit
        os._exit = lambda status: (time.sleep(30), end(status))
        return {"answer": 1}

    begin = time.monotonic()
    sections, problems = run(box, {"one": linger}, 9.0)

    assert (sections, problems) == ({"one": {"answer": 1}}, [])
    assert time.monotonic() - begin < 5
