"""What the telemetry sampler costs: its effect on a figure, its share of a CPU, its memory.

Run by `make perf`, and on a GPU machine with `python tests/performance/sampler_overhead.py`. The
figure is measured with and without the sampler by turns, in one run of one worker. Figures are
printed, never asserted: machines are noisy.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
import tracemalloc
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from python_probes.benchmark.conditions import nvml_library
from python_probes.benchmark.worker_process import Worker
from python_probes.nvidia import telemetry

FIGURE = "gemm.bf16"
TURNS = 10
START_SECONDS, FIGURE_SECONDS, BUDGET_SECONDS = 120.0, 60.0, 3.3


class Ticker:
    """What the worker's waiting loop calls: it samples in every other turn."""

    def __init__(self, sampler: telemetry.Sampler) -> None:
        self.sampler = sampler
        self.sampling = False

    def tick(self) -> None:
        """Sample, or not."""
        if self.sampling:
            self.sampler.sample()


def main() -> int:
    """Print the ratio, the CPU share and the memory; 0, also where there is no GPU to load."""
    library = nvml_library()
    if library is None:
        print("sampler_overhead: not measured: the Python module pynvml is not installed")
        return 0
    ticker = Ticker(telemetry.Sampler(library))
    worker = Worker(["--directory", "/var/tmp"], ticker.tick, telemetry.INTERVAL)
    try:
        ready = worker.answer(START_SECONDS)["ready"]
        if (ready["device"] or {}).get("kind") != "cuda":
            print("sampler_overhead: not measured: torch sees no CUDA device")
            return 0
        ticker.sampler = telemetry.Sampler(library, ready["uuid"])
        ticker.sampler.start()
        print_effect(worker, ticker)
        print_memory(ticker.sampler)
        ticker.sampler.stop()
    finally:
        worker.finish()
    return 0


def print_effect(worker: Worker, ticker: Ticker) -> None:
    """Measure by turns; the first turn of each kind warms up and does not count."""
    values: dict[bool, list[float]] = {True: [], False: []}
    cpu: dict[bool, float] = {True: 0.0, False: 0.0}
    wall: dict[bool, float] = {True: 0.0, False: 0.0}
    samples = 0
    for turn in range(TURNS + 1):
        for sampling in (True, False) if turn % 2 else (False, True):
            ticker.sampling = sampling
            ticker.sampler.forget()
            begin, used = time.monotonic(), time.process_time()
            answer = worker.ask({"figure": FIGURE, "budget": BUDGET_SECONDS}, FIGURE_SECONDS)
            if "figure" not in answer:
                raise SystemExit(f"sampler_overhead: {FIGURE}: {answer}")
            if turn:
                values[sampling].append(answer["figure"]["value"])
                cpu[sampling] += time.process_time() - used
                wall[sampling] += time.monotonic() - begin
                samples += len(ticker.sampler.samples)
    with_it, without = (statistics.median(values[sampling]) for sampling in (True, False))
    print(f"{FIGURE}: {TURNS} turns each, median {with_it:.4g} with and {without:.4g} without")
    print(f"ratio of the medians: {with_it / without:.5f}")
    for sampling, name in ((True, "with"), (False, "without")):
        low, high = min(values[sampling]), max(values[sampling])
        print(f"  {name:<8} {low:.4g} .. {high:.4g}, {cpu[sampling] / wall[sampling]:.3%} of a CPU")
    print(f"rate while measuring: {samples / wall[True]:.1f} Hz")


def print_memory(sampler: telemetry.Sampler) -> None:
    """How much a sample takes, and the whole process."""
    sampler.forget()
    tracemalloc.start()
    for _ in range(1000):
        sampler.sample()
    each = tracemalloc.get_traced_memory()[0] / len(sampler.samples)
    tracemalloc.stop()
    print(f"memory: {each:.0f} bytes a sample")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"peak of the supervising process: {peak} bytes")


if __name__ == "__main__":
    sys.exit(main())
