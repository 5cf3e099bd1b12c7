"""Bandwidth between the host's memory and the GPU's, from pinned and from pageable memory."""

from __future__ import annotations

import time
from typing import Any

from ..measuring.accelerator import Accelerator
from ..measuring.bandwidth import Traffic, bandwidth
from ..measuring.context import BenchmarkContext
from ..measuring.family import GPU, Family, FigurePlan

_SAMPLE_SECONDS = {"pinned": 0.05, "pageable": 0.02}  # a host disturbs shorter ones more
_SAMPLES = {"pinned": 20, "pageable": 10}  # a pageable copy takes many times as long
_SIZES = (2**28, 2**27, 2**26)  # bytes; the largest that fits
_DEVICE_BUFFERS, _HOST_BUFFERS = 4, 2  # at most, those of the checks included


def measure(context: BenchmarkContext, name: str, budget_seconds: float) -> dict[str, Any]:
    """The figure `transfer.<name>`. Raises SkipError, and whatever torch raises.

    Bytes that crossed count once; for both ways at once, those of both directions over the time
    until both have ended. torch keeps pinned memory for the next figure that asks for some.
    """
    deadline = time.monotonic() + budget_seconds
    gpu = context.gpu
    size = _fitting_size(context)
    way, _, kind = name.rpartition("_")
    pinned = kind == "pinned"
    both = way == "both_ways"
    return bandwidth(
        _both_ways(gpu, size, pinned) if both else _one_way(gpu, way, size, pinned),
        gpu,
        sample_seconds=_SAMPLE_SECONDS[kind],
        samples=_SAMPLES[kind],
        deadline=deadline,
        parameters={
            "buffer_bytes": size,
            "pinned": pinned,
            "unified_memory": gpu.unified_memory,
        },
    )


def _fitting_size(context: BenchmarkContext) -> int:
    """Bytes of one buffer. Raises SkipError where not even the smallest fits."""
    on_device, on_host = context.guard.allocatable(), context.host_guard.allocatable()
    buffers = _HOST_BUFFERS
    if context.gpu.unified_memory:
        buffers += _DEVICE_BUFFERS  # all in the same memory
    for size in _SIZES[:-1]:
        if size * _DEVICE_BUFFERS <= on_device and size * buffers <= on_host:
            return size
    context.guard.require(_SIZES[-1] * _DEVICE_BUFFERS)
    context.host_guard.require(_SIZES[-1] * buffers)
    return _SIZES[-1]


def _text(size: int, pinned: bool, unified: bool) -> str:
    where = "pinned" if pinned else "pageable"
    both = "; both lie in the same memory here" if unified else ""
    return f"torch copy_ of {size} bytes of random data, {where} memory on the host's side{both}"


def _one_way(gpu: Accelerator, way: str, size: int, pinned: bool) -> Traffic:
    torch = gpu.torch
    # Drawn on the GPU, many times faster than on a CPU; of the host's memory every page is touched.
    content = torch.empty(size // 8, dtype=torch.int64, device="cuda").random_()
    host = torch.empty(size // 8, dtype=torch.int64, pin_memory=pinned).zero_()
    if way == "to_host":
        source, target, direction = content, host, "device to host"
    else:
        host.copy_(content)
        target = torch.zeros(size // 8, dtype=torch.int64, device="cuda")
        source, direction = host, "host to device"
    return Traffic(
        f"{_text(size, pinned, gpu.unified_memory)}; {direction}",
        size,
        lambda: target.copy_(source, non_blocking=pinned),
        target.zero_,
        # Compared where that is quick; what never arrived is still zero when it goes back.
        lambda: bool(torch.equal(target.to("cuda"), content)),
    )


def _both_ways(gpu: Accelerator, size: int, pinned: bool) -> Traffic:
    torch = gpu.torch
    there, back = (_one_way(gpu, way, size, pinned) for way in ("to_device", "to_host"))
    streams = [torch.cuda.Stream(), torch.cuda.Stream()]

    def work() -> None:
        # The events that time this are in the current stream, before and after both others.
        current = torch.cuda.current_stream()
        for stream, traffic in zip(streams, (there, back), strict=True):
            stream.wait_stream(current)
            with torch.cuda.stream(stream):
                traffic.work()
        for stream in streams:
            current.wait_stream(stream)

    def poison() -> None:
        there.poison()
        back.poison()

    return Traffic(
        f"{_text(size, pinned, gpu.unified_memory)}; host to device and device to host at once, "
        "in two streams, each between buffers of its own; bytes of both over the time of both",
        2 * size,
        work,
        poison,
        lambda: there.is_right() and back.is_right(),
    )


FAMILY = Family(
    "transfer",
    measure,
    GPU,
    "Between host and GPU",
    {
        "to_device_pinned": FigurePlan("GB/s", quick=1.8, full=2),
        "to_host_pinned": FigurePlan("GB/s", quick=1.8, full=2),
        "to_device_pageable": FigurePlan("GB/s", full=2),
        "to_host_pageable": FigurePlan("GB/s", full=2),
        "both_ways_pinned": FigurePlan("GB/s", full=2),
    },
)
