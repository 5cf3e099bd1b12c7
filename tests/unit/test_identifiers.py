"""python_probes/core/identifiers.py: nothing that identifies a box leaves in clear."""

from __future__ import annotations

import hmac
import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from python_probes.core.document import build
from python_probes.core.identifiers import Identifiers
from python_probes.core.system import System

SERIAL = "1792425001234"
MAC = "4c:bb:47:0a:0b:0c"


def box(folder: Path, machine_id: str | None = "3d1219c7c4c5404aaa1f6d2a48adfda4") -> System:
    (folder / "etc").mkdir(parents=True, exist_ok=True)
    if machine_id is not None:
        (folder / "etc/machine-id").write_text(machine_id + "\n")
    return System(folder)


def identifiers(system: System) -> tuple[Identifiers, list[str]]:
    codes: list[str] = []
    return Identifiers(system, lambda code, message: codes.append(code)), codes


def test_the_same_box_gives_the_same_hash_and_another_does_not(tmp_path: Path) -> None:
    here, _ = identifiers(box(tmp_path / "a"))
    again, _ = identifiers(box(tmp_path / "a"))
    other, _ = identifiers(box(tmp_path / "b", "00112233445566778899aabbccddeeff"))
    assert here.hash(SERIAL) == again.hash(SERIAL) != other.hash(SERIAL)
    assert here.hash(SERIAL) != here.hash(SERIAL + "5")


@pytest.mark.parametrize(
    "value", [None, "", " ", "0000", "To Be Filled By O.E.M.", "Default string", "N/A", "[N/A]"]
)
def test_what_is_no_identifier_is_null(tmp_path: Path, value: str | None) -> None:
    assert identifiers(box(tmp_path))[0].hash(value) is None


def test_a_box_without_machine_id_says_that_the_salt_is_weak(tmp_path: Path) -> None:
    weak, codes = identifiers(box(tmp_path, machine_id=None))
    assert codes == ["weak_salt"]
    assert str(weak.hash(SERIAL)).startswith("hmac-sha256:")
    assert identifiers(box(tmp_path))[1] == []


def test_without_a_secret_one_guess_costs_more_than_an_hmac(tmp_path: Path) -> None:
    """Whoever knows this code could otherwise try every serial number."""
    key = hmac.new(b"dgx-spark-foundation", b"", "sha256").digest()
    guess = hmac.new(key, SERIAL.encode(), "sha256").hexdigest()[:32]
    assert guess not in str(identifiers(box(tmp_path, machine_id=None))[0].hash(SERIAL))


def test_clear_text_is_removed_wherever_it_stands(tmp_path: Path) -> None:
    known, _ = identifiers(box(tmp_path))
    hashed = known.hash(SERIAL)
    known.hash(MAC)
    document = {
        "serial_hash": hashed,
        "problems": [{"message": f"nvme: device {SERIAL} did not answer"}],
        "name": "enx4CBB470A0B0C",
        "mac": [MAC.upper(), 5, None, True],
    }
    text = json.dumps(known.redact(document)).lower()
    assert SERIAL not in text
    assert MAC not in text
    assert MAC.replace(":", "") not in text
    assert known.redact(document)["serial_hash"] == hashed


MAC = "4c:bb:47:2c:7f:3a"


@pytest.mark.parametrize(
    "text",
    [
        "4C-BB-47-2C-7F-3A",
        "4cbb.472c.7f3a",
        "br-4c-bb-47-2c-7f-3a",
        "wlx4cbb472c7f3a",
        "4CBB472C7F3A",
    ],
)
def test_an_address_is_found_in_every_notation(tmp_path: Path, text: str) -> None:
    known, _ = identifiers(box(tmp_path))
    known.hash(MAC)
    assert re.search("(?i)7f.?3a", known.redact(text).partition("hmac-sha256")[0]) is None
    assert "hmac-sha256:" in known.redact(text)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("br-4c-bb-47-2c-7f-3a is down", "47-2c"),
        ("GUID 506b:4b03:00cb:d9f2", "00cb"),
        ("nvme-eui.0025384A51B2C3D4", "51B2C3D4"),
        ("wwn-0x5002538e4038d8cb", "4038d8cb"),
        ("Serial Number : GPUSER1650024", "1650024"),
        ("S/N 1983925012345", "1983925012345"),
    ],
)
def test_what_no_probe_took_for_an_identifier_is_hashed_too(
    tmp_path: Path, text: str, secret: str
) -> None:
    known, _ = identifiers(box(tmp_path))
    document = build("hardware_baseline", "box", {}, {"text": text}, [], identifiers=known)
    assert secret not in str(document)
    plain = {"date": "2025-09-10-13-50-03", "uuid": "GPU-00000000-0000-4000-8000-0000000000aa"}
    assert build("live_state", "box", {}, plain, [], identifiers=known)["data"] == plain


