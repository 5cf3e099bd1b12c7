"""gate.yml leaves its report in every format, and its verdict does not hang on them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from foundation.reports.formats import FORMATS

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_a_format_that_cannot_be_written_is_an_error_beside_the_verdict(
    ansible_playbook: Run, tmp_path: Path
) -> None:
    (tmp_path / "gate.md").mkdir()
    finished = ansible_playbook("gate.yml")
    told = " ".join((finished.stdout + finished.stderr).split())
    assert finished.returncode == 2
    assert "Traceback" not in told
    assert "❌ Phase Gate: FAILED" in told
    assert f"the verdict is FAILED and stands in {tmp_path / 'gate.json'}, but: " in told
    assert f"{tmp_path / 'gate.md'}: cannot be written" in told
    assert json.loads((tmp_path / "gate.json").read_text())["verdict"] == "FAILED"
    written = {path.name for path in tmp_path.glob("gate.*") if path.is_file()}
    others = {f"gate{one.suffix}" for name, one in FORMATS.items() if name != "markdown"}
    assert written == {"gate.json", *others}


def test_a_format_that_does_not_exist_is_refused_before_the_verdict(
    ansible_playbook: Run, tmp_path: Path
) -> None:
    finished = ansible_playbook("gate.yml", gate_report_formats="junit,pdf")
    assert finished.returncode == 2
    assert "value of formats must be one or more of: junit, ctrf" in finished.stdout
    assert not (tmp_path / "gate.json").exists()
