"""docs/reports.md and its examples: real files, and settings that can be read."""

import re
from pathlib import Path

import pytest
import yaml

from foundation.reports import prometheus, writer
from foundation.reports.formats import FORMATS

PROJECT = Path(__file__).parents[2]
EXAMPLES = PROJECT / "docs/examples/reports"
PAGE = (PROJECT / "docs/reports.md").read_text()


@pytest.mark.parametrize("name", ["junit", "ctrf", "prometheus", "markdown"])
def test_the_examples_are_what_the_report_gives(name):
    # After a change: foundation report --gate docs/examples/reports/gate.json --junit ...
    report = writer.load(EXAMPLES / "gate.json")
    path = writer.beside(EXAMPLES / "gate.json", name)
    assert path.read_text() == FORMATS[name].render(report)


def test_the_page_names_every_metric_and_no_other():
    report = writer.load(EXAMPLES / "gate.json")
    given = set(re.findall(r"^# TYPE (\w+) gauge$", prometheus.render(report), re.MULTILINE))
    assert set(re.findall(r"^\| `(foundation_\w+)` \|", PAGE, re.MULTILINE)) == given
    rules = PAGE.rpartition("```yaml")[2]
    assert set(re.findall(r"\bfoundation_\w+", rules)) <= given


def test_the_page_names_every_base_unit():
    for unit, (base, _) in prometheus.BASE_UNITS.items():
        assert re.search(rf"`{unit}`\s(becomes\s)?`{base}`", PAGE)


def test_the_page_names_every_file():
    for name, wanted in FORMATS.items():
        assert f"| `gate{wanted.suffix}` |" in PAGE, name


def test_the_settings_of_other_programs_are_yaml():
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    gitlab, github, rules = map(yaml.safe_load, blocks)
    assert gitlab["gate"]["artifacts"]["reports"]["junit"] == "reports/gate.xml"
    assert github["jobs"]["gate"]["steps"]
    assert all(rule["expr"] for rule in rules["groups"][0]["rules"])
