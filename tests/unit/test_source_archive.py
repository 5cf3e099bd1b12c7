"""foundation/distribution/source_archive.py: the same sources give the same archive."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from foundation.distribution.source_archive import LEFT_OUT, pack

PROJECT = Path(__file__).parents[2]


def test_it_holds_what_runs_on_hosts_and_nothing_else(tmp_path: Path) -> None:
    packed = pack(PROJECT, tmp_path)
    with tarfile.open(packed.path) as archive:
        members = {member.name: member for member in archive}
    assert {"python_probes/cli.py", "repro/run.sh"} <= set(members)
    assert {name.split("/")[0] for name in members} == {"python_probes", "repro", "roles"}
    assert "roles/probe_runtime/files/requirements-aarch64.txt" in members
    assert not any(name.startswith("roles/probe_runtime/tasks") for name in members)
    assert not any("__pycache__" in name for name in members)
    assert members["repro/run.sh"].mode == 0o755
    assert {(member.uid, member.uname, member.mtime) for member in members.values()} == {(0, "", 0)}


def test_training_code_is_neither_in_it_nor_in_what_the_image_is_built_from(
    tmp_path: Path, runtime_python: str
) -> None:
    assert (PROJECT / "repro/training/train.py").is_file()
    packed = pack(PROJECT, tmp_path)
    host = tmp_path / "host"
    with tarfile.open(packed.path) as archive:
        names = set(archive.getnames())
        archive.extractall(host, filter="data")
    assert not [name for name in names if "training" in name or "drawings" in name]

    # A host and a checkout build one image under one name, from the same files.
    code = (
        "import json; from repro.launch import image_source as at; "
        "print(json.dumps([at.sources_sha256(), "
        "[path.relative_to(at.PROJECT).as_posix() for path in at.source_files()]]))"
    )
    listed = [
        json.loads(
            subprocess.check_output(
                [sys.executable, "-P", "-c", code], env={**os.environ, "PYTHONPATH": str(project)}
            )
        )
        for project in (PROJECT, host)
    ]
    assert listed[0] == listed[1]
    assert set(listed[0][1]) == names

    # Nothing of what is left out is missed.
    made = subprocess.run(
        [host / "repro/run.sh", "--engine=none", f"--python={runtime_python}", "--count=1",
         f"--out={tmp_path / 'out'}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (made.returncode, made.stderr) == (0, "")


def test_the_build_context_is_what_hosts_get() -> None:
    rules = (PROJECT / ".dockerignore").read_text().splitlines()
    assert rules.index("!repro") < rules.index(LEFT_OUT.as_posix())  # the last that matches counts
    copied = [
        source
        for line in (PROJECT / "repro/Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    ]
    assert {"repro/generate", "repro/shared"} <= set(copied)
    assert not [source for source in copied if source in ("repro", ".") or "training" in source]


def test_the_same_content_is_packed_once_and_other_content_anew(tmp_path: Path) -> None:
    project = tmp_path / "project"
    for folder in ("python_probes", "repro"):
        (project / folder).mkdir(parents=True)
        (project / folder / "a.py").write_text("1\n")
    (project / "repro" / ".mypy_cache").mkdir()
    (project / "repro" / ".mypy_cache" / "cache.json").write_text("what a tool left there")
    first = pack(project, tmp_path)
    with tarfile.open(first.path) as archive:
        assert archive.getnames() == ["python_probes/a.py", "repro/a.py"]
    written = first.path.stat().st_mtime_ns
    (project / "repro/a.py").touch()
    assert pack(project, tmp_path) == first
    assert first.path.stat().st_mtime_ns == written
    (project / "repro/a.py").write_text("2\n")
    assert pack(project, tmp_path).sha256 != first.sha256
