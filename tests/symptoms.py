"""What the gate says of a Spark with a fault, for docs/troubleshooting.md.

Each symptom alters the synthetic Spark of documents.py as the fault does. A block of the page that
follows `<!-- symptom: NAME -->` shows what the gate then prints; `make docs` writes these blocks, a
test compares them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import documents as made

from foundation.evaluation import gate
from foundation.profiles.criteria import load_profiles
from foundation.reports import terminal

PAGE = Path(__file__).parents[1] / "docs/troubleshooting.md"
_BLOCK = re.compile(r"(<!-- symptom: (\w+) -->\n)(?:```text\n.*?```\n)?", re.DOTALL)
_CRITERIA = re.compile(r"(?<=criteria )\[([^\]]*)\]")
_MOST_NAMES = 4
Documents = dict[str, dict[str, Any]]


def _hardware(place: str, value: object) -> Callable[[Documents], None]:
    return lambda stored: made.change(stored["hardware_baseline"], place, value)


def _figure(name: str, value: float, unit: str, **changes: object) -> Callable[[Documents], None]:
    def alter(stored: Documents) -> None:
        figure = stored["benchmark"]["data"]["figures"][name]
        new = made.figure(value, unit)
        figure.update({key: new[key] for key in ("value", "unit", "samples")} | changes)

    return alter


def _all(*changes: Callable[[Documents], object]) -> Callable[[Documents], None]:
    def alter(stored: Documents) -> None:
        for change in changes:
            change(stored)

    return alter


def _power_wedge(stored: Documents) -> None:
    for figure in stored["benchmark"]["data"]["figures"].values():
        if figure["trace"] is not None:
            figure["trace"] = {
                **figure["trace"],
                "sm_clock_mhz": made._range(507.0),
                "power_watts": made._range(11.1),
                "utilization_percent": made._range(96.0),
                "sm_clock_quarters_mhz": [507.0, 507.0, 507.0, 507.0],
            }


def _no_gpu(stored: Documents) -> None:
    baseline = stored["hardware_baseline"]
    gpu = baseline["data"]["gpu"]
    gpu.update(devices=[], driver_version=None, cuda_driver_version=None, source=None)
    reason = "NVML does not start: nvmlInit: Driver/library version mismatch"
    baseline["problems"].append(
        {"probe": "gpu", "code": "driver_library_mismatch", "message": reason}
    )


def _kernel(name: str) -> Callable[[Documents], None]:
    def alter(stored: Documents) -> None:
        for document in stored.values():
            document["identity"]["kernel"] = name
        made.change(stored["hardware_baseline"], "data.platform.kernel", name)

    return alter


def _lost_memory(stored: Documents) -> None:
    _kernel("7.0.0-1019-nvidia")(stored)
    made.with_memory(stored, 112 * made.GIB)
    made.change(stored["hardware_baseline"], "data.memory.cma_total_bytes", 0)
    made.change(stored["hardware_baseline"], "data.memory.cma_free_bytes", 64 * 2**20)


def _refused_load(stored: Documents) -> None:
    data = stored["benchmark"]["data"]
    del data["figures"]["sustained.bf16"]
    reason = "1.0 GiB needed, 0.4 GiB may be taken (available memory less what must stay free)"
    data["skipped"].append({"figure": "sustained.bf16", "reason": reason})


def _ended_twice(stored: Documents) -> None:
    _refused_load(stored)
    reason = "the host or the run ended twice during this figure"
    stored["benchmark"]["data"]["skipped"][-1]["reason"] = reason


def _silent(stored: Documents) -> None:
    reason = "Failed to connect to the host via ssh: connect to host 192.0.2.11 port 22: timed out"
    stored["live_state"] = made.live_state(reachable=False, reason=reason)


def _torch_for_cuda_12(stored: Documents) -> None:
    build = {"torch": "2.9.0+cu128", "cuda": "12.8", "arch_list": ["sm_80", "sm_90"]}
    stored["benchmark"]["data"]["build"].update(build)
    stored["environment"]["data"]["torch"].update(
        version="2.9.0+cu128", cuda_version="12.8", arch_list=["sm_80", "sm_90"]
    )


def _driver(version: str) -> Callable[[Documents], None]:
    def alter(stored: Documents) -> None:
        for document in stored.values():
            document["identity"]["driver"] = version
        baseline = stored["hardware_baseline"]
        for place in ("gpu.driver_version", "software.driver.loaded_version"):
            made.change(baseline, f"data.{place}", version)
        made.change(baseline, "data.software.driver.installed_version", version)

    return alter


def _other_boot(stored: Documents) -> None:
    stored["live_state"]["identity"]["boot_id"] = "00000000-0000-4000-8000-000000000002"


SYMPTOMS: dict[str, Callable[[Documents], object]] = {
    "power_wedge": _power_wedge,
    "power_off": _ended_twice,
    "torn_driver": _hardware("data.software.driver.loaded_version", "580.142"),
    "no_gpu": _no_gpu,
    "xid": _hardware("data.gpu.xid_events", [{"code": 119, "count": 3}]),
    "lost_memory": _lost_memory,
    "refused_load": _refused_load,
    "silent_host": _silent,
    "connectx": _hardware("data.network.connectx.functions", 3),
    "clock": _hardware("data.platform.time_synchronized", False),
    "snap": _hardware("data.software.docker.snap", True),
    "torch_for_cuda_12": _torch_for_cuda_12,
    "fp16_below_fp32": _figure("gemm.fp16", 10.0, "TFLOP/s"),
    "data_sheet": _figure("memory.copy", 273.0, "GB/s"),
    "few_iops": _figure(
        "storage.random_read", 578.0, "IOPS",
        latency_microseconds={"p50": 1600.0, "p95": 2100.0, "p99": 2900.0, "p99_9": 6500.0},
    ),
    "page_cache": _figure("storage.read", 10.6, "GB/s", parameters={"direct": False}),
    "bad_driver": _driver("580.159.03"),
    "new_driver": _driver("610.43.02"),
    "large_pages": _all(
        _kernel("6.17.0-1021-nvidia-64k"), _hardware("data.memory.page_size_bytes", 65536)
    ),
    "other_boot": _other_boot,
}  # fmt: skip


def symptom(name: str) -> str:
    """What the gate prints about the host."""
    stored = made.spark()
    SYMPTOMS[name](stored)
    report = gate.evaluate(load_profiles("auto"), {made.HOST: stored}, (), made.NOW)
    text = terminal.render(report)
    found = text[text.index(f"{made.HOST} (") :].split("\n\n")[0].rstrip()
    return _CRITERIA.sub(_cut, found) + "\n"


def _cut(found: re.Match[str]) -> str:
    """A list of criteria as far as it shows what kind they are."""
    names = found[1].replace(",", " ").split()
    if len(names) <= _MOST_NAMES:
        return found[0]
    return f"[{', '.join(names[:_MOST_NAMES])}, and {len(names) - _MOST_NAMES} more]"


def page() -> str:
    """The page with its blocks as they should be."""
    return _BLOCK.sub(
        lambda found: f"{found[1]}```text\n{symptom(found[2])}```\n", PAGE.read_text()
    )
