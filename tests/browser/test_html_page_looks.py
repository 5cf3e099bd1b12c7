"""How the HTML page looks and what it refuses: sizes, colors, print, no script, attacks."""

import functools
import importlib.resources

import gate_reports
import pytest

from foundation.reports.html_page import render

ROWS = "#matrix tbody tr"


@functools.cache
def page(make):
    return render(make())


# Room


def test_the_heading_and_the_hosts_stay_while_the_matrix_scrolls(browser):
    browser.open(page(gate_reports.failing))
    browser.find("#filter button").click()
    places = browser.run(
        "const box = document.querySelector('#matrix').parentElement;"
        "box.scrollTo(600, 60);"
        "const at = e => { const r = e.getBoundingClientRect(), b = box.getBoundingClientRect();"
        "  return [r.left - b.left, r.top - b.top]; };"
        "const row = document.querySelectorAll('#matrix tbody tr')[12];"
        "return [at(document.querySelector('#matrix thead')), at(row.cells[0]), at(row.cells[1])]"
    )
    (_, head_top), (host_left, _), (cell_left, _) = places
    assert abs(head_top) <= 2
    assert abs(host_left) <= 2
    assert cell_left < 0


@pytest.mark.parametrize("make", [gate_reports.failing, gate_reports.hostile, gate_reports.empty])
@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_the_page_never_scrolls_sideways(browser, make, size):
    browser.open(page(make), size)
    browser.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert (
        browser.run(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        <= 0
    )


def test_a_phone_shows_some_cells_beside_the_hosts(browser):
    browser.open(page(gate_reports.failing), "phone")
    wide = browser.run(
        "const box = document.querySelector('#matrix').parentElement.getBoundingClientRect();"
        "const host = document.querySelector('#matrix tbody th').getBoundingClientRect();"
        "return [box.width - host.width, box.right]"
    )
    assert wide[0] > 180
    assert wide[1] <= 360


# Colors, print, no script


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.parametrize("make", [gate_reports.small, gate_reports.empty])
def test_the_rules_of_axe_find_nothing(browser, make, size, dark):
    """WCAG 2.1 A and AA (contrast included) and axe's best practices, with every host unfolded."""
    browser.open(page(make), size, dark)
    browser.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    axe = importlib.resources.files("axe_core_python").joinpath("axe.min.js").read_text()
    browser.command("Runtime.evaluate", expression=axe)
    browser.driver.set_script_timeout(120)
    found = browser.driver.execute_async_script(
        "const done = arguments[0];"
        "axe.run(document, {resultTypes: ['violations'], elementRef: false})"
        ".then(r => done(r.violations.map(v => [v.id, v.nodes.length, v.nodes[0].html,"
        "v.nodes[0].failureSummary])))"
    )
    assert found == []


def test_the_dark_page_is_dark(browser):
    colors = []
    for dark in (False, True):
        browser.open(page(gate_reports.failing), dark=dark)
        color = browser.run("return getComputedStyle(document.body).backgroundColor")
        colors.append([int(part) for part in color[4:-1].split(",")])
    assert min(colors[0]) > 240
    assert max(colors[1]) < 40


def test_no_outcome_is_told_by_color_alone(browser):
    browser.open(page(gate_reports.failing))
    marks = browser.run(
        "const marks = {};"
        "for (const cell of document.querySelectorAll('#matrix tbody td'))"
        "  marks[cell.className] = getComputedStyle(cell, '::before').content.split('/')[0].trim();"
        "return marks"
    )
    assert set(marks) == {"pass", "fail", "invalid", "missing", "skipped", "waived"}
    assert len(set(marks.values())) == len(marks)
    assert "none" not in marks.values()


def test_without_a_script_all_of_it_is_there(browser):
    browser.open(page(gate_reports.failing), script=False, fragment="#h3")
    assert browser.driver.get_log("browser") == []
    rows = browser.driver.find_elements("css selector", ROWS)
    assert len(rows) == 24
    assert rows[23].is_displayed()
    assert not browser.find("#filter").is_displayed()
    assert browser.find("#h3 h3").is_displayed()


def test_print_has_the_findings_and_no_controls(browser):
    browser.open(page(gate_reports.failing))
    browser.media("print")
    assert not browser.find("#filter").is_displayed()
    assert not browser.find("nav").is_displayed()
    assert (
        browser.run("return document.querySelector('#h0 .finding').getBoundingClientRect().height")
        > 20
    )
    assert browser.run("return document.querySelector('.host.PASS').getClientRects().length") == 0
    passed = "return document.querySelector('#h0 details').getClientRects().length"
    assert browser.run(passed) == 0


def test_a_dark_screen_prints_on_white(browser):
    browser.open(page(gate_reports.failing))
    browser.media("print", dark=True)
    color = browser.run(
        "return getComputedStyle(document.documentElement).getPropertyValue('--page')"
    )
    assert color.strip() == "#fff"


# Attacks


def test_nothing_of_an_attack_runs_and_nothing_is_fetched(browser):
    browser.open(page(gate_reports.hostile))
    browser.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    assert browser.run("return document.scripts.length") == 1
    assert browser.run("return document.querySelectorAll('img, iframe, object, link').length") == 0
    assert browser.driver.get_log("browser") == []  # no refusal either: nothing tried
    assert "<script>alert(1)</script>" in browser.find("#matrix").text


def test_the_policy_stops_what_would_run(browser):
    """A hole in the escaping would still meet the policy: a page with one, made on purpose."""
    holed = page(gate_reports.failing).replace(
        "</main>",
        "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">"
        "<p style='color: red' id=styled>x</p></main>",
    )
    browser.open(holed)
    assert browser.driver.title.startswith("FAILED")
    said = " ".join(entry["message"] for entry in browser.driver.get_log("browser"))
    assert "Content Security Policy" in said
    assert len(browser.shown(ROWS)) == 24  # its own script and style go on
    assert (
        browser.run("return getComputedStyle(document.getElementById('styled')).color")
        != "rgb(255, 0, 0)"
    )
