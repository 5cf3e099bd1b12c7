"""What is known about one host: its documents, and what speaks against each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ..core.errors import DocumentError, Json, shorten
from ..documents.schema_registry import newer_note, version
from ..documents.store import COLLECTED_KINDS, HOST_KINDS, LIVE_STATE, Document, validate
from ..profiles.constraints import WrongTypeError, check
from ..profiles.criteria import Condition, Profile
from ..profiles.remediation import GATE, Remediation, collect
from .validity import Run

_SECTION = re.compile(r"\bdata\.([a-z_]+)")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
# Words of JMESPath and of every path, which name no field.
_OVERHEAD = {"data", "length", "map", "max", "min", "sum", "unique", "null", "value"}
# No host name here, so that hosts with the same findings can be shown together.
_AGAIN = "run ansible-playbook foundation.yml again for this host (--limit), then gate.yml"
_GATE_AGAIN = Remediation("run ansible-playbook gate.yml again", GATE)
_SEE_ACCESS = Remediation(
    "see to that, or to its power, network and SSH (ansible HOST -m ansible.builtin.ping shows "
    "more), then run ansible-playbook gate.yml again",
    GATE,
)
_SEE_NAME = Remediation(
    "see which machine answers under this name (ansible_host, DNS, the Python there), then run "
    "ansible-playbook gate.yml again",
    GATE,
)

Cause = Mapping[str, str]
"""Why there is no figure to trust or no value at all; schemas/gate_report.json has the forms."""
UNREACHABLE: Cause = {"document": LIVE_STATE, "code": "unreachable"}


@dataclass(frozen=True)
class Blocker:
    """Why a document answers nothing; `outcome` is `missing` or `invalid`."""

    outcome: str
    cause: Cause
    message: str
    remediation: Remediation


def _blocker(outcome: str, kind: str, code: str, message: str) -> Blocker:
    """A document that has to be collected anew."""
    cause = {"document": kind, "code": code}
    return Blocker(outcome, cause, message, Remediation(_AGAIN, collect(kind)))


class Evidence:
    """The documents of one host.

    `readable` holds those that are valid by schema; `notes` names those of a later version, of
    which only a part is known here; `blockers` says what speaks against a document under a
    profile, and is filled by `apply`.
    """

    def __init__(self, host: str, given: Mapping[str, Document | DocumentError]) -> None:
        self.host = host
        self.readable: dict[str, Document] = {}
        self.notes: list[str] = []
        self.blockers: dict[str, Blocker] = {}
        self._run: tuple[Profile, Run] | None = None
        for kind in HOST_KINDS:
            entry = given.get(kind)
            if entry is None:
                if kind in COLLECTED_KINDS:
                    message = f"there is no {kind} document"
                    self.blockers[kind] = _blocker("missing", kind, "missing", message)
                continue
            try:
                document = _valid(entry, kind, host)
            except DocumentError as error:
                self.blockers[kind] = _blocker("invalid", kind, "invalid", str(error))
                continue
            self.readable[kind] = document
            if (note := newer_note(kind, document)) is not None:
                self.notes.append(f"{host}: {note}")

    def run(self, profile: Profile) -> Run:
        """The benchmark run, whose document must be readable, under a profile."""
        if self._run is None or self._run[0] is not profile:
            document = self.readable["benchmark"]
            hardware, environment = self._data("hardware_baseline"), self._data("environment")
            run = Run(document["data"], environment, hardware, profile, document["collected_at"])
            self._run = profile, run
        return self._run[1]

    def _data(self, kind: str) -> Mapping[str, Any]:
        """What a document says; nothing where it is absent or of another state of the host."""
        return {} if kind in self.blockers else self.readable[kind]["data"]

    def answer(self, condition: Condition) -> bool | Blocker | None:
        """Whether a condition holds; why there is no answer; None where the value is not known."""
        if condition.document in self.blockers:
            return self.blockers[condition.document]
        value = condition.path.search(self.readable[condition.document])
        if value is None:
            return False if condition.require.operator == "is known" else None
        try:
            return check(condition.require, value)
        except WrongTypeError as error:
            return _blocker("invalid", condition.document, "wrong_type", str(error))

    def applies(self, profile: Profile) -> bool:
        """Whether there is any evidence that a host is what a profile is for.

        Any is enough: a Spark whose GPU fell off the bus is a Spark still.
        """
        return not profile.applies_when or any(
            self.answer(condition) is True for condition in profile.applies_when
        )

    def select_profile(self, profiles: Sequence[Profile]) -> Profile:
        """The first profile that applies to the host, else the last."""
        return next((one for one in profiles if self.applies(one)), profiles[-1])

    def apply(self, profile: Profile, now: datetime) -> None:
        """Block every document that is stale, or of another state than the host is in."""
        self._run = None
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
            fault = _age_fault(document, profile, now)
            if fault is None and reference is not None and reference is not document:
                fault = _identity_fault(document, reference, reference_kind, profile)
            if fault is not None:
                code, message = fault
                self.blockers[kind] = _blocker("invalid", kind, code, f"{kind}: {message}")

    def _host_blocker(self, profile: Profile, now: datetime) -> Blocker | None:
        """What speaks against the host as a whole."""
        if LIVE_STATE in self.blockers:
            return replace(self.blockers[LIVE_STATE], remediation=_GATE_AGAIN)
        live = self.readable.get(LIVE_STATE)
        if live is None:
            return None
        reason = live["data"]["reason"]
        if not live["data"]["reachable"]:
            message = f"the host did not answer: {reason or 'no reason was recorded'}"
            return Blocker("missing", UNREACHABLE, message, _SEE_ACCESS)
        if reason is not None:
            cause = {"document": LIVE_STATE, "code": "other_machine"}
            return Blocker("invalid", cause, reason, _SEE_NAME)
        fault = _age_fault(live, profile, now)
        if fault is None:
            return None
        code, message = fault
        cause = {"document": LIVE_STATE, "code": code}
        return Blocker("invalid", cause, f"{LIVE_STATE}: {message}", _GATE_AGAIN)


def _valid(entry: Document | DocumentError, kind: str, host: str) -> Document:
    """What is known of a document. Raises DocumentError where it cannot be used."""
    if isinstance(entry, DocumentError):
        raise DocumentError(str(entry))  # the one that is given stays free of these frames
    if not isinstance(entry, dict):
        raise DocumentError(f"{kind}: found {shorten(entry)}, not a JSON object")
    return validate(entry, kind, host, kind)


def _age_fault(document: Document, profile: Profile, now: datetime) -> tuple[str, str] | None:
    """The code and message of what speaks against a document's time."""
    text = document["collected_at"]
    try:
        collected = datetime.fromisoformat(text)
    except ValueError:
        return "invalid", f"collected_at {shorten(text)} is not a time"
    days = profile.limits.get("maximum_age_days")
    minutes = profile.limits.get("maximum_clock_skew_minutes")
    if days is not None and now - collected > timedelta(days=days):
        age = (now - collected).days
        return "stale", f"stale: collected {age} days ago, at most {days:g} are accepted"
    if minutes is not None and collected - now > timedelta(minutes=minutes):
        return (
            "in_future",
            f"collected in the future ({text}): set the host's or the controller's clock",
        )
    return None


