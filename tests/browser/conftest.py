"""A headless Chromium, driven by Debian's chromedriver; nothing is fetched from anywhere."""

import os
import shutil
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

SIZES = {"desktop": (1280, 900), "phone": (360, 740)}


class Browser:
    """A page open in Chromium, and what its tests do with it."""

    def __init__(self, driver, folder):
        self.driver = driver
        self._folder = folder

    def open(self, page, size="desktop", dark=False, script=True, fragment=""):
        """Open the text of a page as a file."""
        path = self._folder / "page.html"
        path.write_text(page, encoding="utf-8")
        width, height = SIZES[size]
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", **metrics)
        self.media("screen", dark)
        self.command("Emulation.setScriptExecutionDisabled", value=not script)
        self.driver.get("about:blank")
        self.driver.get(path.as_uri() + fragment)
        return self

    def media(self, kind, dark=False):
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", media=kind, features=[scheme])

    def command(self, name, **arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def find(self, selector):
        return self.driver.find_element("css selector", selector)

    def shown(self, selector):
        """The texts of the elements that take room on the page."""
        return self.run(
            "return [...document.querySelectorAll(arguments[0])]"
            ".filter(one => one.getClientRects().length).map(one => one.textContent.trim())",
            selector,
        )


@pytest.fixture(scope="session")
def _driver(tmp_path_factory):
    binaries = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    for name, path in binaries.items():
        if path is None:
            pytest.fail(f"{name} is not installed: apt install chromium chromium-driver")
    options = ChromeOptions()
    options.binary_location = binaries["chromium"]
    profile = tmp_path_factory.mktemp("profile")
    for argument in ("--headless=new", "--disable-gpu", f"--user-data-dir={profile}"):
        options.add_argument(argument)
    if os.geteuid() == 0:  # its sandbox does not start for root
        options.add_argument("--no-sandbox")
        options.add_argument("--disable-dev-shm-usage")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(binaries["chromedriver"]))
    yield driver
    driver.quit()


@pytest.fixture
def browser(_driver, tmp_path: Path):
    _driver.get_log("browser")
    return Browser(_driver, tmp_path)
