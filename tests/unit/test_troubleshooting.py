"""docs/troubleshooting.md: every fault, and no name that does not exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pynvml
import pytest
import yaml
from symptoms import PAGE, SYMPTOMS

from foundation.evaluation.validity import RULES
from foundation.profiles.criteria import load_profiles
from python_probes.nvidia import nvidia_smi, nvml_calls

PROJECT = Path(__file__).parents[2]
TEXT = PAGE.read_text()
FACTS = (PROJECT / "docs/gb10-facts.md").read_text()
SPARK = load_profiles("dgx_spark")[0]
SECTIONS = dict(
    re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", TEXT.partition("## Known issues")[2], re.M | re.S)
)
NOTERS = ("note", "CommandError", "NvmlError")
# Said of the tool in other words: fields of documents, files, variables of roles and playbooks.
OTHER_NAMES = {"hardware_baseline", "arm_compatibility", "probe_runtime"}


def problem_codes() -> set[str]:
    """The codes that probes give to what they could not read, from their sources."""
    found = {name.removeprefix("NVML_ERROR_").lower() for name in dir(pynvml)}
    found |= set(nvml_calls._CODES.values()) | {code for _, code in nvidia_smi._FAILURES}
    found |= {f"nvidia_smi_{reason}" for reason in ("missing", "timeout", "failed")}
    for path in (PROJECT / "python_probes").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(NOTERS):
                for one in (part for first in node.args[:1] for part in ast.walk(first)):
                    if isinstance(one, ast.Constant) and isinstance(one.value, str):
                        found.add(one.value)
    return found


def variables() -> set[str]:
    names = set(
        re.findall(r"^\| `(\w+)`", (PROJECT / "docs/variables.md").read_text(), re.MULTILINE)
    )
    for path in PROJECT.glob("roles/*/meta/argument_specs.yml"):
        for spec in yaml.safe_load(path.read_text())["argument_specs"].values():
            names |= set(spec["options"])
    return names


def test_every_name_on_the_page_exists() -> None:
    named = set(re.findall(r"`([a-z][a-z0-9]*(?:_[a-z0-9]+)+)`", TEXT))
    named |= {
        name
        for line in re.findall(r"\[([a-z_0-9, ]+)\]\n", TEXT)
        for name in line.split(", ")
        if not name.startswith("and ")
    }
    known = {criterion.id for criterion in SPARK.criteria} | {rule.name for rule in RULES}
    assert named - known - problem_codes() - variables() - OTHER_NAMES == set()


def test_every_criterion_that_a_fault_is_the_reason_for_is_mentioned() -> None:
    """By its source: `gb10-facts, fault 3`."""
    because = [one.id for one in SPARK.criteria if re.search(r"\bfaults? \d", one.source)]
    assert len(because) >= 8
    assert [name for name in because if not re.search(rf"\b{name}\b", TEXT)] == []


def test_every_fault_of_the_facts_has_its_section() -> None:
    listed = FACTS.partition("## Faults that owners meet")[2]
    numbers = re.findall(r"^(\d+)\. ", listed, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, 11)]
    told = [title for title in SECTIONS if title.startswith("Fault ")]
    assert [re.findall(r"Fault (\d+):", title)[0] for title in told] == numbers


@pytest.mark.parametrize("title", SECTIONS)
def test_every_section_has_symptom_cause_cure_and_source(title: str) -> None:
    section = SECTIONS[title]
    assert "**Symptom**" in section or "```text\nspark-01" in section
    for word in ("Cause", "Do", "Source"):
        assert f"\n**{word}** " in section or f"\n**{word}**\n" in section, word


def test_every_symptom_is_shown_and_none_is_healthy() -> None:
    assert sorted(re.findall(r"<!-- symptom: (\w+) -->", TEXT)) == sorted(SYMPTOMS)
    assert not re.search(r"spark-01 \(dgx_spark\): PASS\n(?!  warning)", TEXT)
