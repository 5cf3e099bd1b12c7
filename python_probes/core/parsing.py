"""Small readers for the text that kernels and commands print; none of them raises."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable


def integer(text: object, base: int = 10) -> int | None:
    """The whole number that `text` holds (an integer passes through), or None."""
    if isinstance(text, bool) or text is None:
        return None
    if isinstance(text, int):
        return text
    try:
        return int(str(text).strip(), base)
    except ValueError:
        return None


def first_match(pattern: str, text: str | None) -> str | None:
    """The first group of the first match of `pattern`, line by line, or None."""
    found = re.search(pattern, text or "", re.MULTILINE)
    return found.group(1) if found else None


def version_numbers(version: str | None) -> tuple[int, ...]:
    """All numbers in a version, for comparisons; none for an unknown one, which sorts first."""
    return tuple(int(part) for part in re.findall(r"\d+", version or ""))


def assignments(text: str | None) -> list[tuple[str, str]]:
    """The KEY=VALUE lines of a shell-like file, in order, without quotes or comments."""
    pairs = []
    for line in (text or "").splitlines():
        key, separator, value = line.strip().partition("=")
        if not separator or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
            continue
        try:
            words = shlex.split(value)
        except ValueError:  # an opening quote that a truncated file never closes
            words = [value.strip("\"'")]
        pairs.append((key, " ".join(words)))
    return pairs


def colon_fields(text: str | None) -> dict[str, str]:
    """The `Label: value` lines of a command's output; the first line of a label counts."""
    fields: dict[str, str] = {}
    for line in (text or "").splitlines():
        label, separator, value = line.partition(":")
        if separator:
            fields.setdefault(label.strip(), value.strip())
    return fields


def cpu_list(cpus: Iterable[int]) -> str:
    """Numbers as the kernel writes CPU lists: 0-4,10-14."""
    ranges: list[list[int]] = []
    for cpu in sorted(set(cpus)):
        if ranges and cpu == ranges[-1][1] + 1:
            ranges[-1][1] = cpu
        else:
            ranges.append([cpu, cpu])
    return ",".join(f"{low}-{high}" if high > low else f"{low}" for low, high in ranges)


def expand_cpu_list(text: str | None) -> list[int]:
    """The numbers of a kernel CPU list; parts that are none are left out."""
    cpus: list[int] = []
    for part in (text or "").split(","):
        found = re.fullmatch(r"\s*(\d{1,5})(?:-(\d{1,5}))?\s*", part)
        if found:
            cpus.extend(range(int(found[1]), int(found[2] or found[1]) + 1))
    return cpus
