"""Is a measured figure to be trusted? The controller decides, with limits that are data.

Each rule looks at one figure and says what speaks against it, or nothing. Limits are in the
profile's `validity` (units and meaning: schemas/profile.json); without its limit a rule is off.
To add a rule: a function in the module for what it looks at, an entry in RULES, a limit in the
schema, a pair of fixtures in tests/unit/test_validity.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from ...documents.figure_labels import GPU, STORAGE
from ...profiles.criteria import Profile
from ...profiles.remediation import Remediation, collect
from . import gpu_rules, host_rules, relation_rules, sample_rules
from .measurement import Fault, Measurement, Rule, Run, limits_and_component

__all__ = ["RULES", "Fault", "Rule", "Run", "faults", "limits_and_component"]


def faults(run: Run, name: str, unit: str = "") -> list[Fault]:
    """Every rule that a figure of a run breaks, in the order of RULES.

    `unit` is what its value is judged in, empty where the value is not looked at.
    """
    # The unit is looked at by one rule, which the figure's own meets as an empty one does.
    place = (name, "" if unit == run.benchmark["figures"][name]["unit"] else unit)
    if place not in run.faults:
        claimed = run.benchmark["figures"][name].get("component")
        limits, component, rules = _plan(run.profile, name, claimed)
        run.faults[place] = _broken(Measurement(name, run, component, limits, place[1]), rules)
    return run.faults[place]


@lru_cache(maxsize=4096)  # a fleet has the same few figures again and again
def _plan(
    profile: Profile, name: str, claimed: str | None
) -> tuple[Mapping[str, Any], str | None, tuple[Rule, ...]]:
    """The limits and the component of a figure that claims one, and the rules that concern it."""
    limits, component = limits_and_component(profile, name, {"component": claimed})
    return limits, component, tuple(rule for rule in RULES if rule.concerns(component, limits))


def _broken(one: Measurement, rules: tuple[Rule, ...]) -> list[Fault]:
    found = []
    for rule in rules:
        evidence = rule.evidence(one)
        if evidence is not None:
            found.append(Fault(rule.name, evidence, rule.remediation))
            if rule.name == "number":
                break  # the others would calculate with it
    return found


def _rule(
    name: str,
    evidence: Callable[[Measurement], str | None],
    text: str,
    *,
    again: str | None = "benchmark",
    component: str | None = None,
    needs: str | None = None,
) -> Rule:
    """A rule; after what the text says, the document `again` is collected anew."""
    return Rule(name, evidence, Remediation(text, collect(again)), component, needs)


RULES: tuple[Rule, ...] = (
    _rule("number", sample_rules.number, "The figure is damaged: measure again"),
    _rule(
        "unit",
        sample_rules.unit,
        "Measure with the benchmark of this version, or correct the profile's unit",
    ),
    _rule("inconsistent", sample_rules.inconsistent, "The figure was altered: measure again"),
    _rule(
        "wrong_device",
        gpu_rules.wrong_device,
        "Collect everything again with the host's GPU in place",
        again=None,
    ),
    _rule(
        "memory_size",
        gpu_rules.memory_size,
        "Compare nvidia-smi and grep MemTotal /proc/meminfo with what torch sees; restart the "
        "host if a GPU is lost, then collect everything again",
        again=None,
        component=GPU,
        needs="maximum_memory_size_difference",
    ),
    _rule(
        "wrong_build",
        gpu_rules.wrong_build,
        "Install the locked torch build in the probe runtime (role probe_runtime), then measure "
        "again",
        again=None,
        component=GPU,
    ),
    _rule(
        "power_wedge",
        gpu_rules.power_wedge,
        "Shut down, unplug the power brick for 60 s and start again (a reboot does not clear it), "
        "then measure again",
        again=None,
        component=GPU,
        needs="power_wedge",
    ),
    _rule(
        "throttled",
        gpu_rules.throttled,
        "Cool the host: free its vents, check the power supply, let it idle; then measure again",
        component=GPU,
    ),
    _rule(
        "busy",
        host_rules.busy,
        "Stop what else runs there (nvidia-smi, uptime, free -h; swapoff -a && swapon -a empties "
        "the swap), wait for it to end, then measure again",
    ),
    _rule(
        "untraced",
        gpu_rules.untraced,
        "Make NVML readable to the probe runtime (nvidia-smi must answer), then measure again",
        component=GPU,
        needs="minimum_trace_samples",
    ),
    _rule(
        "too_short",
        sample_rules.too_short,
        "Measure longer: again with a longer benchmark_timeout or on an idle host",
    ),
    _rule(
        "spread",
        sample_rules.spread,
        "Stop what disturbs the host and measure again",
        needs="maximum_spread",
    ),
    _rule(
        "identical",
        sample_rules.identical,
        "The figure was not measured: measure again",
        needs="minimum_identical_samples",
    ),
    _rule(
        "specification",
        sample_rules.specification,
        "The figure was not measured: measure again",
        needs="specification",
    ),
    _rule(
        "clock",
        sample_rules.clock,
        "Let the clock settle (timedatectl status, chronyc tracking), then measure again",
    ),
    _rule(
        "page_cache",
        host_rules.page_cache,
        "Give benchmark_directory a disk with direct I/O (not tmpfs, overlay or a network mount), "
        "then measure again",
        component=STORAGE,
    ),
    _rule(
        "latency",
        sample_rules.latency,
        "Check the disk (nvme smart-log, dmesg) and that fio is the distribution's, then measure "
        "again",
    ),
    _rule(
        "implausible",
        relation_rules.implausible,
        "Do not use this figure: check the torch build and how it was measured, then measure again",
    ),
)
