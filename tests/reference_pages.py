"""docs/criteria.md, validity.md and modules.md, made from what they describe, and symptoms.

`make docs` writes them; a test checks that they are current.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import symptoms
import yaml
from markup import code, document, row, text
from validity_page import validity_page

from foundation.core.workstreams import WORKSTREAMS
from foundation.evaluation import gate
from foundation.evaluation.waivers import Waiver
from foundation.profiles.criteria import BUNDLED_FOLDER, Criterion, Profile, load_profiles
from foundation.reports import terminal

PROJECT = Path(__file__).parents[1]
_PROFILES = ("generic", "dgx_spark", "h100", "h200")  # each after the one that it extends


def criteria_page() -> str:
    """Every criterion of every profile of the package, by workstream."""
    profiles = [load_profiles(name)[0] for name in _PROFILES]
    entries = _entries(profiles)
    parts = [
        "# Criteria",
        "What the gate asks of a host, profile by profile, with the source of every threshold.",
        f"`gb10-facts` in a source is [gb10-facts.md](gb10-facts.md). {_count(entries)}",
        "## Profiles",
        _profile_table(profiles),
        *(f"`{one.name}`: {one.note}" for one in profiles if one.note),
        "A Spark is recognized by any of these, so that it is one still when its GPU is gone:",
        _conditions(profiles[1]),
        _READING,
        _example(),
        *_compared(profiles),
        *_by_workstream(entries, profiles),
        _REGRESSION,
    ]
    return document(parts, "foundation/profiles/*.yml")


_READING = """## How to read an entry

*Required* must hold, or the outcome is `fail`. *Expected* is more than that; below it the outcome
is `pass` with a warning. Where *applies* is not met, the outcome is `skipped`: of an optional
criterion that passes, of another it does not. A criterion of a figure is `invalid` where a
[validity rule](validity.md) speaks against the figure, whatever its value.
[documents.md](documents.md#the-gates-report) has all outcomes. Limits of time, power and the like
are not criteria but limits of these rules."""

_REGRESSION = """## Regression against an accepted baseline

For a host with an accepted baseline there is one more criterion for each figure of it,
`regression_<family>_<figure>` in WS-03: [benchmarks.md](benchmarks.md#baselines-and-regression)."""


def _entries(profiles: list[Profile]) -> dict[str, list[tuple[list[str], Criterion]]]:
    """By id the different criteria of that id, each with the profiles that have it."""
    entries: dict[str, list[tuple[list[str], Criterion]]] = {}
    for profile in profiles:
        for criterion in profile.criteria:
            variants = entries.setdefault(criterion.id, [])
            known = [names for names, one in variants if _told(one) == _told(criterion)]
            if known:
                known[0].append(profile.name)
            else:
                variants.append(([profile.name], criterion))
    return entries


def _told(one: Criterion) -> tuple[object, ...]:
    """What an entry says of a criterion."""
    return one.title, _required(one), _expected(one), _applies(one), one.source, one.remediation


def _count(entries: Mapping[str, object]) -> str:
    counts = ", ".join(f"{len(load_profiles(name)[0].criteria)} in `{name}`" for name in _PROFILES)
    return f"{len(entries)} criteria: {counts}."


def _profile_table(profiles: list[Profile]) -> str:
    lines = [row("profile", "for", "extends", "file"), "|---|---|---|---|"]
    for profile in profiles:
        raw = yaml.safe_load((BUNDLED_FOLDER / f"{profile.name}.yml").read_text())
        link = f"[{profile.name}.yml](../foundation/profiles/{profile.name}.yml)"
        lines.append(row(code(profile.name), profile.title, code(raw.get("extends", "")), link))
    return "\n".join(lines)


def _conditions(profile: Profile) -> str:
    return "\n".join(
        f"- `{one.document}`: `{one.path.text}` `{one.require.text}`"
        for one in profile.applies_when
    )


def _compared(profiles: list[Profile]) -> Iterator[str]:
    """What the hosts of a fleet are compared in."""
    facts: dict[tuple[str, str, str], list[str]] = {}
    for profile in profiles:
        for fact in getattr(profile, "compare", ()):
            told = (fact.title, fact.document, fact.path.text)
            facts.setdefault(told, []).append(profile.name)
    if facts:
        lines = [row("compared", "where", "profiles"), "|---|---|---|"]
        for (title, place, path), names in facts.items():
            where = "all" if len(names) == len(profiles) else ", ".join(names)
            lines.append(row(title, f"`{path}` of `{place}`", where))
        yield "## Compared across the fleet"
        yield "A difference is told and fails nothing: [fleet.md](fleet.md#the-same-everywhere)."
        yield "\n".join(lines)


def _by_workstream(
    entries: Mapping[str, list[tuple[list[str], Criterion]]], profiles: list[Profile]
) -> Iterator[str]:
    for workstream, one in WORKSTREAMS.items():
        yield f"## {workstream}: {one.title}"
        for name, variants in entries.items():
            if variants[0][1].workstream == workstream:
                yield from _entry(name, variants, len(profiles))


def _entry(name: str, variants: list[tuple[list[str], Criterion]], profiles: int) -> Iterator[str]:
    yield f"### `{name}`"
    titles = list(dict.fromkeys(one.title for _, one in variants))
    yield (
        "; ".join(titles)
        + ". Judges "
        + ", or ".join(dict.fromkeys(_where(one) for _, one in variants))
        + "."
    )
    lines = [
        row("profile", "required", "expected", "applies", "source of the threshold"),
        "|---|---|---|---|---|",
    ]
    for names, one in variants:
        told = "all" if len(names) == profiles else ", ".join(names)
        lines.append(row(told, _required(one), _expected(one), _applies(one), one.source))
    yield "\n".join(lines)
    remediations: dict[str, list[str]] = {}
    for names, one in variants:
        remediations.setdefault(one.remediation.text, []).extend(names)
    for remediation, names in remediations.items():
        where = "" if len(remediations) == 1 else f" ({', '.join(names)})"
        yield f"Do{where}: {text(remediation)}."


def _where(one: Criterion) -> str:
    if one.every_figure:
        return "every figure of the `benchmark` document"
    if one.figure is not None:
        part = "" if one.path.text == "value" else f", `{one.path.text}`"
        return f"the figure `{one.figure}`{part}"
    return f"`{one.path.text}` of the `{one.document}` document"


def _required(one: Criterion) -> str:
    same = ", the same on most hosts" if getattr(one, "consistent", False) else ""
    return code(one.required) + same


def _expected(one: Criterion) -> str:
    return "" if one.warn is None else code(one.warn.text)


def _applies(one: Criterion) -> str:
    if one.when is None:
        return "always"
    optional = "" if one.optional else " (else it does not pass)"
    return f"where {code(f'{one.when.path.text} {one.when.require.text}')}{optional}"


def _example() -> str:
    """What the gate prints for a synthetic Spark with three findings."""
    import documents as made  # noqa: PLC0415 - a sibling whose name hides foundation.documents

    documents = made.spark("spark-02")
    made.change(documents["hardware_baseline"], "data.gpu.driver_version", "580.82.09")
    for key in ("loaded_version", "installed_version"):
        made.change(documents["hardware_baseline"], f"data.software.driver.{key}", "580.82.09")
    made.change(documents["hardware_baseline"], "data.software.docker.snap", True)
    made.with_memory(documents, 116 * made.GIB)
    waiver = Waiver(
        "spark-02", "docker_not_snap", "Until the image is replaced", made.later(30).date(), "OPS-7"
    )
    report = gate.evaluate(load_profiles("auto"), {"spark-02": documents}, [waiver], made.NOW)
    return (
        "An example, of the synthetic Spark that the tests judge (nothing measured it):\n\n"
        f"```text\n{terminal.render(report)}```"
    )


def modules_page() -> str:
    """Every Ansible module, as `ansible-doc` tells it."""
    names = sorted(path.stem for path in (PROJECT / "library").glob("*.py"))
    told = _ansible_doc(names)
    lines = [row("module", "what it does"), "|---|---|"]
    lines += [
        row(f"[{name}](#{name})", text(told[name]["doc"]["short_description"])) for name in names
    ]
    parts = [
        "# Modules",
        "The Ansible modules in `library/`. Playbooks use them; so can yours, in this folder, "
        "where `ansible.cfg` is. `ansible-doc -t module foundation_probe` shows the same.",
        "\n".join(lines),
        *(part for name in names for part in _module(told[name])),
    ]
    return document(parts, "library/*.py")


def _ansible_doc(names: list[str]) -> dict[str, Any]:
    finished = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-doc"),
            *("-t", "module", "-M", PROJECT / "library", "--json"),
            *names,
        ],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg")},
    )
    told: dict[str, Any] = json.loads(finished.stdout)
    return told


