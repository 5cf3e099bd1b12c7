"""Rules about the GPU: that it did the work, with code made for it, at its own pace."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

from packaging.version import Version

from ...documents.figure_labels import is_sustained
from .measurement import Measurement, Run

_ARCHITECTURE = re.compile(r"sm_(\d+)(\d)([af]?)")
_MINOR = re.compile(r"\d{1,4}")
_IDLE = "gpu_idle"
_LOADED = frozenset({"P0", "P1", "P2"})  # performance states of a load; P5 and up are idle ones
# States and settings, which explain no low clock under load.
_NO_REASON = frozenset({_IDLE, "applications_clocks_setting", "display_clock_setting"})
_STEADY = 1.02  # by how much a clock that falls may rise again between two quarters
_SINGLE = 0.5  # how much lower a single reading of the clock may be than a quarter's median
_CUBLAS = "nvidia-cublas"
# Packages that torch needs beside it where CUDA comes as Python packages.
_CUDA_PACKAGES = tuple(
    f"nvidia-{name}" for name in ("cuda-runtime", "cufft", "curand", "cusolver", "cusparse")
)
_MADE_FOR = re.compile(r"[+-]cu(\d+)")  # torch 2.9.0+cu128, nvidia-cublas-cu12


def wrong_device(one: Measurement) -> str | None:
    """A GPU's figure that a CPU or another GPU measured, or that is said to be another's."""
    kind, claimed = one.run.benchmark["device"]["kind"], one.figure.get("component")
    if claimed is not None and claimed != one.component:
        return f"its document says {claimed}, and it is a figure of the {one.component}"
    if one.of_gpu and not one.on_gpu:
        return f"a GPU's figure, measured on {kind}"
    return one.run.once(_other_gpu) if one.on_gpu else None


def _other_gpu(run: Run) -> str | None:
    """What speaks against the device of the run being that of the hardware baseline."""
    device, gpu = run.benchmark["device"], run.section("gpu")
    if gpu.get("present") is False:
        return "measured on a CUDA device, and the hardware baseline has no NVIDIA GPU"
    for key, words in (("name", "name"), ("compute_capability", "compute capability")):
        known = {entry[key] for entry in gpu.get("devices", ())} - {None}
        mine = device[key]
        if mine is not None and known and not any(k in mine or mine in k for k in known):
            return f"{words} {mine}, the hardware baseline has {', '.join(sorted(known))}"
    return None


def memory_size(one: Measurement) -> str | None:
    """A GPU whose memory is not the size that the host says: another device, or a guess."""
    return one.run.once(_other_size) if one.on_gpu else None


def _other_size(run: Run) -> str | None:
    limit = run.limits["maximum_memory_size_difference"]
    measured = run.benchmark["device"]["memory_total_bytes"]
    if measured is None:
        return None
    devices = run.section("gpu").get("devices", ())
    sizes = {"the driver": [entry["memory_total_bytes"] for entry in devices]}
    if run.section("memory").get("architecture") == "unified":
        sizes["MemTotal"] = [run.section("memory")["total_bytes"]]
    for source, found in sizes.items():
        known = [total for total in found if total]
        if known and all(abs(measured - total) > limit * total for total in known):
            nearest = min(known, key=lambda size: abs(size - measured))
            return f"torch sees {measured} bytes of GPU memory, {source} says {nearest}"
    return None


def wrong_build(one: Measurement) -> str | None:
    """A torch that is not the installed one, or has no code or library for this GPU."""
    missing = one.run.once(_other_torch)
    if missing is None and one.on_gpu:
        missing = one.run.once(_no_cuda)
        if missing is None and one.limits["native_code"]:
            missing = one.run.once(_no_code)
    return missing


def _other_torch(run: Run) -> str | None:
    build, installed = run.benchmark["build"], run.environment.get("torch") or {}
    if build["torch"] and installed.get("version") and build["torch"] != installed["version"]:
        return (
            f"measured with torch {build['torch']}, the environment document has "
            f"{installed['version']}"
        )
    return None


def _no_cuda(run: Run) -> str | None:
    """What speaks against the CUDA that torch brought."""
    build = run.benchmark["build"]
    if not build["torch"] or not build["cuda"] or "+cpu" in build["torch"]:
        return f"torch {build['torch']} for CUDA {build['cuda']} drives no GPU"
    if (run.environment.get("torch") or {}).get("cuda_available") is False:
        return "the environment document says that torch sees no CUDA device"
    return _other_cuda(build, run.limits.get("minimum_build_cuda")) or _no_cublas(run)


def _other_cuda(build: Mapping[str, Any], oldest: str | None) -> str | None:
    """A CUDA that is too old, or not the one in the version of torch (2.9.0+cu128)."""
    built = f"torch {build['torch']} was built for CUDA {build['cuda']}"
    try:
        cuda = Version(build["cuda"])
    except ValueError:  # InvalidVersion, and a number of thousands of digits
        return f"{built}, which is not a version"
    named = _MADE_FOR.search(build["torch"])
    if named is not None and named[1][:-1] != str(cuda.major):
        return f"{built}, and its version says cu{named[1]}"
    if oldest is not None and cuda < Version(oldest):
        return f"{built}, not {oldest}"
    return None


def _no_cublas(run: Run) -> str | None:
    cuda = run.benchmark["build"]["cuda"]
    names = [entry["name"].lower() for entry in run.environment.get("packages") or ()]
    # Where CUDA comes as Python packages at all; distributions and containers have it elsewhere.
    if any(name.startswith(_CUDA_PACKAGES) for name in names) and not any(
        _is_cublas(name, cuda) for name in names
    ):
        return (
            f"the package {_CUBLAS} for CUDA {cuda} is absent: cuBLAS, which multiplies "
            "matrices, is not there"
        )
    return None


def _is_cublas(package: str, cuda: str) -> bool:
    """Whether a package is the cuBLAS of a CUDA; from 13 on its name has no suffix."""
    suffix = _MADE_FOR.search(package)
    return package.startswith(_CUBLAS) and (suffix is None or suffix[1] == cuda.partition(".")[0])


def _no_code(run: Run) -> str | None:
    measured = run.benchmark["build"]["arch_list"]
    capability = run.benchmark["device"]["compute_capability"]
    if capability is None or measured is None:
        return "the GPU's compute capability or the build's architectures are not known"
    installed = (run.environment.get("torch") or {}).get("arch_list") or measured
    for architectures in (measured, installed):
        if not any(_runs_on(architecture, capability) for architecture in architectures):
            torch = run.benchmark["build"]["torch"]
            return f"torch {torch} has no code for compute capability {capability}"
    return None


def _runs_on(architecture: str, capability: str) -> bool:
    """Binary compatibility: the same major version, and no newer minor one.

    CUDA C++ Programming Guide, "Binary Compatibility": sm_120 code runs on 12.1. PTX
    (`compute_90`) also runs on newer GPUs but without their tensor cores' instructions. Of the
    architecture-specific ones, sm_120f runs on its family as sm_120 does, sm_120a on 12.0 alone.
    """
    match = _ARCHITECTURE.fullmatch(architecture)
    major, _, minor = capability.partition(".")
    if match is None or match[1] != major or not _MINOR.fullmatch(minor):
        return False
    return match[2] == minor or (match[3] != "a" and int(match[2]) < int(minor))


def untraced(one: Measurement) -> str | None:
    """A GPU's figure without the telemetry that could rule a fault out."""
    if not one.on_gpu:
        return None
    fewest = one.limits["minimum_trace_samples"]
    samples = one.trace.get("samples", 0)
    if samples < fewest:
        return f"{samples} telemetry samples, at least {fewest} are needed to rule out throttling"
    slowest = one.limits.get("minimum_trace_rate_hz")
    rate = one.trace["rate_hz"]
    if slowest is not None and rate is not None and not rate >= slowest:
        return f"{rate:.2g} telemetry samples a second, at least {slowest:g} are needed"
    unknown = [name for name in one.limits.get("required_trace", ()) if one.trace[name] is None]
    if unknown:
        return f"no {', '.join(unknown)} in the telemetry: throttling cannot be ruled out"
    return None


