"""docs/criteria.md, validity.md and modules.md are those that the sources give."""

from __future__ import annotations

import re

import pytest
from reference_pages import PAGES, PROJECT

from foundation.evaluation.validity import RULES
from foundation.profiles.criteria import load_profiles


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {name: make() for name, make in PAGES.items()}


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_the_generated_one(name: str, pages: dict[str, str]) -> None:
    assert (PROJECT / f"docs/{name}.md").read_text() == pages[name], "run: make docs"


@pytest.mark.parametrize("profile", ["generic", "dgx_spark", "h100", "h200"])
def test_every_criterion_has_its_requirement_source_and_remediation(
    profile: str, pages: dict[str, str]
) -> None:
    page = pages["criteria"].replace("\\|", "|")
    for one in load_profiles(profile)[0].criteria:
        entry = page.partition(f"### `{one.id}`\n")[2].partition("\n### ")[0]
        rows = [line for line in entry.splitlines() if line.startswith("|")]
        mine = [line for line in rows if re.match(rf"\| (all|.*\b{profile}\b.*?) \|", line)]
        assert len(mine) == 1, one.id
        assert f"`{one.required}`" in mine[0], one.id
        assert one.warn is None or f"`{one.warn.text}`" in mine[0], one.id
        assert one.source in mine[0], one.id
        assert " ".join(one.remediation.text.split())[:40] in entry, one.id


def test_every_rule_has_evidence_and_a_remediation(pages: dict[str, str]) -> None:
    for rule in RULES:
        entry = pages["validity"].partition(f"\n## {rule.name}\n")[2].partition("\n## ")[0]
        assert f"({rule.name})\n" in entry
        assert "\nDo: " in entry


def test_no_page_names_a_place_on_this_machine(pages: dict[str, str]) -> None:
    assert [name for name, page in pages.items() if str(PROJECT) in page] == []


def test_pages_by_hand_count_the_rules_right() -> None:
    for name in ("README", "troubleshooting"):
        counts = re.findall(r"\b(\d+) rules\b", (PROJECT / f"docs/{name}.md").read_text())
        assert counts == [str(len(RULES))], name
