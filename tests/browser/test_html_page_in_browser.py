"""The HTML page in a real browser: filters, keyboard, sizes, colors, print, and attacks."""

import functools

import gate_reports
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from foundation.reports.html_page import render

ROWS = "#matrix tbody tr"
COLUMNS = "#matrix thead tr:last-child th"


@functools.cache
def page(make):
    return render(make())


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
    browser.open(page(gate_reports.large))
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
    browser.open(page(gate_reports.large), fragment="#h399")
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