def throttled(one: Measurement) -> str | None:
    """A GPU that slowed down, by its own reasons or by its clock."""
    if not one.on_gpu:
        return None
    if seen := one.reasons and sorted({*one.reasons} & {*one.limits.get("throttle_reasons", ())}):
        return f"the GPU slowed down: {', '.join(seen)}"
    quarters = [x for x in one.trace.get("sm_clock_quarters_mhz") or () if x is not None]
    if len(quarters) > 1 and (fall := _falling(quarters, one)) is not None:
        return fall
    share, clock = one.limits.get("minimum_clock_share"), one.trace.get("sm_clock_mhz")
    # A GPU that was idle in between has lowered its clock as it should.
    if share is None or clock is None or _was_idle(one.trace):
        return None
    # Where the quarters are known, the lowest reading may be a single one.
    alone = _SINGLE if len(quarters) > 1 else 1.0
    least = share * clock["maximum"]
    low = min([clock["median"], *quarters])
    if clock["minimum"] < alone * least:
        low = clock["minimum"]
    elif low >= least:
        return None
    return f"the SM clock dropped to {low:g} of {clock['maximum']:g} MHz meanwhile"


def _was_idle(trace: Mapping[str, Any]) -> bool:
    """Whether a reading says that the GPU had nothing to do in between."""
    states = set(trace.get("performance_states") or ())
    return _IDLE in (trace.get("event_reasons") or ()) or not states <= _LOADED


