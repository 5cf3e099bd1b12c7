"""The HTML page of a gate report: all of it is there, nothing in it runs or reaches out."""

import base64
import copy
import functools
import hashlib
import itertools
import re
import tomllib
from pathlib import Path

import gate_reports
import html_tree
import pytest

from foundation.reports.findings import BLOCKING, findings, state
from foundation.reports.html_page import render
from foundation.reports.jinja import TEMPLATES

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def report():
    return gate_reports.failing()


@pytest.fixture(scope="module")
def page():
    return tree(gate_reports.failing)


@functools.cache
def tree(make):
    """The page of a report of gate_reports, which no test alters."""
    return html_tree.parse(render(make()))


def section(page, anchor):
    return next(one for one in page.all("section") if one.attributes["aria-labelledby"] == anchor)


def hosts_of(page):
    return {one.all("summary")[0].one("h3").text: one for one in page.all("div", class_="host")}


def test_the_counts_are_those_of_the_report(report, page):
    verdicts = [host["verdict"] for host in report["hosts"].values()]
    tiles = page.all("ul", class_="tiles")[0].text
    for verdict in ("FAIL", "INVALID", "MISSING", "PASS"):
        assert f"{verdicts.count(verdict)} {verdict}" in tiles
    assert "1 waived" in tiles
    assert "2 not judged" in tiles
    failing = len(verdicts) - verdicts.count("PASS")
    assert page.one("h1").text == f"FAILED {failing} of {len(verdicts)} hosts do not pass"
    for name, one in report["workstreams"].items():
        workstream = next(item for item in page.all("li", class_="wide") if name in item.text)
        assert f"{one['passed']} of {one['total']} passed" in workstream.text
        assert one["status"] in workstream.text
    entries = [entry for host in report["hosts"].values() for entry in host["criteria"]]
    legend = page.one("ul", **{"aria-label": "Outcomes"}).text
    for name in ("fail", "invalid", "missing", "waived", "skipped", "pass"):
        assert f"{name}: {sum(entry['outcome'] == name for entry in entries)}" in legend


def test_each_cell_of_the_matrix_is_the_outcome(report, page):
    table = page.one("table", id="matrix")
    head, body = table.one("thead"), table.one("tbody")
    titles = [th.text for th in head.all("tr")[1].all("th")]
    seen = 0
    for row in body.all("tr"):
        name = row.one("th").one("a").text
        cells = [cell.text for cell in row.all("td")]
        assert len(cells) == len(titles)
        entries = {entry["title"]: entry for entry in report["hosts"][name]["criteria"]}
        assert cells == [
            state(entries[title]) if title in entries else "not asked" for title in titles
        ]
        assert [cell.attributes["class"] for cell in row.all("td")] == [
            "none" if text == "not asked" else text for text in cells
        ]
        seen += 1
    assert seen == len(report["hosts"])
    spans = [int(th.attributes["colspan"]) for th in head.all("th", scope="colgroup")]
    assert sum(spans) == len(titles)


def test_hosts_that_do_not_pass_come_first_everywhere(report, page):
    failing = {name for name, host in report["hosts"].items() if host["verdict"] != "PASS"}
    body = page.one("table", id="matrix").one("tbody")
    rows = [row.one("th").one("a").text for row in body.all("tr")]
    assert set(rows[: len(failing)]) == failing
    assert list(hosts_of(page)) == rows


def test_every_host_that_does_not_pass_is_told_once_with_its_worst_finding(report, page):
    told = []
    for problem in section(page, "do-first").all("article"):
        for link in problem.one("h3").all("a"):
            told.append(link.text)
            worst = findings(report["hosts"][link.text])[0]
            assert f"Do: {worst.remediation}" == problem.all("p", class_="do")[0].text
            assert worst.title in problem.text
            assert report["hosts"][link.text]["verdict"] in problem.one("h3").text
    assert sorted(told) == sorted(n for n, h in report["hosts"].items() if h["verdict"] != "PASS")


def test_a_host_tells_all_that_is_wrong_with_it(report, page):
    told = hosts_of(page)
    for name, host in report["hosts"].items():
        said = told[name].text
        for entry in host["criteria"]:
            if state(entry) in BLOCKING or entry["outcome"] == "waived":
                assert entry["title"] in said
                assert entry["action"] in said
                assert entry["message"] in said
                assert entry["measured"] is None or entry["measured"] in said
            elif entry["outcome"] == "pass":
                assert f"{entry['title']}: {entry['measured']}" in said
            else:
                assert entry["title"] in said
        for kind, when in host["documents"].items():
            assert f"{kind} of {when}" in said


def test_a_waived_failure_has_its_reason_and_its_end(page):
    finding = hosts_of(page)["spark-08"].one("article", class_="waived").text
    assert "Waived until 2026-12-31, OPS-1234: the vendor's fix is on its way" in finding
    rows = [row.text for row in section(page, "waivers").all("tr")[1:]]
    assert len(rows) == 2
    assert rows[1].startswith("expired spark-01 memory_total")


def test_the_fleet_and_what_was_not_judged_are_told(page):
    fleet = section(page, "fleet").text
    assert "NVIDIA driver 580.178.04 (22 hosts) spark-04: 580.82.07 spark-08: 580.82.09" in fleet
    assert "gemm.bf16 92 TFLOP/s 4.6 TFLOP/s spark-12: 55.2" in fleet
    assert "spark-31 spark-32" in section(page, "not-judged").text


def test_where_no_value_is_that_of_most_no_number_is_told(report):
    divided = copy.deepcopy(report)
    (one, *_) = divided["fleet"]["differences"]
    one |= {"majority": "no majority", "majority_hosts": 0}
    fleet = section(html_tree.parse(render(divided)), "fleet").text
    assert "NVIDIA driver no majority spark-04" in fleet


