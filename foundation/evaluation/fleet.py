"""What shows only when hosts are seen beside each other. Pure.

Two names for one machine, figures that one host has from another, hosts that differ from the
others in what they run, and figures far from those of the others. Boris Iglewicz and David
Hoaglin, "How to Detect and Handle Outliers" (ASQC 1993), give the modified z-score and its 3.5.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..profiles.remediation import Remediation, collect
from .criterion_result import FAIL, INVALID, PASS, Entry, revised
from .host_result import EVERY_FIGURE, HostResult

NO_MAJORITY = "no majority"
_FEWEST_FOR_MAJORITY = 3
_FEWEST_FOR_OUTLIERS = 5
_SCORE = 3.5
_CONSISTENCY = 0.6745  # the median absolute deviation of normal values, in standard deviations
_ONE_NAME = Remediation(
    "Keep one name for the machine: remove the other from the inventory and its folder from the "
    "stored documents; where these are two machines, give the clone its own identity. Then collect "
    "everything again",
    collect(),
)
_COPIED = Remediation(
    "Find out where the documents of these hosts come from, then measure each of them again",
    collect("benchmark"),
)
_NAMES = 5  # so many hosts are named in a line
_MANY_NAMES = 20


def named(hosts: Collection[str], most: int = _MANY_NAMES) -> str:
    """The names of some hosts on a line; of many, the first and how many more there are."""
    names = sorted(hosts)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def without_twins(results: Sequence[HostResult]) -> list[HostResult]:
    """The same, with hosts that are one machine under several names made invalid."""
    owners: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for one in results:
        for mark in one.machine:
            owners[mark].add(one.host)
    return [_twin(one, owners) for one in results]


def _twin(one: HostResult, owners: Mapping[tuple[str, str], set[str]]) -> HostResult:
    shared = [mark for mark in sorted(one.machine) if len(owners[mark]) > 1]
    if not shared:
        return one
    kinds = " and ".join(dict.fromkeys(kind for kind, _ in shared))
    others = set().union(*(owners[mark] for mark in shared)) - {one.host}
    message = f"the same {kinds} answers as {named(others, _NAMES)} too: one machine, two names"
    cause = {"fleet": "one_machine"}
    changes = {
        index: revised(entry, one.host, INVALID, message, cause, remediation=_ONE_NAME)
        for index, entry in enumerate(one.entries)
    }
    return one.changed(changes)


def without_copies(results: Sequence[HostResult]) -> list[HostResult]:
    """The same, with figures made invalid whose very samples another host has too."""
    owners: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    for one in results:
        for mark in one.samples.items():
            owners[mark].add(one.host)
    return [_without_copies(one, owners) for one in results]


def _without_copies(one: HostResult, owners: Mapping[tuple[str, int], set[str]]) -> HostResult:
    copied = {mark[0]: others for mark in one.samples.items() if len(others := owners[mark]) > 1}
    if not copied:
        return one
    hosts = named(set().union(*copied.values()) - {one.host}, _NAMES)
    message = f"{named(copied, _NAMES)}: not to be trusted: the very samples of {hosts} (copied)"
    changes = {
        index: revised(
            one.entries[index],
            one.host,
            INVALID,
            message,
            {"rule": "copied"},
            remediation=_COPIED,
            figures=sorted(copied) if figure == EVERY_FIGURE else [figure],
        )
        for index, figure in enumerate(one.judges)
        if figure in copied or figure == EVERY_FIGURE
    }
    untrusted = {name: {**one.figures[name], "trusted": False} for name in copied}
    return replace(one.changed(changes), figures={**one.figures, **untrusted})


def differences(results: Sequence[HostResult]) -> list[dict[str, Any]]:
    """The `fleet.differences` of the report: facts in which hosts with one profile differ."""
    values: defaultdict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    for one in results:
        for identifier, title, value in one.facts:
            values[(one.profile, identifier, title)][one.host] = value
    return [
        _difference(identifier, title, by_host)
        for (_, identifier, title), by_host in values.items()
        if len(set(by_host.values())) > 1
    ]


def _difference(identifier: str, title: str, by_host: Mapping[str, str]) -> dict[str, Any]:
    value, count = Counter(by_host.values()).most_common(1)[0]
    if len(by_host) < _FEWEST_FOR_MAJORITY or 2 * count <= len(by_host):
        value, count = NO_MAJORITY, 0
    hosts = {host: own for host, own in by_host.items() if own != value or not count}
    return {
        "id": identifier,
        "title": title,
        "majority": value,
        "majority_hosts": count,
        "hosts": dict(sorted(hosts.items())),
    }


def held_to_the_majority(
    results: Sequence[HostResult], found: Sequence[Mapping[str, Any]]
) -> list[HostResult]:
    """The same, with a failure where a criterion that must be consistent is not.

    Without a majority it is not known which host is wrong, so that fails none.
    """
    wrong: defaultdict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for difference in found:
        for host in difference["hosts"] if difference["majority_hosts"] else ():
            wrong[(host, difference["id"])].append(difference)
    return [
        one.changed(dict(_inconsistent(one, wrong))) if one.consistent else one for one in results
    ]


def _inconsistent(
    one: HostResult, wrong: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]
) -> Iterator[tuple[int, Entry]]:
    for index, entry in enumerate(one.entries):
        if entry["id"] not in one.consistent or entry["outcome"] != PASS:
            continue
        for difference in wrong.get((one.host, entry["id"]), ()):
            count, majority = difference["majority_hosts"], difference["majority"]
            message = (
                f"{entry['measured']} was measured, but {count} hosts of this profile have "
                f"{majority}"
            )
            required = f"{entry['required']}, as most hosts: {majority}"
            yield (
                index,
                revised(
                    entry,
                    one.host,
                    FAIL,
                    message,
                    {"fleet": "differs"},
                    remediation=one.consistent[entry["id"]],
                    required=required,
                    counts={"majority_hosts": count},
                ),
            )


def outliers(results: Sequence[HostResult]) -> list[dict[str, Any]]:
    """The `fleet.outliers` of the report, among hosts that measure the same on the same device."""
    alike: defaultdict[tuple[Any, ...], dict[str, tuple[float, float]]] = defaultdict(dict)
    for one in results:
        for name, figure in one.figures.items():
            if figure["trusted"]:
                place = (name, figure["unit"], *one.alike)
                alike[place][one.host] = (figure["value"], one.spreads[name] or 0.0)
    found = (_outliers(place[0], place[1], values) for place, values in alike.items())
    return [entry for entry in found if entry is not None]


def _outliers(
    figure: str, unit: str, by_host: Mapping[str, tuple[float, float]]
) -> dict[str, Any] | None:
    if len(by_host) < _FEWEST_FOR_OUTLIERS:
        return None
    values = [value for value, _ in by_host.values()]
    median = statistics.median(values)
    deviation = statistics.median(abs(value - median) for value in values)
    # A spread is the interquartile range over the median, and a median absolute deviation half
    # of an interquartile range. Hosts cannot agree better than the runs of one with themselves.
    noise = statistics.median(spread for _, spread in by_host.values()) * abs(median) / 2
    limit = _SCORE * max(deviation, noise) / _CONSISTENCY
    far = {host: value for host, (value, _) in by_host.items() if abs(value - median) > limit}
    if not far or not limit > 0:
        return None
    return {
        "figure": figure,
        "unit": unit,
        "median": median,
        "limit": limit,
        "hosts": dict(sorted(far.items())),
    }
