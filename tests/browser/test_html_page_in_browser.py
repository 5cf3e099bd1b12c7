"""The HTML page in a real browser: filters, keyboard, sizes, colors, print, and attacks."""

import functools
import importlib.resources

import gate_reports
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from foundation.reports.html_page import render

ROWS = "#matrix tbody tr"
COLUMNS = "#matrix thead tr:last-child th"


@functools.cache
def page(make):
    return render(make())


def large():
    """Four hundred hosts, of which one in eight does not pass."""
    report = gate_reports.failing()
    hosts = report["hosts"]
    failing = [host for host in hosts.values() if host["verdict"] != "PASS"]
    passing = [host for host in hosts.values() if host["verdict"] == "PASS"]
    report["hosts"] = {
        f"spark-{n:03}": failing[n // 8 % len(failing)] if n % 8 == 0 else passing[n % len(passing)]
        for n in range(1, 401)
    }
    return report


def small():
    """One host of each kind, for what is slow."""
    report = gate_reports.failing()
    names = ("spark-04", "spark-16", "spark-20", "spark-24", "spark-08", "spark-01")
    report["hosts"] = {name: report["hosts"][name] for name in names}
    return report


def choose(browser, name, value):
    Select(browser.find(f"select[name={name}]")).select_by_value(value)


def press(browser, *keys):
    ActionChains(browser.driver).send_keys(*keys).perform()


def focused(browser):
    """What has the focus, as a selector would say it, and whether that is to be seen."""
    return browser.run(
        "const e = document.activeElement, s = getComputedStyle(e);"
        "return [e.tagName.toLowerCase(), e.id || e.name || e.className || e.textContent,"
        "        parseFloat(s.outlineWidth) >= 2 && s.outlineStyle !== 'none'];"
    )


# What is seen first


def test_the_first_screen_says_which_hosts_fail_and_what_to_do(browser):
    browser.open(page(gate_reports.failing))
    inside = browser.run(
        "return [...document.querySelectorAll('h1, .problem h3 a, .problem .do')]"
        ".filter(e => e.getBoundingClientRect().bottom <= innerHeight).map(e => e.textContent)"
    )
    text = " ".join(" ".join(inside).split())
    assert "FAILED 5 of 24 hosts do not pass" in text
    assert "spark-04" in text
    assert "Do: Update as DGX OS wants it" in text
    assert "spark-12" in text


def test_a_large_fleet_starts_with_the_hosts_that_do_not_pass(browser):
    browser.open(page(large))
    assert len(browser.shown(ROWS)) == 50
    assert len(browser.shown(".host")) == 50
    assert len(browser.shown(COLUMNS)) < 20
    assert browser.find("#shown").text.startswith("Shows 50 of 400 hosts and ")
    browser.find("#filter button").click()
    assert browser.find("#shown").text == "Shows 400 of 400 hosts and 94 of 94 criteria."
    assert len(browser.shown(ROWS)) == 400


# Filters


def test_filters_combine(browser):
    browser.open(page(gate_reports.failing))
    assert len(browser.shown(ROWS)) == 24
    browser.find("input[name=narrow]").click()
    assert len(browser.shown(COLUMNS)) == 94
    choose(browser, "outcome", "fail")
    assert [row.split()[0] for row in browser.shown(ROWS)] == ["spark-04", "spark-12"]
    choose(browser, "workstream", "WS-01")
    assert [row.split()[0] for row in browser.shown(ROWS)] == ["spark-04"]
    assert browser.shown("#matrix th[scope=colgroup]") == ["WS-01 Hardware Baselines"]
    browser.find("input[name=narrow]").click()
    assert browser.shown(COLUMNS) == ["NVIDIA driver"]
    cells = browser.shown(f"{ROWS}:not([hidden]) td")
    assert cells == ["fail"]
    choose(browser, "outcome", "all")
    choose(browser, "workstream", "")
    browser.find("input[name=text]").send_keys("SPARK-1")
    assert len(browser.shown(ROWS)) == 10
    assert len(browser.shown(".host")) == 10
    browser.find("input[name=text]").send_keys("nothing like it")
    assert browser.shown(ROWS) == []
    assert browser.find("#nothing").is_displayed()


def test_columns_stay_over_their_cells_when_others_are_hidden(browser):
    browser.open(page(gate_reports.failing))
    places = browser.run(
        "const left = e => Math.round(e.getBoundingClientRect().left);"
        "const seen = e => e.getClientRects().length;"
        "const row = document.querySelector('#matrix tbody tr');"
        "return [[...document.querySelectorAll('#matrix thead tr:last-child th')].filter(seen)"
        ".map(left), [...row.querySelectorAll('td')].filter(seen).map(left)]"
    )
    assert places[0] == places[1]
    assert 1 < len(places[0]) < 94


# Links


def test_a_cell_and_a_host_lead_to_their_explanation_which_opens(browser):
    browser.open(page(gate_reports.failing))
    assert not browser.find("#h0").get_property("open")
    browser.find(f"{ROWS} td.fail a").click()
    assert browser.find("#h0").get_property("open")
    finding = browser.find(".finding:target")
    assert "580.82.07" in finding.text
    assert "Update as DGX OS wants it" in finding.text
    top = browser.run("return arguments[0].getBoundingClientRect().top", finding)
    assert 0 <= top < 900


def test_a_link_to_a_host_that_is_filtered_away_shows_it(browser):
    browser.open(page(large), fragment="#h399")
    assert browser.find("#h399").is_displayed()
    assert browser.find("#h399").get_property("open")


def test_a_click_into_a_row_leads_to_its_host(browser):
    browser.open(page(gate_reports.failing))
    browser.run(
        "const c = [...document.querySelectorAll('#matrix tbody tr')].pop();"
        "[...c.querySelectorAll('td')].find(e => e.getClientRects().length).click()"
    )
    assert browser.driver.current_url.endswith("#h23")
    assert browser.find("#h23").get_property("open")


# Keyboard


def test_everything_is_reached_with_the_keyboard_and_seen_to_be(browser):
    browser.open(page(gate_reports.failing))
    press(browser, Keys.TAB)
    assert focused(browser) == ["a", "skip", True]
    press(browser, Keys.ENTER)
    assert focused(browser)[:2] == ["main", "main"]
    reached = []
    for _ in range(150):
        press(browser, Keys.TAB)
        tag, name, visible = focused(browser)
        if tag == "body":
            break
        in_cell = tag == "a" and browser.run("return !!document.activeElement.closest('td')")
        assert visible or in_cell, (tag, name)  # a cell's mark is inside it
        reached.append((tag, name))
    controls = [("input", "text"), ("select", "outcome"), ("select", "workstream")]
    assert [one for one in reached if one in controls] == controls
    assert ("input", "narrow") in reached
    assert ("div", "scroll") in reached
    assert sum(tag == "summary" for tag, _ in reached) >= 24


def test_a_host_opens_and_closes_with_the_keyboard(browser):
    browser.open(page(gate_reports.failing))
    browser.run("document.querySelector('#h1 > summary').focus()")
    press(browser, Keys.ENTER)
    assert browser.find("#h1 .finding").is_displayed()
    press(browser, Keys.SPACE)
    assert not browser.find("#h1 .finding").is_displayed()


def test_a_filter_is_used_with_the_keyboard(browser):
    browser.open(page(gate_reports.failing))
    browser.run("document.querySelector('input[name=text]').focus()")
    press(browser, "spark-04", Keys.ENTER)
    assert len(browser.shown(ROWS)) == 1
    assert browser.find("#shown").get_attribute("role") == "status"


# Room


def test_the_heading_and_the_hosts_stay_while_the_matrix_scrolls(browser):
    browser.open(page(large))
    browser.find("#filter button").click()
    places = browser.run(
        "const box = document.querySelector('#matrix').parentElement;"
        "box.scrollTo(600, 4000);"
        "const at = e => { const r = e.getBoundingClientRect(), b = box.getBoundingClientRect();"
        "  return [r.left - b.left, r.top - b.top]; };"
        "const row = document.querySelectorAll('#matrix tbody tr')[200];"
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
@pytest.mark.parametrize("make", [small, gate_reports.empty])
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
    browser.open(page(large), script=False, fragment="#h3")
    assert browser.driver.get_log("browser") == []
    rows = browser.driver.find_elements("css selector", ROWS)
    assert len(rows) == 400
    assert rows[399].is_displayed()
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
