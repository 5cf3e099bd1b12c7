"""What is known about one host: its documents, and what speaks against each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from ..core.errors import DocumentError, Json, shorten
from ..documents.store import COLLECTED_KINDS, HOST_KINDS, LIVE_STATE, Document, validate
from ..profiles.constraints import WrongTypeError, check
from ..profiles.criteria import Condition, Profile

_SECTION = re.compile(r"\bdata\.([a-z_]+)")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
# Words of JMESPath and of every path, which name no field.
_OVERHEAD = {"data", "length", "map", "max", "min", "sum", "unique", "null", "value"}
NO_ANSWER = "the host did not answer"
"""How the message of every criterion of an unreachable host begins."""
# No host name here, so that hosts with the same findings can be told together.
_AGAIN = "run ansible-playbook foundation.yml again for this host (--limit), then gate.yml"


@dataclass(frozen=True)
class Blocker:
    """Why a document answers nothing: an outcome (`missing` or `invalid`), its reason, the cure."""

    outcome: str
    message: str
    action: str


class Evidence:
    """The documents of one host.

    `readable` holds those that are valid by schema; `blockers` says what speaks against a
    document under a profile, and is filled by `apply`.
    """

    def __init__(self, host: str, given: Mapping[str, Document | DocumentError]) -> None:
        self.host = host
        self.readable: dict[str, Document] = {}
        self.blockers: dict[str, Blocker] = {}
        self._memo: tuple[Profile | None, dict[Any, Any]] = (None, {})
        for kind in HOST_KINDS:
            entry = given.get(kind)
            if entry is None:
                if kind in COLLECTED_KINDS:
                    message = f"there is no {kind} document"
                    self.blockers[kind] = Blocker("missing", message, _AGAIN)
                continue
            fault = _document_fault(entry, kind, host)
            if fault is None:
                self.readable[kind] = cast("Document", entry)
            else:
                self.blockers[kind] = Blocker("invalid", fault, _AGAIN)

    def memo(self, profile: Profile) -> dict[Any, Any]:
        """Where what was worked out under a profile is kept until the evidence changes."""
        if self._memo[0] is not profile:
            self._memo = (profile, {})
        return self._memo[1]

    def answer(self, condition: Condition) -> bool | Blocker | None:
        """Whether a condition holds; why that cannot be told; None where the value is not known."""
        if condition.document in self.blockers:
            return self.blockers[condition.document]
        value = condition.path.search(self.readable[condition.document])
        if value is None:
            return False if condition.require.operator == "is known" else None
        try:
            return check(condition.require, value)
        except WrongTypeError as error:
            return Blocker("invalid", str(error), _AGAIN)

    def applies(self, profile: Profile) -> bool:
        """Whether there is any evidence that a host is what a profile is for.

        Any is enough: a Spark whose GPU fell off the bus is a Spark still.
        """
        return not profile.applies_when or any(
            self.answer(condition) is True for condition in profile.applies_when
        )

    def apply(self, profile: Profile, now: datetime) -> None:
        """Block every document that is stale, or of another state than the host is in."""
        self._memo = (None, {})
        whole = self._host_blocker(profile, now)
        reference_kind = LIVE_STATE if LIVE_STATE in self.readable else COLLECTED_KINDS[0]
        reference = self.readable.get(reference_kind)
        for kind in COLLECTED_KINDS:
            if whole is not None:
                self.blockers[kind] = whole
                continue
            document = self.readable.get(kind)
            if document is None:
                continue
            message = _age_fault(document, profile, now)
            if message is None and reference is not None and reference is not document:
                message = _identity_fault(document, reference, reference_kind, profile)
            if message is not None:
                self.blockers[kind] = Blocker("invalid", f"{kind}: {message}", _AGAIN)

    def _host_blocker(self, profile: Profile, now: datetime) -> Blocker | None:
        """What speaks against the host as a whole."""
        if LIVE_STATE in self.blockers:
            fault = self.blockers[LIVE_STATE]
            return Blocker(fault.outcome, fault.message, "run ansible-playbook gate.yml again")
        live = self.readable.get(LIVE_STATE)
        if live is None:
            return None
        if not live["data"]["reachable"]:
            reason = live["data"]["reason"] or "no reason was recorded"
            return Blocker(
                "missing",
                f"{NO_ANSWER}: {reason}",
                "see to that, or to its power, network and SSH (ansible HOST -m "
                "ansible.builtin.ping shows more), then run ansible-playbook gate.yml again",
            )
        if live["data"]["reason"] is not None:
            return Blocker(
                "invalid",
                live["data"]["reason"],
                "see which machine answers under this name (ansible_host, DNS, the Python there), "
                "then run ansible-playbook gate.yml again",
            )
        age = _age_fault(live, profile, now)
        if age is None:
            return None
        return Blocker("invalid", f"{LIVE_STATE}: {age}", "run ansible-playbook gate.yml again")


def _document_fault(entry: object, kind: str, host: str) -> str | None:
    if isinstance(entry, DocumentError):
        return str(entry)
    if not isinstance(entry, dict):
        return f"{kind}: found {shorten(entry)}, not a JSON object"
    try:
        validate(entry, kind, host, kind)
    except DocumentError as error:
        return str(error)
    return None


def _age_fault(document: Document, profile: Profile, now: datetime) -> str | None:
    text = document["collected_at"]
    try:
        collected = datetime.fromisoformat(text)
    except ValueError:
        return f"collected_at {shorten(text)} is no time"
    days = profile.limits.get("maximum_age_days")
    minutes = profile.limits.get("maximum_clock_skew_minutes")
    if days is not None and now - collected > timedelta(days=days):
        return f"stale: collected {(now - collected).days} days ago, at most {days:g} are accepted"
    if minutes is not None and collected - now > timedelta(minutes=minutes):
        return f"collected in the future ({text}): set the host's or the controller's clock"
    return None


def _identity_fault(
    document: Document, reference: Document, reference_kind: str, profile: Profile
) -> str | None:
    """Null beside a value is a difference too: a GPU that is lost now was there then."""
    mine: Mapping[str, Any] = document["identity"]
    other: Mapping[str, Any] = reference["identity"]
    for key in profile.identity:
        if mine[key] != other[key]:
            return (
                f"another state of the host: {key} is {_identity(mine[key])}, "
                f"{reference_kind} has {_identity(other[key])}"
            )
    if profile.identity and all(mine[key] is None for key in profile.identity):
        return f"nothing ties it to the host: {', '.join(profile.identity)} are all unknown"
    return None


def _identity(value: Json) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return str(value)


def unread_reason(path: str, document: Document) -> str:
    """What the probes said about the value at a path: the best matching problem, or that none is.

    A problem's probe is named after the section it fills, and its text names the field.
    """
    section = next(iter(_SECTION.findall(path)), "")
    names = [name for name in _NAME.findall(path) if name not in {*_OVERHEAD, section}]
    best, best_score = None, 0
    for problem in document["problems"]:
        text = f"{problem['code']} {problem['message']}".lower().replace("_", " ")
        score = 2 * (bool(section) and problem["probe"].startswith(section))
        score += 3 * sum(name.replace("_", " ") in text for name in names)
        if score > best_score:
            best, best_score = problem, score
    if best is None:
        return "the probes gave no reason"
    return f"{best['probe']}: {best['message']} ({best['code']})"


def crashed(path: str, document: Document) -> bool:
    """Whether the whole section that a path leads to is absent, since its probe crashed."""
    section = next(iter(_SECTION.findall(path)), "")
    return document["data"].get(section, True) is None and any(
        (problem["probe"], problem["code"]) == (section, "crashed")
        for problem in document["problems"]
    )
