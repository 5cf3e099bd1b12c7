"""Rules about the GPU: that it did the work, with code made for it, at its own pace."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

from packaging.version import Version

from ...documents.figure_labels import family, is_sustained
from .measurement import Measurement

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
    device, claimed = one.benchmark["device"], one.figure.get("component")
    if claimed is not None and claimed != one.component:
        return f"its document says {claimed}, and it is a figure of the {one.component}"
    if one.of_gpu and device["kind"] != "cuda":
        return f"a GPU's figure, measured on {device['kind']}"
    other: str | None = one.once("other GPU", lambda: _other_gpu(one)) if one.on_gpu else None
    return other


def _other_gpu(one: Measurement) -> str | None:
    """What speaks against the device of the run being that of the hardware baseline."""
    device, gpu = one.benchmark["device"], one.section("gpu")
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
    other: str | None = one.once("memory size", lambda: _other_size(one)) if one.on_gpu else None
    return other


def _other_size(one: Measurement) -> str | None:
    limit = one.limits.get("maximum_memory_size_difference")
    measured = one.benchmark["device"]["memory_total_bytes"]
    if limit is None or measured is None:
        return None
    devices = one.section("gpu").get("devices", ())
    sizes = {"the driver": [entry["memory_total_bytes"] for entry in devices]}
    if one.section("memory").get("architecture") == "unified":
        sizes["MemTotal"] = [one.section("memory")["total_bytes"]]
    for source, found in sizes.items():
        known = [total for total in found if total]
        if known and all(abs(measured - total) > limit * total for total in known):
            nearest = min(known, key=lambda size: abs(size - measured))
            return f"torch sees {measured} bytes of GPU memory, {source} says {nearest}"
    return None


def wrong_build(one: Measurement) -> str | None:
    """A torch that is not the installed one, or has no code or library for this GPU."""
    build, installed = one.benchmark["build"], one.environment.get("torch") or {}
    if not one.of_gpu:
        return None
    if build["torch"] and installed.get("version") and build["torch"] != installed["version"]:
        return (
            f"measured with torch {build['torch']}, the environment document has "
            f"{installed['version']}"
        )
    if not one.on_gpu:
        return None
    missing: str | None = one.once("cuda", lambda: _no_cuda(one))
    if missing is None and family(one.name) in one.limits.get("native_code", ()):
        missing = one.once("native code", lambda: _no_code(one))
    return missing


def _no_cuda(one: Measurement) -> str | None:
    """What speaks against the CUDA that torch brought."""
    build = one.benchmark["build"]
    if not build["torch"] or not build["cuda"] or "+cpu" in build["torch"]:
        return f"torch {build['torch']} for CUDA {build['cuda']} drives no GPU"
    if (one.environment.get("torch") or {}).get("cuda_available") is False:
        return "the environment document says that torch sees no CUDA device"
    oldest = one.limits.get("minimum_build_cuda")
    return _other_cuda(build, oldest) or _no_cublas(one)


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


def _no_cublas(one: Measurement) -> str | None:
    cuda = one.benchmark["build"]["cuda"]
    names = [entry["name"].lower() for entry in one.environment.get("packages") or ()]
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


def _no_code(one: Measurement) -> str | None:
    measured = one.benchmark["build"]["arch_list"]
    capability = one.benchmark["device"]["compute_capability"]
    if capability is None or measured is None:
        return "the GPU's compute capability or the build's architectures are not known"
    installed = (one.environment.get("torch") or {}).get("arch_list") or measured
    for architectures in (measured, installed):
        if not any(_runs_on(architecture, capability) for architecture in architectures):
            torch = one.benchmark["build"]["torch"]
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
    fewest = one.limits.get("minimum_trace_samples")
    if fewest is None or not one.on_gpu:
        return None
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
    seen = sorted(one.reasons.intersection(one.limits.get("throttle_reasons", ())))
    if seen:
        return f"the GPU slowed down: {', '.join(seen)}"
    quarters = [x for x in one.trace.get("sm_clock_quarters_mhz") or () if x is not None]
    if len(quarters) > 1 and (fall := _falling(quarters, one)) is not None:
        return fall
    share, clock = one.limit("minimum_clock_share"), one.trace.get("sm_clock_mhz")
    # A GPU that was idle in between has lowered its clock as it should.
    if share is None or clock is None or _was_idle(one.trace):
        return None
    # Where the quarters are known, the lowest reading may be a single one.
    alone = _SINGLE if len(quarters) > 1 else 1.0
    for low, least in (
        (clock["minimum"], alone * share),
        (min([clock["median"], *quarters]), share),
    ):
        if low < least * clock["maximum"]:
            return f"the SM clock dropped to {low:g} of {clock['maximum']:g} MHz meanwhile"
    return None


def _was_idle(trace: Mapping[str, Any]) -> bool:
    """Whether a reading says that the GPU had nothing to do in between."""
    states = set(trace.get("performance_states") or ())
    return _IDLE in (trace.get("event_reasons") or ()) or not states <= _LOADED


def _falling(quarters: list[float], one: Measurement) -> str | None:
    limit = one.limit("maximum_clock_fall")
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
    limits = one.limits.get("power_wedge")
    if limits is None or not one.on_gpu:
        return None
    own = _wedged(one.trace, limits)
    if own is not None:
        return own
    for name, evidence in one.once("wedged", lambda: _wedged_loads(one, limits)).items():
        if name != one.name:
            return f"{evidence} in {name}"
    return None


def _wedged_loads(one: Measurement, limits: Mapping[str, float]) -> dict[str, str]:
    """By name, the run's sustained figures that show a wedge."""
    figures = one.benchmark["figures"].items()
    loads = {name: figure for name, figure in figures if is_sustained(name, figure)}
    found = {name: _wedged(figure["trace"] or {}, limits) for name, figure in loads.items()}
    return {name: evidence for name, evidence in found.items() if evidence is not None}


def _wedged(trace: Mapping[str, Any], limits: Mapping[str, float]) -> str | None:
    """Busy, slow and weak. What is not known hides nothing: the readings that remain decide."""
    names = ("utilization_percent", "sm_clock_mhz", "power_watts")
    busy, clock, power = ((trace.get(name) or {}).get("median") for name in names)
    reasons = set(trace.get("event_reasons") or ())
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
    if weak is None and reasons - _NO_REASON:
        return None  # the clock alone, and the GPU says why it is low
    readings = [
        "busy" if busy is None else f"{busy:.0f} % busy",
        "clock unknown" if clock is None else f"{clock:.0f} MHz",
        "power unknown" if power is None else f"{power:.1f} W",
    ]
    return f"power wedge: {', '.join(readings)}"
