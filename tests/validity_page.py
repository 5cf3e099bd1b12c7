"""docs/validity.md: every rule, what it says of the fixtures that trip it, limits, remediation."""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from markup import code, document, row, text

from foundation.evaluation.criterion_result import figure_faults
from foundation.evaluation.evidence import Evidence
from foundation.evaluation.validity import RULES, Rule
from foundation.profiles.criteria import load_profiles

PROJECT = Path(__file__).parents[1]
_PROFILES = ("generic", "dgx_spark", "h100", "h200")
_MOST_EXAMPLES = 3


def validity_page() -> str:
    """Every rule of foundation/evaluation/validity/."""
    schema = json.loads((PROJECT / "foundation/documents/schemas/profile.json").read_text())
    limits = schema["properties"]["validity"]["properties"]
    lines = [row("rule", "what speaks against the figure"), "|---|---|"]
    lines += [row(f"[{rule.name}](#{rule.name})", _meaning(rule)) for rule in RULES]
    parts = [
        "# Validity rules",
        _INTRODUCTION,
        "\n".join(lines),
        *(part for rule in RULES for part in _rule(rule, limits)),
        "## Limits",
        "In `validity` of a [profile](../foundation/profiles/generic.yml). A rule whose limit a "
        "profile does not have is off there. By figure or by family, where a limit says so; what "
        "an extending profile does not set is that of the one before.",
        *_limit_table(limits),
    ]
    return document(
        parts, "foundation/evaluation/validity/, schemas/profile.json and profiles/*.yml"
    )


_INTRODUCTION = f"""A figure is right or it is `invalid`, with the reason. {len(RULES)} rules look
at every figure of a benchmark document when the gate judges; one that speaks against it is enough.
The outcome is `invalid` both in the criterion of the figure and in
[`figures_valid`](criteria.md#figures_valid), the message has the evidence with the rule's name in
brackets, and the last line says what to do. The messages below are what the rules say of fixtures
in `tests/unit/test_validity.py`, a synthetic Spark that was altered in one place, judged as
`dgx_spark`."""


def _rule(rule: Rule, limits: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {rule.name}"
    yield _meaning(rule)
    yield "\n".join(["```text", *_evidence(rule.name), "```"])
    used = [name for name in _limits(rule) if name in limits]
    if used:
        yield "Limits: " + ", ".join(f"`{name}`" for name in used) + "."
    yield f"Do: {text(rule.remediation.text)}."


def _meaning(rule: Rule) -> str:
    """The first paragraph of what the rule says of itself."""
    return text((inspect.getdoc(rule.evidence) or "").partition("\n\n")[0])


def _evidence(rule: str) -> list[str]:
    """What the rule says of its fixtures: a few different ones, from all over them."""
    # Beside the tests, since it is theirs.
    sys.path.append(str(PROJECT / "tests/unit"))
    import documents as made  # noqa: PLC0415
    from test_validity import PAIRS, SPARK  # noqa: PLC0415

    found: dict[str, None] = {}
    pairs = PAIRS[rule]
    for figure, trip, _ in pairs[:: max(1, len(pairs) // _MOST_EXAMPLES)][:_MOST_EXAMPLES]:
        documents = made.spark()
        trip(documents)
        evidence = Evidence(made.HOST, documents)
        evidence.apply(SPARK, made.NOW)
        broken = {fault.rule: fault for fault in figure_faults(figure, evidence, SPARK)}
        found[f"{figure}: {broken[rule].evidence} ({rule})"] = None
    return list(found)


def _limits(rule: Rule) -> list[str]:
    """The limits that a rule's function and the functions of its module below it ask for."""
    module = inspect.getmodule(rule.evidence)
    if module is None:
        raise ValueError(f"{rule.name}: no module")
    functions = _functions(module)
    pending, seen, names = [rule.evidence.__name__], set(), {}
    while pending:
        name = pending.pop(0)
        seen.add(name)
        for node in ast.walk(functions[name]):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called.endswith("run.once"):
                    called = ast.unparse(node.args[0])
                if called in functions and called not in seen:
                    pending.append(called)
            if (limit := _ASKED.fullmatch(ast.unparse(node))) is not None:
                names[limit[1]] = None
    return list(names)


_ASKED = re.compile(r"(?:one|run)\.limits(?:\.get\(|\[)'(\w+)'.*")


def _functions(module: ModuleType) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(inspect.getsource(module))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def _limit_table(limits: Mapping[str, Any]) -> Iterator[str]:
    profiles = {name: load_profiles(name)[0].limits for name in _PROFILES}
    for name, described in limits.items():
        lines = [f"### `{name}`", "", text(described["description"]), ""]
        told: dict[str, list[str]] = {}
        for profile, own in profiles.items():
            if name in own:
                told.setdefault(_value(own[name]), []).append(profile)
        lines += [
            f"- {'all profiles' if len(names) == len(profiles) else ', '.join(names)}: {value}"
            for value, names in told.items()
        ]
        yield "\n".join(lines)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"`{key}` {_flat(one)}" for key, one in value.items())
    return _flat(value)


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return (
            " and ".join(f"{key.replace('_', ' ')} {one}" for key, one in value.items()) or "none"
        )
    if value is None:
        return "none"
    if isinstance(value, list):
        return " or ".join(code(one) if isinstance(one, str) else str(one) for one in value)
    return json.dumps(value) if isinstance(value, bool) else str(value)
