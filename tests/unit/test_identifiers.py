"""python_probes/identifiers.py: nothing that identifies a box leaves in clear."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from python_probes.identifiers import Identifiers
from python_probes.system import System

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


@given(st.text(alphabet="0123456789ABCDEFGHJK-", min_size=8, max_size=20), st.text(max_size=20))
def test_no_serial_survives_in_any_text(serial: str, around: str) -> None:
    known = Identifiers(System("/nonexistent"), lambda code, message: None)
    if known.hash(serial) is not None:
        assert serial not in known.redact(around + serial + around)
