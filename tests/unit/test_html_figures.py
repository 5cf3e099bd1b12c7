"""The strips of the HTML page: marks, medians, and what is required where that is exact."""

import copy
import re

import gate_reports
import html_tree
import pytest

from foundation.documents import store
from foundation.reports.findings import natural
from foundation.reports.html_figures import strips
from foundation.reports.html_page import render


@pytest.fixture(scope="module")
def report():
    return gate_reports.failing()


def figures(report):
    """What the page says of a report's figures."""
    (found,) = html_tree.parse(render(report)).all("section", **{"aria-labelledby": "figures"})
    return found


def strip(report, figure):
    (found,) = [one for one in strips(report) if one.figure == figure]
    return found, html_tree.parse(str(found.picture))


def test_a_strip_has_a_mark_for_each_host_and_what_is_required(report):
    found, picture = strip(report, "gemm.fp16")
    measured = [name for name, host in report["hosts"].items() if "gemm.fp16" in host["figures"]]
    assert sorted(value.host for value in found.values) == sorted(measured)
    assert "spark-20" not in measured  # its document is damaged
    assert len(picture.all("path", class_="mark")) == len(measured)
    (failing,) = picture.all("path", class_="failing")
    assert failing.text.startswith("spark-12: 57.")
    assert failing.text.endswith("does not pass")
    texts = [text.text for text in picture.all("text")]
    assert "required >= 60 TFLOP/s" in texts
    assert any(text.startswith("median 96") for text in texts)
    assert found.troubled
    places = [
        float(line.attributes["d"][1:].split()[0])
        for line in picture.all("path", class_="required")
    ]
    marks = {
        path.text: float(path.attributes["d"][1:].split()[0])
        for path in picture.all("path", class_="mark")
    }
    assert [name.split(":")[0] for name, x in marks.items() if x < places[0]] == ["spark-12"]


def test_a_figure_that_cannot_be_trusted_is_drawn_as_such_and_is_not_in_the_median(report):
    odd = copy.deepcopy(report)
    for number, host in enumerate(odd["hosts"].values()):
        if "gemm.fp16" in host["figures"] and number < 11:
            host["figures"]["gemm.fp16"] = {"value": 1e6, "unit": "TFLOP/s", "trusted": False}
    before, _ = strip(report, "gemm.fp16")
    found, picture = strip(odd, "gemm.fp16")
    assert len(picture.all("path", class_="untrusted")) == 11
    assert "not to be trusted" in picture.all("path", class_="untrusted")[0].text
    assert "Not to be trusted: spark-01, spark-02" in " ".join(found.sentences)
    median = re.search(r"median ([\d.]+)", found.sentences[0])
    assert median is not None
    assert float(median[1]) < before.values[-1].number
    alone = copy.deepcopy(odd)
    for host in alone["hosts"].values():
        for figure in host["figures"].values():
            figure["trusted"] = False
    assert strip(alone, "gemm.fp16")[0].sentences[0] == (
        f"No value of {len(found.values)} hosts can be trusted."
    )


def test_what_no_axis_has_a_place_for_is_no_mark(report):
    odd = copy.deepcopy(report)
    for number, host in enumerate(odd["hosts"].values()):
        if "gemm.fp16" in host["figures"]:
            host["figures"]["gemm.fp16"]["value"] = (1.7e308, -1.7e308, 5e-324, 60)[number % 4]
    found, _ = strip(odd, "gemm.fp16")
    assert {value.number for value in found.values} == {60}


@pytest.mark.parametrize(
    ("required", "drawn"),
    [
        (">= 60 TFLOP/s", "60"),
        ("<= 100.5 TFLOP/s", "100.5"),
        (">= 60 GB/s", None),
        ("== peak of the device", None),
        ("> 0 TFLOP/s", None),
        ("is known", None),
    ],
)
def test_only_what_is_required_exactly_is_drawn(report, required, drawn):
    changed = copy.deepcopy(report)
    for host in changed["hosts"].values():
        for entry in host["criteria"]:
            if entry["id"] == "gemm_fp16":
                entry["required"] = required
    lines = strip(changed, "gemm.fp16")[1].all("text", class_="t-required")
    assert [line.text for line in lines] == ([f"required {required}"] if drawn else [])


def test_without_the_key_that_ties_a_criterion_to_its_figure_the_page_says_so(report):
    unlinked = copy.deepcopy(report)
    for host in unlinked["hosts"].values():
        for entry in host["criteria"]:
            entry.pop("figure", None)
    said = figures(unlinked)
    assert 'names the figure that it judges (key "figure")' in said.text
    assert not said.all("text", class_="t-required")
    assert figures(report).all("text", class_="t-required")


def test_hosts_of_different_profiles_are_not_compared(report):
    whole = len(strip(report, "gemm.fp16")[0].values)
    mixed = copy.deepcopy(report)
    mixed["hosts"]["spark-01"]["profile"] = "h100"
    found = [one for one in strips(mixed) if one.figure == "gemm.fp16"]
    assert {one.profile: len(one.values) for one in found} == {"dgx_spark": whole - 1, "h100": 1}


def test_values_that_no_axis_holds_are_left_out_and_equal_ones_have_an_axis(report):
    odd = copy.deepcopy(report)
    for host in odd["hosts"].values():
        host["figures"] = {"zero": {"value": 0.0, "unit": "", "trusted": True}}
    odd["hosts"]["spark-01"]["figures"]["zero"]["value"] = float("nan")
    found, picture = strip(odd, "zero")
    assert len(found.values) == len(odd["hosts"]) - 1
    assert "nan" not in str(found.picture)
    assert picture.all("text")


def test_numbers_in_names_count_as_numbers():
    assert sorted(["b", "a-10", "a-9", "a", "10", "9"], key=natural) == [
        "9",
        "10",
        "a",
        "a-9",
        "a-10",
        "b",
    ]


def test_a_criterion_names_its_figure_only_where_it_judges_the_value(report):
    entries = {entry["id"]: entry for entry in report["hosts"]["spark-01"]["criteria"]}
    assert entries["gemm_fp16"]["figure"] == "gemm.fp16"
    assert "figure" not in entries["memory_total"]
    clock = next(entry for entry in entries.values() if entry["title"] == "SM clock under load")
    assert "figure" not in clock  # it judges the trace of a figure
    store.validate(gate_reports.judged(2))
