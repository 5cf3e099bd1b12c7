"""Is a measured figure to be trusted? The controller decides, with limits that are data.

Each rule looks at one figure and says what speaks against it, or nothing. Limits are in the
profile's `validity` (units and meaning: schemas/profile.json); without its limit a rule is off.
To add a rule: a function in the module for what it looks at, a line in RULES, a limit in the
schema, a pair of fixtures in tests/unit/test_validity.py.
"""

from __future__ import annotations

from . import gpu_rules, host_rules, relation_rules, sample_rules
from .measurement import Fault, Measurement, Rule

__all__ = ["RULES", "Fault", "Measurement", "Rule", "faults"]


def faults(measurement: Measurement) -> list[Fault]:
    """Every rule that the figure breaks, in the order of RULES."""
    found = []
    for rule in RULES:
        evidence = rule.evidence(measurement)
        if evidence is not None:
            found.append(Fault(rule.name, evidence, rule.cure))
            if rule.name == "number":
                break  # the others would calculate with it
    return found


_MEASURE = "ansible-playbook foundation.yml --tags WS-03"
_AGAIN = f"measure again with {_MEASURE}"

RULES: tuple[Rule, ...] = (
    Rule("number", sample_rules.number, f"The figure is damaged: {_AGAIN}"),
    Rule(
        "unit",
        sample_rules.unit,
        "Measure with the benchmark of this version, or mend the profile's unit",
    ),
    Rule("inconsistent", sample_rules.inconsistent, f"The figure was altered: {_AGAIN}"),
    Rule(
        "wrong_device",
        gpu_rules.wrong_device,
        f"Run ansible-playbook foundation.yml on the host with its GPU in place, then {_MEASURE}",
    ),
    Rule(
        "memory_size",
        gpu_rules.memory_size,
        "Compare nvidia-smi and grep MemTotal /proc/meminfo with what torch sees; restart the "
        "host if a GPU is lost, then run ansible-playbook foundation.yml",
    ),
    Rule(
        "wrong_build",
        gpu_rules.wrong_build,
        "Install the locked torch build in the probe runtime (role probe_runtime), then "
        + _MEASURE,
    ),
    Rule(
        "power_wedge",
        gpu_rules.power_wedge,
        "Shut down, unplug the power brick for 60 s and start again (a reboot does not clear it), "
        "then " + _MEASURE,
    ),
    Rule(
        "throttled",
        gpu_rules.throttled,
        f"Cool the host: free its vents, check the power supply, let it idle; then {_MEASURE}",
    ),
    Rule(
        "busy",
        host_rules.busy,
        "Stop what else runs there (nvidia-smi, uptime, free -h; swapoff -a && swapon -a empties "
        f"the swap), wait for it to end, then {_MEASURE}",
    ),
    Rule(
        "untraced",
        gpu_rules.untraced,
        f"Make NVML readable to the probe runtime (nvidia-smi must answer), then {_MEASURE}",
    ),
    Rule(
        "too_short",
        sample_rules.too_short,
        f"Measure longer: {_MEASURE} with a longer benchmark_timeout or on an idle host",
    ),
    Rule(
        "spread",
        sample_rules.spread,
        f"Stop what disturbs the host and {_AGAIN}",
    ),
    Rule("identical", sample_rules.identical, f"The figure was not measured: {_AGAIN}"),
    Rule("specification", sample_rules.specification, f"The figure was not measured: {_AGAIN}"),
    Rule(
        "clock",
        sample_rules.clock,
        f"Let the clock settle (timedatectl status, chronyc tracking), then {_MEASURE}",
    ),
    Rule(
        "page_cache",
        host_rules.page_cache,
        "Give benchmark_directory a disk with direct I/O (no tmpfs, overlay or network mount), "
        f"then {_MEASURE}",
    ),
    Rule(
        "latency",
        sample_rules.latency,
        f"Check the disk (nvme smart-log, dmesg) and that fio is the distribution's, then {_AGAIN}",
    ),
    Rule(
        "implausible",
        relation_rules.implausible,
        "Do not use this figure: check the torch build and how it was measured, then " + _MEASURE,
    ),
)
