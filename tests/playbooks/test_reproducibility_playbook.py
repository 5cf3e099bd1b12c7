"""playbooks/reproducibility.yml: the images are made on the host and their document comes back."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import documents as made
import pytest

from foundation.distribution.source_archive import pack
from foundation.documents import store

PROJECT = Path(__file__).parents[2]

TWO_NAMES_FOR_ONE_MACHINE = """\
all:
  vars:
    ansible_connection: local
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
  hosts:
    management-name:
    fabric-name:
"""


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Not the home in the user database, which action plugins take ~ for."""
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.mark.slow
def test_a_home_of_its_own_and_two_names_for_one_machine(
    ansible_playbook: Callable[..., subprocess.CompletedProcess[str]],
    inventory: Callable[[str], str],
    runtime_python: str,
    baseline_dir: Path,
    own_home: Path,
) -> None:
    share = own_home / ".local/share/dgx-spark-foundation"
    of_no_manifest = share / "reproducibility/fabric-name/image_07.png"
    of_no_manifest.parent.mkdir(parents=True)
    of_no_manifest.write_bytes(b"of an earlier run")
    kept = PROJECT / "reports/images/fabric-name/image_08.png"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(b"of an earlier run")
    unused, of_another = share / "source-0123456789abcdef", share / "source-fedcba9876543210"
    for folder in (unused, of_another):
        (folder / "repro").mkdir(parents=True)
    # What a version that unpacked in place left of these sources when it was killed.
    half = share / f"source-{pack(PROJECT, own_home.parent).sha256[:16]}"
    (half / "repro").mkdir(parents=True)
    shutil.copy(PROJECT / "repro/run.sh", half / "repro")
    two_days_ago = time.time() - 2 * 86400
    os.utime(unused, (two_days_ago, two_days_ago))

    for _ in range(2):
        finished = ansible_playbook(
            "foundation.yml",
            "--tags",
            "WS-02",
            "-i",
            inventory(TWO_NAMES_FOR_ONE_MACHINE),
            probe_runtime_interpreter=runtime_python,
            reproducibility_count=1,
            reproducibility_engine="none",
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
    assert re.search(r"changed=[1-9]", finished.stdout) is None  # the second run changes nothing
    for host in ("management-name", "fabric-name"):
        store.load(store.path(baseline_dir, host, "reproducibility"), host)
        fetched = PROJECT / "reports" / "images" / host
        assert {path.name for path in fetched.iterdir()} == {
            "image_00.png",
            "contact_sheet.png",
            "manifest.json",
            "environment.json",
            "reproducibility.json",
        }
        shutil.rmtree(fetched)
    assert of_no_manifest.exists()
    assert not unused.exists()
    assert of_another.exists()
    assert {path.name for path in share.glob("source-*")} == {half.name, of_another.name}
    assert (half / "whole/repro/run.sh").exists()


ONE_GOOD_AND_ONE_BAD = """\
all:
  vars:
    ansible_connection: local
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
    acceptance_profile: dgx_spark
  hosts:
    failed-spark:
    new-spark:
"""


def test_where_ws_01_failed_nothing_after_it_is_run_and_it_says_so(
    ansible_playbook: Callable[..., subprocess.CompletedProcess[str]],
    inventory: Callable[[str], str],
    baseline_dir: Path,
    own_home: Path,
) -> None:
    document = made.change(
        made.hardware_baseline("failed-spark"), "data.memory.page_size_bytes", 16384
    )
    document["collected_at"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    store.write(document, store.path(baseline_dir, "failed-spark", "hardware_baseline"))

    finished = ansible_playbook(
        "foundation.yml",
        "--tags",
        "WS-02,WS-03",
        "-i",
        inventory(ONE_GOOD_AND_ONE_BAD),
        # What is run on the other host, which no baseline speaks against, ends here.
        probe_runtime_interpreter="/bin/false",
    )
    said = " ".join(finished.stdout.split())
    for held_back in ("WS-02", "WS-03"):
        why = f"{held_back} is not run on failed-spark, since WS-01 failed there"
        assert f"{why}: Page size: 16.0 KiB" in said
    assert "WS-02 is not run on new-spark" not in finished.stdout
    recap = dict(re.findall(r"^([\w-]+) +: .*failed=(\d)", finished.stdout, re.MULTILINE))
    assert recap["failed-spark"] == "0"
    assert recap["new-spark"] == "1"
    assert not list(own_home.rglob("repro/run.sh"))
