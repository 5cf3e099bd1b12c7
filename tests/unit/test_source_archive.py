"""foundation/distribution/source_archive.py: the same sources give the same archive."""

from __future__ import annotations

import tarfile
from pathlib import Path

from foundation.distribution.source_archive import pack

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
