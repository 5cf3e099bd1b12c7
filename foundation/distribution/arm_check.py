"""Does every locked package have a wheel for arm64? Asked of the package index, nothing downloaded.

uv answers, from the index's lists of files: pip's `--dry-run` would download what it resolves.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from ..core.errors import FoundationError, one_line
from ..documents.schema_registry import version

BLOCKER = "arm_compatibility"
WORKAROUND = (
    "move it, with the hash of its source archive, from the lock to repro/requirements-source.txt: "
    "the image's build compiles what is listed there"
)
# Of the image's base, Debian 12: wheels for this glibc and older ones.
_PLATFORM = "aarch64-manylinux_2_36"
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
# "Because NAME==VERSION has no wheels with a matching platform tag (...) and you require ..."
_NO_WHEEL = re.compile(r"Because \S+ (.+?) and you require")
_NO_SOLUTION, _SECONDS = 1, 300.0


class ArmCheckError(FoundationError):
    """The check could not be made; the message says why."""


@dataclass(frozen=True)
class Pin:
    """One line of a lock."""

    name: str
    version: str
    hashes: frozenset[str]

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


@dataclass(frozen=True)
class Blocker:
    """A package that keeps the lock from being installed on arm64."""

    package: str
    version: str
    reason: str
    blocker: str = BLOCKER
    workaround: str = WORKAROUND


def read_lock(path: Path) -> list[Pin]:
    """The pins of a requirements file. Raises ArmCheckError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ArmCheckError(f"{path}: {reason}; name a requirements file") from error
    pins = []
    for line in text.replace("\\\n", " ").splitlines():
        words = line.strip()
        if not words or words.startswith("#"):
            continue
        matched = _PIN.match(words)
        if matched is None:
            raise ArmCheckError(f"{path}: {one_line(words, 80)}: no exact version (name==version)")
        pins.append(Pin(matched[1], matched[2], frozenset(_HASH.findall(words))))
    if not pins:
        raise ArmCheckError(f"{path}: no package in it: there is nothing to check")
    return pins


def check(pins: Sequence[Pin], python: str) -> list[Blocker]:
    """What keeps the pins from being installed on arm64 under Python `python` ("3.12").

    Raises ArmCheckError where the index gives no answer.
    """
    answer = _resolve(pins, python)
    if not isinstance(answer, str):
        return _unlocked(pins, answer)
    blockers = []
    for pin in pins:  # one by one, to name every package and not the first
        answer = _resolve([pin], python)
        if isinstance(answer, str):
            blockers.append(Blocker(pin.name, pin.version, answer))
        else:
            blockers += _unlocked([pin], answer)
    return blockers


def report(
    lock: Path, python: str, pins: Sequence[Pin], blockers: Sequence[Blocker]
) -> dict[str, Any]:
    """What `foundation arm-check --json` writes."""
    return {
        "schema_version": version("arm_check"),
        "kind": "arm_check",
        "requirements": lock.name,
        "python": python,
        "checked": len(pins),
        "blockers": [asdict(blocker) for blocker in blockers],
    }


def _unlocked(pins: Sequence[Pin], answer: Mapping[str, Collection[str]]) -> list[Blocker]:
    """The packages whose wheel the index has, but not with a hash of the lock."""
    return [
        Blocker(pin.name, pin.version, "the lock has no hash of the index's wheel for aarch64")
        for pin in pins
        if pin.hashes and pin.hashes.isdisjoint(answer.get(canonicalize_name(pin.name), ()))
    ]


def _resolve(pins: Sequence[Pin], python: str) -> dict[str, set[str]] | str:
    """By package, the SHA-256 of its wheels for arm64; where one has none, uv's words about it."""
    command = [
        _uv(), "pip", "compile", "--quiet", "--no-deps", "--no-build", "--no-header",
        "--format", "pylock.toml", "--python-version", python, "--python-platform", _PLATFORM, "-",
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command,
            input="".join(f"{pin}\n" for pin in pins),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "NO_COLOR": "1"},
        )
    except subprocess.TimeoutExpired as error:
        raise ArmCheckError(f"uv gave no answer in {_SECONDS:g} s; try again") from error
    if done.returncode == 0:
        return {
            canonicalize_name(package["name"]): {
                wheel["hashes"]["sha256"] for wheel in package["wheels"]
            }
            for package in tomllib.loads(done.stdout)["packages"]
        }
    reason = one_line(done.stderr, 300)
    if done.returncode == _NO_SOLUTION:
        found = _NO_WHEEL.search(reason)
        return found[1] if found else reason
    raise ArmCheckError(f"uv could not ask the package index: {reason}")


def _uv() -> str:
    """uv's path: beside this Python, or on PATH. Raises ArmCheckError."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise ArmCheckError("uv is not installed; install it (pip install uv)")
    return found
