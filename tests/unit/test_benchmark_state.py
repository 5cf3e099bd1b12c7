"""What of an earlier run is taken over, and what is refused with the reason."""

import copy
import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from python_probes.benchmark.levels import Planned
from python_probes.benchmark.state import Earlier, StateError, StateFile, take_over
from python_probes.host.block_device import BlockDevice

NOW = datetime(2026, 10, 5, 12, 0, 0, tzinfo=UTC)
PLAN = [
    Planned("gemm.fp32", 1),
    Planned("gemm.bf16", 1),
    Planned("sustained.bf16", 62, 60),
    Planned("storage.write", 1),
]
CONDITIONS = {
    "load_average_1m": 0.5,
    "logical_cpus": 20,
    "memory_available_bytes": 100,
    "swap_used_bytes": 0,
    "other_gpu_processes": None,
}
FIGURE = {
    "value": 2.0,
    "unit": "GB/s",
    "samples": [2.0, 2.0],
    "spread": None,
    "method": "a stand-in",
    "parameters": {},
    "duration_seconds": 0.1,
    "trace": None,
    "started_at": "2026-10-05T11:59:00Z",
}


def document(**data):
    return {
        "schema_version": "1.0",
        "kind": "benchmark",
        "collected_at": "2026-10-05T11:00:00Z",
        "identity": {
            "gpu_uuids": ["GPU-1"],
            "serial_hash": None,
            "machine_id_hash": "hmac-sha256:0",
            "kernel": "6.17",
            "driver": "580.95.05",
            "image_digest": None,
            "boot_id": "before",
            "build": {"torch": "2.13.0", "cuda": "13.0"},
        },
        "data": {
            "level": "quick",
            "device": {"kind": "cuda", "name": "NVIDIA GB10"},
            "conditions": CONDITIONS,
            "figures": {"gemm.fp32": FIGURE, "gemm.bf16": FIGURE},
            "resumed": [],
            "under_way": {},
            **data,
        },
    }


def taken(before, now=NOW, disk="nvme0n1", identity=None, **data):
    live = document(**data)
    live["identity"] |= {"boot_id": "now", **(identity or {})}
    return take_over(before, live, PLAN, BlockDevice(disk, None), now)


def test_the_figures_of_a_run_before_a_reboot_are_taken_over():
    found = taken(document(under_way={"storage.write": 1}))

    assert found == Earlier(
        {"gemm.fp32": FIGURE, "gemm.bf16": FIGURE},
        CONDITIONS,
        [
            {
                "collected_at": "2026-10-05T11:00:00Z",
                "boot_id": "before",
                "figures": ["gemm.bf16", "gemm.fp32"],
            }
        ],
        under_way={"storage.write": 1},
    )


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        ({"gpu_uuids": ["GPU-2"]}, "gpu_uuids differs"),
        ({"serial_hash": "hmac-sha256:1"}, "serial_hash differs"),
        ({"machine_id_hash": "hmac-sha256:1"}, "machine_id_hash differs"),
        ({"kernel": "6.14"}, "kernel differs"),
        ({"driver": "580.142"}, "driver differs"),
        ({"image_digest": "sha256:1"}, "image_digest differs"),
        ({"build": {"torch": "2.13.0+cpu", "cuda": None}}, "another torch"),
        ({"build": None}, "another torch"),
    ],
)
def test_another_state_of_the_host_is_refused(identity, words):
    with pytest.raises(StateError, match=words):
        taken(document(), identity=identity)


@pytest.mark.parametrize("unknown", [{"gpu_uuids": None}, {"machine_id_hash": None}])
def test_a_host_that_cannot_be_told_from_another_resumes_nothing(unknown):
    before = document()
    before["identity"].update(unknown)

    with pytest.raises(StateError, match="cannot be matched to this host"):
        taken(before, identity=unknown)


def test_the_same_boot_is_the_same_host_whatever_else_is_unknown():
    unknown = {"machine_id_hash": None, "boot_id": "before"}
    before = document()
    before["identity"].update(unknown)

    assert list(taken(before, identity=unknown).figures) == ["gemm.fp32", "gemm.bf16"]


@pytest.mark.parametrize("more", [{"boot_id": None}, {"gpu_uuids": None}])
def test_the_same_boot_must_be_known_and_the_gpu_too(more):
    unknown = {"machine_id_hash": None, "boot_id": "before", **more}
    before = document()
    before["identity"].update(unknown)

    with pytest.raises(StateError, match="cannot be matched to this host"):
        taken(before, identity=unknown)


def test_another_level_is_refused():
    with pytest.raises(StateError, match="of the level quick"):
        taken(document(), level="full")


def test_another_device_is_refused():
    with pytest.raises(StateError, match="another device"):
        taken(document(), device={"kind": "cpu", "name": None})


@pytest.mark.parametrize(
    ("then", "now", "usable"),
    [("sda", "sda", True), ("sda", "nvme0n1", False), (None, None, False), ("sda", None, False)],
)
def test_a_figure_of_another_disk_or_of_an_unknown_one_is_measured_again(then, now, usable):
    figure = {**FIGURE, "parameters": {"device": then}}
    found = taken(document(figures={"storage.write": figure}), disk=now)

    assert list(found.figures) == ["storage.write"] * usable
    assert len(found.resumed) == usable