@example("12345678901-234", "")  # the digits of an address, and no address
@example("0-------", "")
@example("--------", "")
@settings(max_examples=30, deadline=None)
@given(st.text(alphabet="0123456789ABCDEFGHJK-", min_size=8, max_size=20), st.text(max_size=20))
def test_no_serial_survives_in_any_text(serial: str, around: str) -> None:
    known = Identifiers(System("/nonexistent"), lambda code, message: None)
    if known.hash(serial) is not None:
        assert serial not in known.redact(around + serial + around)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lookup registry.example on 10.0.0.2:53: no host", "on (address):53: no host"),
        ("read udp 172.17.0.2:40000->192.168.1.1:53: timeout", "udp (address):40000->(address):53"),
        ("dial tcp [2001:db8::1]:443: refused", "tcp [(address)]:443"),
        ("no answer at ::ffff:10.1.2.3, 10.1.2.3.", "at (address), (address)."),
        ("127.0.0.1:53 [::1]:53 0.0.0.0", "127.0.0.1:53 [::1]:53 0.0.0.0"),
        ("driver 580.95.05 of 96.00.89.00.01 at 12:34:56", "driver 580.95.05 of 96.00.89.00.01 at"),
        ("function 0000:01:00.0 of a::b", "0000:01:00.0 of a::b"),
    ],
)
def test_a_problem_names_no_network_address(tmp_path: Path, text: str, told: str) -> None:
    problem = {"probe": "docker", "code": "failed", "message": text}
    document = build(
        "environment", "box", {}, {}, [problem], identifiers=identifiers(box(tmp_path))[0]
    )
    assert told in document["problems"][0]["message"]
    assert problem["message"] == text


@pytest.mark.parametrize(
    ("source", "hidden", "kept"),
    [
        ("192.0.2.77:/volume1/models", "192.0.2.77", ":/volume1/models"),
        ("[2001:db8::7]:/export", "2001:db8", ":/export"),
        ("nas-maria.example:/export", "nas-maria", ":/export"),
        ("nas:/a:b", "nas", ":/a:b"),
        ("//192.0.2.78/media", "192.0.2.78", "/media"),
        ("//maria@nas/models", "maria", "/models"),
        ("//WORKGROUP;maria:secret@nas:445/models", "secret", "/models"),
        ("mon1:6789,mon2.example:6789:/", "mon", ":/"),
        ("admin@b7f3c2.cephfs=/data", "admin", "=/data"),
        ("10.1.1.1@tcp:10.1.1.2@tcp:/scratch", "10.1.1", ":/scratch"),
        ("gluster1.example:volume", "gluster1", ":volume"),
        ("maria@nas.example:", "maria", ":"),
    ],
)
def test_the_server_of_a_share_is_one_hash(
    tmp_path: Path, source: str, hidden: str, kept: str
) -> None:
    known, _ = identifiers(box(tmp_path))
    told = known.hide_server(source)
    assert re.fullmatch(r"(//)?hmac-sha256:[0-9a-f]{32}" + re.escape(kept), told)
    assert hidden not in told
    assert known.hide_server(source) == told


@pytest.mark.parametrize(
    "source", ["/dev/nvme0n1p2", "/dev/mapper/vg-root", "tank/data", "overlay", "models", "none"]
)
def test_what_is_mounted_from_no_server_stays(tmp_path: Path, source: str) -> None:
    known, _ = identifiers(box(tmp_path))
    assert known.hide_server(source) == source
    assert known.hashes == {}


def test_addresses_are_hidden_in_data_and_versions_are_none(tmp_path: Path) -> None:
    known, _ = identifiers(box(tmp_path))
    data = {
        "mount_point": "/net/192.0.2.77/models",
        "variables": {"NCCL_IB_HCA": "2001:db8::7", "LD_LIBRARY_PATH": "/opt/cuda/lib64"},
        "packages": [{"name": "nvidia-cudnn", "version": "9.10.2.21"}],
        "cudnn_version": "9.10.2.21",
        "pci_bus_id": "000f:01:00.0",
        "loopback": "127.0.0.1",
    }
    kept = build("environment", "box", {}, data, [], identifiers=known)["data"]
    assert kept == {
        **data,
        "mount_point": "/net/(address)/models",
        "variables": {"NCCL_IB_HCA": "(address)", "LD_LIBRARY_PATH": "/opt/cuda/lib64"},
    }
