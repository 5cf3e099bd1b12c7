"""What a family declares, the controller can judge: a half registered family fails here."""

import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import documents as made
import pytest
from test_validity import SPARK, broken

from foundation.documents import figure_labels
from foundation.documents.schema_registry import first_fault
from foundation.evaluation.regression import allowed_drop
from foundation.evaluation.validity import limits_and_component
from foundation.profiles.criteria import load_profiles
from python_probes.benchmark import families
from python_probes.benchmark.families.registry import FAMILIES
from python_probes.benchmark.levels import Planned
from python_probes.benchmark.measuring.family import Family

GENERIC = load_profiles("generic")[0]
FIGURES = [f"{family.name}.{figure}" for family in FAMILIES.values() for figure in family.figures]
RATES = {"GB/s", "IOPS"}  # what moves bytes and needs no instructions made for the very GPU


def test_every_declared_family_is_registered():
    declared = [
        value
        for path in Path(families.__file__).parent.glob("*.py")
        for value in vars(import_module(f"{families.__name__}.{path.stem}")).values()
        if isinstance(value, Family)
    ]
    assert {one.name for one in declared} == set(FAMILIES)


def test_the_page_has_every_family():
    page = (Path(__file__).parents[2] / "docs/benchmarks.md").read_text()
    table = page.partition("## Figures")[2].partition("## ")[0]
    cells = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(cells))) == set(FAMILIES)


def test_the_family_that_contributing_shows_measures():
    page = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    module = {"__name__": f"{families.__name__}.hashing", "__package__": families.__name__}
    exec(compile(code, "CONTRIBUTING.md", "exec"), module)  # noqa: S102 - a page of ours
    family = module["FAMILY"]
    measured = family.measure(None, "sha256", 3.0)
    assert len(measured["samples"]) > 1
    assert measured["value"] > 0
    assert "window" in measured


@pytest.mark.parametrize("name", FIGURES)
def test_the_generic_profile_can_judge_every_declared_figure(name):
    labels = Planned(name, 1).labels
    limits, component = limits_and_component(GENERIC, name, {})  # a host that claims nothing
    assert component == labels["component"], "generic.yml: validity: components"
    assert limits["units"] == labels["unit"], "generic.yml: validity: units"
    for limit in ("maximum_spread", "minimum_samples", "minimum_duration_seconds"):
        assert limits[limit], f"generic.yml: validity: {limit}"
    assert allowed_drop(name, {"spread": None}, GENERIC), "generic.yml: regression: limit"
    if component == "gpu" and labels["unit"] not in RATES:
        known = GENERIC.limits["native_code"]
        assert figure_labels.family(name) in known, "generic.yml: validity: native_code"
        assert limits["maximum_clock_fall"], "generic.yml: validity: maximum_clock_fall"
        assert limits["minimum_clock_share"], "generic.yml: validity: minimum_clock_share"


@pytest.mark.parametrize("name", FIGURES)
def test_the_labels_fit_the_schema(name):
    document = made.benchmark()
    figures = document["data"]["figures"]
    figures[name] = {**figures["gemm.bf16"], **Planned(name, 1).labels}
    assert first_fault("benchmark", document) is None


@pytest.mark.parametrize(
    "name", [name for name in FIGURES if limits_and_component(GENERIC, name, {})[1]]
)
def test_former_documents_are_charted_as_those_of_today(name):
    labels = Planned(name, 1).labels
    if figure_labels.family(name) in figure_labels._FORMER:
        assert figure_labels.chart_group(name, {}) == labels["chart_group"]


@pytest.mark.parametrize(
    ("name", "claim"), [("gemm.bf16", "cpu"), ("storage.read", "cpu"), ("cpu.triad", "storage")]
)
def test_a_host_does_not_take_a_figure_out_of_the_rules_for_its_component(name, claim):
    documents = made.spark()
    figure = documents["benchmark"]["data"]["figures"][name]
    figure["component"] = claim
    assert "wrong_device" in broken(documents)[name]
    if name == "gemm.bf16":  # and it is still held to the rules for a GPU
        figure["trace"] = None
        assert "untraced" in broken(documents)[name]


def test_a_family_that_the_controller_does_not_know_is_judged_as_its_document_says():
    documents = made.spark()
    figures = documents["benchmark"]["data"]["figures"]
    figures["diffusion.step"] = {**made.figure(9.0, "ms", traced=False), "component": "gpu"}
    assert set(broken(documents)["diffusion.step"]) == {"untraced"}
    figures["diffusion.step"]["component"] = "cpu"
    assert broken(documents) == {}


def test_a_profile_says_what_does_the_work_in_a_family():
    profile = replace(SPARK, limits={**SPARK.limits, "components": {"diffusion": "gpu"}})
    limits, component = limits_and_component(profile, "diffusion.step", {"component": "cpu"})
    assert component == "gpu"
    assert limits["maximum_spread"] == SPARK.limits["maximum_spread"]["gpu"]