@pytest.mark.parametrize(("seconds", "usable"), [(59.1, True), (599.0, False), (30.0, False)])
def test_a_load_of_another_length_is_measured_again(seconds, usable):
    figure = {**FIGURE, "duration_seconds": seconds}

    found = taken(document(figures={"sustained.bf16": figure}))

    assert list(found.figures) == ["sustained.bf16"] * usable


def test_a_busy_start_speaks_against_the_run_that_takes_over_its_figures():
    busy = {
        **CONDITIONS,
        "load_average_1m": 64.0,
        "memory_available_bytes": 200,
        "other_gpu_processes": 2,
    }

    for before, now in ((busy, CONDITIONS), (CONDITIONS, busy)):
        found = taken(document(conditions=before), conditions=now)
        assert found.conditions == {**busy, "memory_available_bytes": 100}
    # Nothing of it is taken over: it does not matter how it began.
    assert taken(document(conditions=busy, figures={})).conditions == CONDITIONS


@pytest.mark.parametrize(("hours", "usable"), [(22.9, True), (23.1, False), (-24.9, True)])
def test_a_day_is_the_limit_whatever_the_clock_was_set_to(hours, usable):
    now = NOW + timedelta(hours=hours)
    if usable:
        assert len(taken(document(), now).figures) == 2
    else:
        with pytest.raises(StateError, match="older than 24 hours"):
            taken(document(), now)


def test_each_part_has_its_own_age_and_boot():
    part = {"boot_id": "first", "figures": ["gemm.fp32"]}
    young = {**part, "collected_at": "2026-10-05T09:00:00Z"}
    old = {**part, "collected_at": "2026-10-04T09:00:00Z"}

    assert [
        (one["boot_id"], one["figures"]) for one in taken(document(resumed=[young])).resumed
    ] == [
        ("first", ["gemm.fp32"]),
        ("before", ["gemm.bf16"]),
    ]
    found = taken(document(resumed=[old]))
    assert list(found.figures) == ["gemm.bf16"]
    assert [one["boot_id"] for one in found.resumed] == ["before"]


def test_figures_that_are_not_planned_stay_behind():
    found = taken(document(figures={"gemm.fp32": FIGURE, "gemm.fp64": FIGURE}))

    assert list(found.figures) == ["gemm.fp32"]
    assert found.resumed[0]["figures"] == ["gemm.fp32"]


DAMAGES = [
    lambda d: d["data"].pop("figures"),
    lambda d: d["data"].update(figures=[1]),
    lambda d: d["data"].update(resumed=7),
    lambda d: d["data"].update(under_way=["x"]),
    lambda d: d.update(identity=None),
    lambda d: d["data"].update(conditions={}),
    lambda d: d["data"].update(conditions={**CONDITIONS, "swap_used_bytes": "none"}),
    lambda d: d.update(collected_at="yesterday"),
    lambda d: d.update(schema_version="0.9"),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_refused_and_no_traceback(damage):
    before = copy.deepcopy(document())
    damage(before)

    with pytest.raises(StateError):
        taken(before)


def test_a_document_is_written_whole_with_least_rights(tmp_path):
    file = StateFile(tmp_path / "benchmark.json")
    assert file.read() is None
    (tmp_path / "benchmark.json.new").write_text("left by a power-off")

    file.write(document())

    assert file.read() == document()
    assert [path.name for path in tmp_path.iterdir()] == ["benchmark.json"]
    assert (tmp_path / "benchmark.json").stat().st_mode & 0o777 == 0o600
    file.remove()
    file.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_old_document(tmp_path, monkeypatch):
    file = StateFile(tmp_path / "benchmark.json")
    file.write(document())

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        file.write({})

    assert file.read() == document()
    assert [path.name for path in tmp_path.iterdir()] == ["benchmark.json"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "cannot be read"),
        ('{"kind": "benchmark", "data"', "cannot be read"),
        ("[" * 100000, "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        ("[]", "holds no benchmark document"),
        ('{"kind": "environment"}', "holds no benchmark document"),
    ],
)
def test_what_is_no_document_is_refused(tmp_path, content, words):
    path = tmp_path / "benchmark.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(StateError, match=words) as caught:
        StateFile(path).read()
    assert "\n" not in str(caught.value)


def test_a_folder_in_its_place_is_refused(tmp_path):
    with pytest.raises(StateError, match="cannot be read"):
        StateFile(tmp_path).read()


@pytest.mark.parametrize(
    ("kind", "words"), [("pipe", "cannot be read"), ("link", "symbolic links")]
)
def test_a_pipe_is_not_waited_for_and_a_link_is_not_followed(tmp_path, kind, words):
    path = tmp_path / "state"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        StateFile(tmp_path / "other").write(document())
        path.symlink_to(tmp_path / "other")

    with pytest.raises(StateError, match=words):
        StateFile(path).read()


def test_the_document_is_plain_json(tmp_path):
    StateFile(tmp_path / "s").write(document())

    assert json.loads((tmp_path / "s").read_text()) == document()