def _module(told: Mapping[str, Any]) -> Iterator[str]:
    doc = told["doc"]
    yield f"## {doc['module']}"
    yield text(doc["short_description"]) + "."
    yield "\n".join(f"- {text(line)}" for line in _list(doc["description"]))
    check = doc["attributes"]["check_mode"]
    yield f"Check mode: {check['support']}. {text(' '.join(_list(check['description'])))}"
    if doc.get("requirements"):
        yield "Needs: " + "; ".join(text(line) for line in doc["requirements"]) + "."
    if doc.get("options"):
        lines = [row("option", "type", "default", "meaning"), "|---|---|---|---|"]
        lines += [_option(name, option) for name, option in sorted(doc["options"].items())]
        yield "\n".join(lines)
    yield f"```yaml\n{told['examples'].strip()}\n```"
    if told.get("return"):
        lines = [row("returns", "type", "when", "what", "sample"), "|---|---|---|---|---|"]
        lines += [
            row(
                code(name), value["type"], text(value["returned"]),
                text(" ".join(_list(value["description"]))), code(json.dumps(value["sample"])),
            )
            for name, value in told["return"].items()
        ]  # fmt: skip
        yield "\n".join(lines)


def _option(name: str, option: Mapping[str, Any]) -> str:
    kind = option.get("type", "str")
    if option.get("elements"):
        kind += f" of {option['elements']}"
    if option.get("required"):
        default = "required"
    elif option.get("default") is None:
        default = ""
    else:
        value = option["default"]
        default = code(value if isinstance(value, str) else json.dumps(value))
    meaning = " ".join(text(line) for line in _list(option["description"]))
    if option.get("choices"):
        meaning += " One of " + ", ".join(code(choice) for choice in option["choices"]) + "."
    return row(code(name), kind, default, meaning)


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


PAGES = {
    "criteria": criteria_page,
    "modules": modules_page,
    "troubleshooting": symptoms.page,  # its blocks; the rest is by hand
    "validity": validity_page,
}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (PROJECT / f"docs/{name}.md").write_text(page())


if __name__ == "__main__":
    main()
