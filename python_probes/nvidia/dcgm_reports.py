"""What dcgmi prints, read: discovery, diagnostic, health and policy, of DCGM 3 and 4.

The shapes are those of DCGM's own sources (dcgmi/Diag.cpp, Health.cpp, Policy.cpp) and of the
captures in tests/fixtures/dcgm. Serial numbers stand in some of them and never leave here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_SYNONYMS = {"warning": "warn", "skipped": "skip", "not run": "skip", "not_run": "skip"}
# Of several GPUs the one that fared worst speaks for a test.
_WORST_FIRST = ("fail", "error", "warn", "skip", "pass")
_LONGEST_MESSAGE = 500
_MARK = re.compile(r"^<<<.*>>>$")  # DCGM's own word for no value, such as <<<NULL>>>
_HEALTH = ("healthy", "warning", "failure")


class DcgmError(Exception):
    """DCGM gave no usable answer; the message is one line."""


def discovery(text: str) -> list[dict[str, Any]]:
    """The GPUs that DCGM manages, from `dcgmi discovery -l`. Raises DcgmError where none is."""
    gpus: list[dict[str, Any]] = []
    if not re.search(r"(?m)^\d+ GPUs? found", text):
        raise DcgmError(f"dcgmi discovery: an answer without a count of GPUs: {_brief(text)}")
    # Switches, network adapters and CPUs have tables of their own behind that of the GPUs.
    table = re.split(r"(?m)^\d+ (?!GPU)\w+ found", text)[0]
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if line.startswith("|") and re.match(r"\|\s*\d+\s*\|", line):
            gpus.append({"index": int(cells[0]), "name": None, "uuid": None})
        name, _, value = cells[-1].partition(": ")
        if gpus and name in {"Name", "Device UUID"} and not _MARK.match(value):
            gpus[-1]["name" if name == "Name" else "uuid"] = value
    if not gpus:
        raise DcgmError("dcgmi discovery: DCGM manages none of the GPUs here")
    return gpus


def diagnostic(text: str) -> list[dict[str, Any]]:
    """Each test's outcome, from the JSON of `dcgmi diag -j`. Raises DcgmError where none ran."""
    answer = _object(text, "dcgmi diag")
    body = answer.get("DCGM Diagnostic") or answer.get("DCGM GPU Diagnostic")  # 4.x, 3.x
    body = body if isinstance(body, dict) else {}
    serials = set(_serials(answer))
    try:
        found = [
            _test(test, serials)
            for category in body.get("test_categories") or []
            for test in category.get("tests") or []
        ]
    except (AttributeError, TypeError):
        raise DcgmError(f"dcgmi diag: an answer of another form: {_brief(text)}") from None
    if not found:
        said = body.get("runtime_error") or answer.get("runtime_error") or text[: text.index("{")]
        raise DcgmError(f"dcgmi diag: no test ran: {_brief(str(said or 'no reason is given'))}")
    return found


def _test(test: dict[str, Any], serials: set[str]) -> dict[str, Any]:
    results = [*(test.get("results") or []), test.get("test_summary") or {}]
    outcomes = [_outcome(one["status"]) for one in results if "status" in one]
    worst = min(outcomes or ["error"], key=_WORST_FIRST.index)
    messages = dict.fromkeys(
        message
        for one in results
        if "status" not in one or _outcome(one["status"]) == worst
        for key in ("warnings", "info")
        for message in _messages(one.get(key))
    )
    text = "; ".join(messages) if worst != "pass" else ""
    for serial in serials:
        text = text.replace(serial, "[serial]")
    return {
        "name": str(test.get("name")),
        "outcome": worst,
        "message": text[:_LONGEST_MESSAGE] or None,
    }


def _outcome(status: object) -> str:
    """`error` for an unknown word."""
    word = str(status).strip().lower()
    outcome = _SYNONYMS.get(word, word)
    return outcome if outcome in _WORST_FIRST else "error"


def _messages(found: object) -> Iterator[str]:
    """Texts (3.x), lists of texts, or lists of objects that hold one (4.x)."""
    for one in found if isinstance(found, list) else [found]:
        text = one.get("warning") if isinstance(one, dict) else one
        if text:
            yield " ".join(str(text).split())


def _serials(value: object, name: str = "") -> Iterator[str]:
    """Every text below a key that speaks of serials."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _serials(below, f"{name} {key}".lower())
    elif isinstance(value, list):
        for below in value:
            yield from _serials(below, name)
    elif "serial" in name and value and not _MARK.match(str(value)):
        yield str(value)


def health(text: str) -> dict[str, Any]:
    """The health watches' verdict, from the JSON of `dcgmi health -c -j`. Raises DcgmError."""
    body = _body(text, "dcgmi health")
    overall = body.get("Overall Health", {}).get("value")
    if overall is None:
        raise DcgmError("dcgmi health: an answer without the overall health")
    incidents = [
        {
            "entity": f"{group} {number}",
            "system": system,
            "health": _health(incident.get("value")),
            "message": " ".join(map(str, incident.get("overflow") or [])) or None,
        }
        for group, entities in body.items()
        for number, entity in _children(entities).items()
        for system, incident in _children(_children(entity).get("Errors")).items()
        if isinstance(incident, dict)
    ]
    return {"overall": _health(overall), "incidents": incidents}


def _health(word: object) -> str:
    health = str(word).lower()
    return health if health in _HEALTH else "error"


def policy(text: str) -> dict[str, Any]:
    """The violation policy, from the JSON of `dcgmi policy --get -j`. Raises DcgmError."""
    body = _body(text, "dcgmi policy")
    conditions = body.get("Violation conditions", {})
    every = [conditions.get("value"), *(conditions.get("overflow") or [])]
    return {
        "violation_conditions": [one for one in every if one and one != "None"],
        **{
            name.lower().replace(" ", "_"): body.get(name, {}).get("value")
            for name in (
                "Isolation mode",
                "Action on violation",
                "Validation after action",
                "Validation failure action",
            )
        },
    }


def _children(node: object) -> dict[str, Any]:
    children = node.get("children") if isinstance(node, dict) else None
    return children if isinstance(children, dict) else {}


def _body(text: str, command: str) -> dict[str, Any]:
    body = _object(text, command).get("body")
    if not isinstance(body, dict) or not all(isinstance(one, dict) for one in body.values()):
        raise DcgmError(f"{command}: an answer of another form: {_brief(text)}")
    return body


def _object(text: str, command: str) -> dict[str, Any]:
    """The JSON object in a text; dcgmi puts lines before and behind it. Raises DcgmError."""
    try:
        answer, _ = json.JSONDecoder().raw_decode(text, text.index("{"))
    except ValueError:
        raise DcgmError(f"{command}: {_brief(text) or 'no answer'}") from None
    return dict(answer)


def _brief(text: str) -> str:
    return " ".join(text.split())[:200]
