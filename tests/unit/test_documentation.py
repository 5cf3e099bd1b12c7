"""Examples in docs/ are real: what they show is accepted by what they describe."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from ansible_modules import argument_spec

from foundation.documents import store
from foundation.evaluation import waivers
from python_probes.benchmark import command, levels

PROJECT = Path(__file__).parents[2]


def block(page: str, language: str, index: int = 0) -> str:
    text = (PROJECT / "docs" / page).read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)[index]


def test_the_envelope_and_the_figure_are_valid() -> None:
    document = json.loads(block("documents.md", "json"))
    figures = json.loads("{" + block("documents.md", "json", 1) + "}")
    document["data"] = {
        "level": "quick",
        "device": {
            "kind": "cuda",
            "name": "NVIDIA GB10",
            "compute_capability": "12.1",
            "memory_total_bytes": None,
        },
        "build": {"torch": "2.13.0", "cuda": "13.0", "arch_list": ["sm_120"], "threads": 20},
        "conditions": {
            "load_average_1m": None,
            "logical_cpus": None,
            "memory_available_bytes": None,
            "swap_used_bytes": None,
            "other_gpu_processes": None,
        },
        "telemetry": {"source": "nvml", "reason": None, "dcgm_version": None},
        "figures": figures,
        "skipped": [],
        "duration_seconds": 1.0,
    }
    store.validate(document)


def test_the_waiver_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yml"
    path.write_text(block("fleet.md", "yaml", 1))
    assert [waiver.host for waiver in waivers.load_waivers(path)] == ["spark-02"]


def test_the_time_outs_of_the_levels_are_the_real_ones() -> None:
    texts = [(PROJECT / "docs/variables.md").read_text()]
    texts.append((PROJECT / "library/foundation_benchmark.py").read_text())
    for text in texts:
        for level in ("quick", "full"):
            seconds = levels.default_timeout(level)
            assert re.search(rf"\b{seconds} for (`|C\(){level}\b", text)
    assert levels.default_timeout("soak", 7) == 7 * 60 + 300


def test_the_state_is_beside_the_probe_runtime() -> None:
    role = yaml.safe_load((PROJECT / "roles/probe_runtime/defaults/main.yml").read_text())
    assert Path(role["probe_runtime_path"]).parent == Path(command.STATE).parent


def test_every_default_in_the_list_of_variables_is_the_real_one() -> None:
    """docs/variables.md against the argument specs and the role's defaults."""
    rows = re.findall(
        r"^\| `(\w+)` \| `?([^|`]+)`? \|", (PROJECT / "docs/variables.md").read_text(), re.MULTILINE
    )
    listed = {name: default.strip() for name, default in rows}
    role = yaml.safe_load((PROJECT / "roles/probe_runtime/defaults/main.yml").read_text())
    assert listed["probe_runtime_path"] == role["probe_runtime_path"]
    modules = {
        "baseline_dir": ("foundation_store", "baseline_dir"),
        "hardware_page": ("foundation_hardware_page", "page"),
        "gate_report": ("foundation_gate", "report"),
        "status_posted": ("foundation_status", "posted"),
        "status_report": ("foundation_status", "status"),
        "probe_timeout": ("foundation_probe", "timeout"),
        "benchmark_level": ("foundation_benchmark", "level"),
        "benchmark_resume": ("foundation_benchmark", "resume"),
        "benchmark_soak_minutes": ("foundation_benchmark", "soak_minutes"),
        "benchmark_state": ("foundation_benchmark", "state"),
    }
    for variable, (module, option) in modules.items():
        specification = argument_spec(PROJECT / f"library/{module}.py")
        assert listed[variable] == _words(specification[option]["default"]), variable


def _words(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_every_variable_of_the_playbooks_is_listed() -> None:
    used = set()
    for playbook in (PROJECT / "playbooks").glob("*.yml"):
        used |= set(re.findall(r"{{ (\w+) \| default\(", playbook.read_text()))
    ansible_own = {"ansible_inventory_sources", "ansible_host", "ansible_user"}
    assert used - ansible_own <= set(
        re.findall(r"^\| `(\w+)`", (PROJECT / "docs/variables.md").read_text(), re.MULTILINE)
    )


# docs/hardware.md is written by a run and not in the repository.
PAGES = sorted(
    str(page.relative_to(PROJECT))
    for page in (*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"))
    if page != PROJECT / "docs/hardware.md"
)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    path = PROJECT / page
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text())
    assert [t for t in targets if "://" not in t and not (path.parent / t).exists()] == []


SHIPPED = "foundation|python_probes|playbooks|roles|library|plugins|tests|molecule|repro|scripts"


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_are_there(page: str) -> None:
    """But for those of the recipes, which are to be made."""
    named = re.findall(rf"`((?:{SHIPPED})/[\w./-]+\.\w+)`", (PROJECT / page).read_text())
    made_up = ("hashing", "csv", "rdma")
    missing = [name for name in named if not (PROJECT / name).exists()]
    assert [name for name in missing if not any(word in name for word in made_up)] == []
