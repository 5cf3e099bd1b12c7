"""The Markdown report, read by a Markdown parser as a tracker reads it."""

import re
from html import unescape

import any_reports as made
import pytest
from hypothesis import HealthCheck, given, settings
from markdown_it import MarkdownIt

from foundation.reports import markdown, terminal
from foundation.reports.markdown_text import code, prose

SHORT = settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
PARSER = MarkdownIt("commonmark").enable("table").enable("strikethrough")
# What trackers look for in the text of the rendered page, code left out.
REFERENCE = re.compile(r"[@#!~%$&^]\w|[A-Za-z0-9_]-\d|www\.|://|:\w+:")
OWN_HTML = re.compile(
    r"<details><summary><code>[^<>]*</code>: [A-Z]+, \d+ criteria, "
    r"profile <code>[^<>]*</code></summary>\n|</details>\n"
)
OWN_TAGS = {
    "h1", "h2", "h3", "p", "ul", "li", "strong", "code", "blockquote", "",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


def inline(tokens):
    for token in tokens:
        yield token
        yield from token.children or ()


def check(text):
    """No markup but our own, nothing a tracker would look up. Returns the code spans."""
    assert len(text.encode()) <= markdown.LIMIT
    assert text.endswith("\n")
    tokens = list(inline(PARSER.parse(text)))
    assert {token.tag for token in tokens} <= OWN_TAGS
    for token in tokens:
        if token.type in ("html_block", "html_inline"):
            assert OWN_HTML.fullmatch(token.content), token.content
        if token.type == "text":
            # Ours: the workstreams, the time of the gate.
            told = re.sub(r"WS-0\d|\d{4}-\d\d-\d\dT[\d:]+Z", "", token.content)
            assert not REFERENCE.search(told), told
    return [token.content for token in tokens if token.type == "code_inline"]


def test_a_failure_says_what_was_measured_required_and_what_to_do():
    text = markdown.render(made.every_outcome())
    check(text)
    assert text.startswith("# Phase gate: FAILED\n\n0 of 1 hosts pass. Judged 2026-10-20T12:00:00Z")
    assert "| WS-01 Hardware Baselines | INCOMPLETE | 3 of 7 |" in text
    assert "| `spark-01.lab.example` | FAIL | 1 | 1 | 1 | 1 | 2 | 1 |" in text
    assert (
        "### FAIL: `spark-01.lab.example` (`dgx_spark`)\n\n"
        "- **fail** Every CPU is there (`is_fail`)\n"
        "  - measured `19`, required `== 20`\n"
        "  - do: `Look at lscpu, then ask the vendor`\n"
    ) in text
    assert "- **skipped** Every CPU is there (`is_required`)" in text
    for quiet in ("is_pass", "is_skipped", "is_waived"):
        assert text.count(f"`{quiet}`") == 1, "only among all criteria"
    assert text.count("<details>") == text.count("</details>") == 1


def test_an_empty_gate_says_why():
    text = markdown.render(made.report({}))
    check(text)
    assert "0 of 0 hosts pass" in text
    assert "> `no hosts were judged: name hosts in the inventory`" in text


def test_waivers_the_fleet_and_what_was_not_judged_are_told():
    waiver = {
        "host": "a", "criterion": "cpu_cores", "reason": "one core is off",
        "expires": "2026-12-31", "ticket": "OPS-7", "state": "expired",
        "message": "expired on 2026-10-01",
    }  # fmt: skip
    different = {
        "id": "kernel", "title": "The kernel", "majority": "6.17", "majority_hosts": 7,
        "hosts": {"b": "6.11"},
    }  # fmt: skip
    divided = {**different, "majority": "no majority", "majority_hosts": 0}
    outlier = {
        "figure": "cpu.triad", "unit": "GB/s", "median": 112.04, "limit": 12.0,
        "hosts": {"c": 61.5},
    }  # fmt: skip
    text = markdown.render(
        made.report(
            {"a": made.host(made.criterion())},
            waivers=[waiver, {**waiver, "ticket": ""}],
            fleet={"differences": [different, divided], "outliers": [outlier]},
            not_judged=["d"],
        )
    )
    check(text)
    assert "**expired** `cpu_cores` of `a`, expires `2026-12-31`, ticket `OPS-7`" in text
    assert "- The kernel (`kernel`): 7 hosts have `6.17`, others: `b` `6.11`\n" in text
    assert "- The kernel (`kernel`): no majority: `b` `6.11`\n" in text
    assert (
        "- `cpu.triad`: more than `12 GB/s` from the median `112.04 GB/s`: `c` `61.5 GB/s`\n"
    ) in text
    assert "## Not judged\n\n- `d`\n" in text


def test_hosts_with_the_same_findings_share_them():
    one = made.host(made.criterion())
    text = markdown.render(made.report({f"spark-{number}": one for number in range(40)}))
    check(text)
    assert text.count("- **fail**") == 1
    assert "`spark-24` and 15 more (`dgx_spark`)" in text


def test_criteria_that_are_missing_for_one_reason_are_told_once():
    entries = [made.criterion(name, "missing", message="no answer") for name in ("a", "b")]
    text = markdown.render(made.report({"h": made.host(*entries)}))
    assert "- **missing** 2 criteria: `a`, `b`\n  - `no answer`\n" in text


def test_a_host_tells_the_worst_first_as_on_the_terminal():
    warns = made.criterion("w", "pass", warns=True, message="low")
    alike = [made.criterion(name, action="look", message="0 was measured") for name in ("a", "b")]
    report = made.report({"h": made.host(warns, made.criterion("i", "invalid"), *alike)})
    heads = [line for line in markdown.render(report).splitlines() if line.startswith("- **")]
    assert [head.split()[1] for head in heads] == ["**fail**", "**invalid**", "**warning**"]
    assert "- **fail** 2 criteria: `a`, `b`\n  - `0 was measured`\n" in markdown.render(report)
    told = terminal.render(report)
    words = [line.split()[0] for line in told.splitlines() if line.endswith("]")]
    assert words == ["fail", "invalid", "warning"]
    assert "fail     2 criteria [a, b]\n           0 was measured\n" in told


@pytest.mark.parametrize("text", made.HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(text):
    entry = made.criterion(title=text, measured=text, required=text, message=text, action=text)
    invalid = made.criterion("b", "invalid", title=text, message=text, action=text)
    report = made.report(
        {"h": made.host(entry, invalid, profile=text)},
        messages=[text],
        workstreams={
            name: {"title": text, "status": "COMPLETE", "passed": 1, "total": 1}
            for name in made.WORKSTREAMS
        },
    )
    spans = check(markdown.render(report))
    # Code shows the text itself, on one line; nothing of it is lost to markup.
    shown = re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text)).strip()
    assert spans.count(shown or "(blank)") >= 5