def _identity_fault(
    document: Document, reference: Document, reference_kind: str, profile: Profile
) -> tuple[str, str] | None:
    """Null beside a value is a difference too: a GPU that is lost now was there then."""
    mine: Mapping[str, Any] = document["identity"]
    other: Mapping[str, Any] = reference["identity"]
    for key in profile.identity:
        if mine[key] != other[key]:
            return (
                "other_state",
                f"another state of the host: {key} is {_identity(mine[key])}, "
                f"{reference_kind} has {_identity(other[key])}",
            )
    if profile.identity and all(mine[key] is None for key in profile.identity):
        names = ", ".join(profile.identity)
        return "unidentified", f"nothing ties it to the host: {names} are all unknown"
    return None


def _identity(value: Json) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return str(value)


def unread_problem(path: str, document: Document) -> Mapping[str, str] | None:
    """The problem of a document that fits the value at a path best; None where none does.

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
    return best


def unread_reason(path: str, document: Document) -> str:
    """Why the value at a path was not read, for people."""
    problem, own = unread_problem(path, document), version(document["kind"])
    if problem is not None:
        return f"{problem['probe']}: {problem['message']} ({problem['code']})"
    if (found := document["schema_version"]) != own:
        return f"the document is of version {found} (now {own}), which may not have it"
    return "the probes gave no reason"


def crashed(path: str, document: Document) -> bool:
    """Whether the whole section that a path leads to is absent, since its probe crashed."""
    section = next(iter(_SECTION.findall(path)), "")
    return document["data"].get(section, True) is None and any(
        (problem["probe"], problem["code"]) == (section, "crashed")
        for problem in document["problems"]
    )
