"""The compute families at a size for a CPU, over the real torch."""

import time
from contextlib import ExitStack
from unittest import mock

import torch

from python_probes.benchmark.families import attention, convolution, gemm, sustained
from python_probes.benchmark.measuring import accelerator, bursts
from python_probes.benchmark.measuring.memory_guard import MemoryGuard

SIZES = {
    bursts: {"_PAUSE_SECONDS": 0.0, "_BURST_SECONDS": 1e-6, "_BURSTS": 4, "FLUSH_BYTES": 2**16},
    gemm: {"_SIZE": 128, "FLUSH_BYTES": 2**16},
    sustained: {"_SIZE": 128, "_WINDOW_SECONDS": 0.02},
    attention: {"_BATCH": 2, "_HEADS": 4, "_TOKENS": 192, "_HEAD_SIZE": 32},
    convolution: {"_IMAGES": 3, "_CHANNELS": 16, "_SIDE": 16, "_TAPS": 16 * 9},
}


class Accelerator(accelerator.Accelerator):
    """The CPU, taken for a GPU that has every precision."""

    device = "cpu"

    def __init__(self):
        self.torch = torch
        self.capability = (12, 1)

    def warm_up(self, work):
        work()

    def synchronize(self):
        pass

    def seconds_each(self, work, before, count):
        seconds = []
        for _ in range(count):
            before()
            begin = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - begin)
        return seconds


class Context:
    """A benchmark context whose GPU is the CPU."""

    gpu = Accelerator()
    guard = mock.Mock(spec=MemoryGuard)


def sized(case):
    """Make everything small for one unittest case."""
    stack = ExitStack()
    for module, values in SIZES.items():
        for name, value in values.items():
            stack.enter_context(mock.patch.object(module, name, value))
    case.addCleanup(stack.close)
    Context.guard.reset_mock()