def _falling(quarters: list[float], one: Measurement) -> str | None:
    limit = one.limits.get("maximum_clock_fall")
    first, last = quarters[0], quarters[-1]
    if limit is None or last >= first * (1 - limit):
        return None
    # Between bursts an idle GPU lowers its clock, and quarters may differ by chance: then only
    # a fall from each quarter to the next speaks.
    steady = all(b <= a * _STEADY for a, b in itertools.pairwise(quarters))
    if _IDLE in one.reasons and not steady:
        return None
    return f"the SM clock fell from {first:g} to {last:g} MHz while it was measured"


def power_wedge(one: Measurement) -> str | None:
    """A GPU stuck at a low clock and power, in this figure or in the sustained ones.

    A burst is too short to show in the utilization, which a sustained load does; and a wedge
    lasts until the power is unplugged.
    """
    if not one.on_gpu:
        return None
    own = _wedged(one.trace, one.limits["power_wedge"])
    if own is not None:
        return own
    for name, evidence in one.run.once(_wedged_loads).items():
        if name != one.name:
            return f"{evidence} in {name}"
    return None


def _wedged_loads(run: Run) -> dict[str, str]:
    """By name, the run's sustained figures that show a wedge."""
    figures, limits = run.benchmark["figures"].items(), run.limits["power_wedge"]
    loads = {name: figure for name, figure in figures if is_sustained(name, figure)}
    found = {name: _wedged(figure["trace"] or {}, limits) for name, figure in loads.items()}
    return {name: evidence for name, evidence in found.items() if evidence is not None}


def _wedged(trace: Mapping[str, Any], limits: Mapping[str, float]) -> str | None:
    """Busy, slow and weak. What is not known hides nothing: the readings that remain decide."""
    busy = (trace.get("utilization_percent") or {}).get("median")
    clock = (trace.get("sm_clock_mhz") or {}).get("median")
    power = (trace.get("power_watts") or {}).get("median")
    if busy is None or busy < limits["minimum_utilization_percent"]:
        # Bursts keep a GPU busy now and then. Of one that is not known there was a load, since
        # the figure was measured. But a GPU that says that it was idle in between is just that.
        highest = 100 if busy is None else trace["utilization_percent"]["maximum"]
        if _was_idle(trace) or highest < limits["minimum_utilization_percent"]:
            return None
    slow = None if clock is None else clock < limits["maximum_sm_clock_mhz"]
    weak = None if power is None else power < limits["maximum_power_watts"]
    if False in (slow, weak) or not (slow or weak):
        return None
    if weak is None and set(trace.get("event_reasons") or ()) - _NO_REASON:
        return None  # the clock alone, and the GPU says why it is low
    readings = [
        "busy" if busy is None else f"{busy:.0f} % busy",
        "clock unknown" if clock is None else f"{clock:.0f} MHz",
        "power unknown" if power is None else f"{power:.1f} W",
    ]
    return f"power wedge: {', '.join(readings)}"