@pytest.mark.parametrize("text", made.HOSTILE)
def test_prose_and_code_show_the_text(text):
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split()) or "(blank)"
    rendered = PARSER.renderInline(f"a {prose(text)}")
    assert unescape(rendered).replace("\u200b", "").removeprefix("a ").strip() == plain
    (token,) = [t for t in inline(PARSER.parse(code(text))) if t.type == "code_inline"]
    assert token.content == plain


def test_what_is_cut_is_said():
    report = made.fleet(400, 60)
    text = markdown.render(report)
    check(text)
    assert len(text.encode()) > markdown.LIMIT - 2500, "the room is used"
    cut = text.splitlines()[-1]
    assert cut.startswith("**Cut to fit 65,536 characters, left out: ")
    assert "400 hosts with all their criteria" in cut
    shown = text.count("- **fail**")
    left_out = int(re.search(r"(\d+) findings", cut)[1])
    fails = sum(
        entry["outcome"] == "fail"
        for host in report["hosts"].values()
        for entry in host["criteria"]
    )
    assert shown + left_out == fails
    assert text.count("| `spark-") == 400, "the table of hosts is whole"
    assert "All of it is in the gate report (JSON)." in cut


def test_a_short_report_says_nothing_of_cuts():
    assert "Cut to fit" not in markdown.render(made.every_outcome())


def test_the_worst_hosts_come_first():
    hosts = {
        verdict.lower(): made.host(made.criterion(), verdict=verdict)
        for verdict in ("PASS", "MISSING", "INVALID", "FAIL")
    }
    text = markdown.render(made.report(hosts))
    rows = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert rows == ["fail", "invalid", "missing", "pass"]


@SHORT
@given(made.reports)
def test_any_report_gives_safe_markdown(report):
    text = markdown.render(report)
    check(text)
    assert text.startswith(f"# Phase gate: {report['verdict']}\n")
    for name in report["hosts"]:
        assert f"\n| `{name}` | {report['hosts'][name]['verdict']} |" in text