def test_each_criterion_is_described_once(report, page):
    table = section(page, "criteria").one("table")
    ids = [row.one("th").one("code").text for row in table.all("tr") if "id" in row.attributes]
    assert sorted(ids) == sorted({e["id"] for h in report["hosts"].values() for e in h["criteria"]})
    memory = next(row.text for row in table.all("tr") if "memory_total" in row.text)
    assert ">= 110 GiB" in memory
    assert "Compare grep MemTotal /proc/meminfo" in memory


# Nothing in it runs or reaches out


def test_everything_from_a_host_is_only_text(page):
    hostile = render(gate_reports.hostile())
    found = tree(gate_reports.hostile)
    tags = {one.tag for one in page.all()}
    assert {one.tag for one in found.all()} <= tags
    names = {name for one in page.all() for name in one.attributes} | {"hidden", "open"}
    assert {name for one in found.all() for name in one.attributes} <= names
    whole = found.text
    for text in gate_reports.HOSTILE:
        readable = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        assert readable in whole
    assert len(found.all("script")) == 1
    assert "49{% raw %}" not in hostile
    assert "\u202e" not in hostile
    assert "\x1b" not in hostile


@pytest.mark.parametrize("make", [gate_reports.failing, gate_reports.hostile, gate_reports.empty])
def test_nothing_refers_to_anything_outside(make):
    page = tree(make)
    anchors = [one.attributes["id"] for one in page.all() if "id" in one.attributes]
    ids = set(anchors)
    assert len(anchors) == len(ids)
    for one in page.all():
        assert not {"src", "srcset", "style", "action", "data", "ping"} & set(one.attributes)
        assert not [name for name in one.attributes if name.startswith("on")]
        assert one.tag not in {"link", "img", "iframe", "object", "embed", "base"}
        if "href" in one.attributes:
            assert one.attributes["href"].startswith("#")
            assert one.attributes["href"][1:] in ids, one.text
    for name in ("style.css", "script.js"):
        assert not re.search(
            r"url\(|@import|https?:|//[a-z]|fetch|XMLHttp", (TEMPLATES / name).read_text()
        )


def test_the_policy_allows_this_style_sheet_and_this_script_only(page):
    policy = page.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    for kind in ("style", "script"):
        content = "".join(page.one(kind).children)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules.pop(f"{kind}-src") == f"'sha256-{digest}'"
    assert set(rules) == {"default-src", "base-uri", "form-action"}
    assert set(rules.values()) == {"'none'"}


# What a reader without eyes, colors or a script has


@pytest.mark.parametrize("make", [gate_reports.failing, gate_reports.empty, gate_reports.hostile])
def test_headings_and_tables_say_what_they_are(make):
    page = tree(make)
    assert page.one("html").attributes["lang"] == "en"
    levels = [int(one.tag[1]) for one in page.all() if re.fullmatch(r"h\d", one.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    for table in page.all("table"):
        assert all("scope" in th.attributes for th in table.all("th"))
    for control in [*page.all("input"), *page.all("select")]:
        assert control.parent.tag == "label"
    for picture in page.all("svg"):
        attributes = picture.attributes
        assert attributes.get("aria-hidden") == "true" or attributes["aria-label"]


def test_the_filter_is_shown_by_the_script_only(page):
    assert "hidden" in page.one("form").attributes
    assert not [row for row in page.all("tr") if "hidden" in row.attributes]


# Sizes and shapes of fleets


def test_a_report_without_hosts_says_what_to_do():
    report = gate_reports.empty()
    page = html_tree.parse(render(report))
    assert page.one("h1").text == "FAILED No host was judged"
    assert page.one("title").text == "FAILED: no host was judged - phase gate"
    assert section(page, "do-first").one("p").text == report["messages"][0]
    assert not page.all("table")


def test_a_fleet_that_passes_says_so():
    report = gate_reports.fleet(2, every=0)
    page = html_tree.parse(render(report))
    assert page.one("h1").text == "PASSED All 2 hosts pass"
    assert "Nothing: every host passes." in section(page, "do-first").text
    only = gate_reports.fleet(1, every=0)
    assert "PASSED The only host passes" in html_tree.parse(render(only)).text


def test_a_report_without_figures_has_a_page(report):
    bare = copy.deepcopy(report)
    for host in bare["hosts"].values():
        host["figures"] = {}
    page = html_tree.parse(render(bare))
    assert "No host has a benchmark document with figures." in section(page, "figures").text
    assert len(hosts_of(page)) == 24


def test_the_page_of_400_hosts_by_60_criteria_is_below_3_megabytes(report):
    large = copy.deepcopy(report)
    hosts = list(report["hosts"].values())
    large["hosts"] = {f"spark-{n:03}": hosts[n % len(hosts)] for n in range(400)}
    for host in hosts:
        assert len(host["criteria"]) > 60
    large["hosts"] = {
        name: {**host, "criteria": host["criteria"][:30] + host["criteria"][-30:]}
        for name, host in large["hosts"].items()
    }
    page = render(large)
    assert len(page.encode()) < 3 * MEGABYTE
    assert page.count("<td class=") >= 400 * 60


def test_the_same_report_gives_the_same_page_and_stays_as_it_is(report):
    before = copy.deepcopy(report)
    assert render(report) == render(report)
    assert report == before


def test_the_package_has_the_templates():
    project = Path(__file__).parents[2]
    settings = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert "foundation*" in settings["packages"]["find"]["include"]
    shipped = {
        path
        for pattern in settings["package-data"]["foundation"]
        for path in (project / "foundation").glob(pattern)
    }
    assert set(TEMPLATES.iterdir()) <= shipped
