"""What rustc accepts: asked of the rustc on PATH, else looked up in what one answered.

`rustc_captured.json` holds what rustc printed once; `python tests/capture_rustc.py` prints it anew
with the rustc on PATH. rustc needs no standard library of a target to answer.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from ..core.errors import FoundationError, one_line

_SECONDS = 30.0
_FEATURE = re.compile(r'^target_feature="([^"]+)"$', re.MULTILINE)
_LISTED_CPU = re.compile(r"^ {4}(\S+)", re.MULTILINE)
# Since 1.74 in the first form, before in the second.
_REFUSED = re.compile(r"`-C ?target-feature`: `([^`]+)`|unknown feature `?([\w.-]+)")


class ToolchainError(FoundationError):
    """rustc cannot be asked."""


class Rustc:
    """The rustc on PATH. Raises ToolchainError where there is none that answers."""

    how = "rustc"

    def __init__(self) -> None:
        self._ask = cache(_rustc)  # hosts with the same CPU have the same questions
        lines = self._ask("-vV")[0].splitlines()
        answers = dict(line.split(": ", 1) for line in lines if ": " in line)
        try:
            self.version, self.llvm = answers["release"], answers["LLVM version"]
        except KeyError as error:
            raise ToolchainError(f"rustc -vV does not name its {error}") from error

    def features(self, triple: str, cpu: str) -> frozenset[str] | None:
        """The features that a `target-cpu` enables; None where the CPU is not known."""
        # Old ones print the list to stderr.
        listed = "\n".join(self._ask("--print", "target-cpus", "--target", triple))
        if cpu not in _LISTED_CPU.findall(listed):
            return None
        output, _ = self._ask("--print", "cfg", "--target", triple, "-C", f"target-cpu={cpu}")
        return frozenset(_FEATURE.findall(output))

    def refused(self, triple: str, cpu: str, features: Sequence[str]) -> list[str]:
        """Which of some features (`+aes`, `-mte`) a stable rustc does not take with this CPU."""
        if not features:
            return []
        _, warnings = self._ask(
            *("--print", "cfg", "--target", triple, "-C", f"target-cpu={cpu}"),
            *("-C", f"target-feature={','.join(features)}"),
        )
        names = {new or old for new, old in _REFUSED.findall(warnings)}
        refused = [one for one in features if one[1:] in names]
        if warnings.strip() and not refused:
            raise ToolchainError(f"rustc warns of the flags: {one_line(warnings)}")
        return refused


class Captured:
    """What a rustc answered when `rustc_captured.json` was made; methods as those of Rustc."""

    how = "captured list"

    def __init__(self) -> None:
        content = _captured()
        self.version: str = content["rustc"]
        self.llvm: str = content["llvm"]
        self._targets: Mapping[str, Any] = content["targets"]

    def features(self, triple: str, cpu: str) -> frozenset[str] | None:
        """The features that a `target-cpu` enables; None where the CPU is not known."""
        known = self._targets[triple]["cpus"].get(cpu)
        return None if known is None else frozenset(known.split())

    def refused(self, triple: str, cpu: str, features: Sequence[str]) -> list[str]:
        """Which of some features (`+aes`, `-mte`) a stable rustc does not take."""
        stable = self._targets[triple]["stable_features"].split()
        return [one for one in features if one[1:] not in stable]


Toolchain = Rustc | Captured
"""Something that knows what rustc accepts for a target."""


def find() -> Toolchain:
    """The rustc on PATH, or what one answered where there is none that answers."""
    try:
        return Rustc()
    except ToolchainError:
        return Captured()


def stable(triple: str) -> frozenset[str]:
    """The features of a target that the captured rustc took as stable ones.

    Not every rustc warns of the others before it compiles: 1.85 does not.
    """
    return frozenset(_captured()["targets"][triple]["stable_features"].split())


def known_cpus(triple: str) -> Iterable[str]:
    """The CPUs that this project may name, whose features are captured."""
    cpus: Mapping[str, str] = _captured()["targets"][triple]["cpus"]
    return cpus.keys()


def _rustc(*arguments: str) -> tuple[str, str]:
    """What rustc says on stdout and stderr. Raises ToolchainError."""
    try:
        done = subprocess.run(
            ["rustc", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except OSError as error:
        raise ToolchainError(f"rustc: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise ToolchainError(f"rustc did not answer within {_SECONDS:g} s") from error
    out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    if done.returncode:
        raise ToolchainError(f"rustc ended with status {done.returncode}: {one_line(err)}")
    return out, err


@cache
def _captured() -> Mapping[str, Any]:
    text = (resources.files(__package__) / "rustc_captured.json").read_text(encoding="utf-8")
    content: Mapping[str, Any] = json.loads(text)
    return content
