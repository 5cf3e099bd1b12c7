"""How long the probes take in process: the median and the range of five runs, in seconds.

Run by `make perf`. Timings are printed, never asserted: machines are noisy.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from python_probes.collect import environment, hardware, live_state
from python_probes.core.system import System

RUNS = 5
DOCUMENTS: dict[str, Callable[..., dict[str, Any]]] = {
    "hardware": hardware.document,
    "environment": environment.document,
    "live_state": live_state.document,
}


def main() -> None:
    """Print one line for each document."""
    print(f"{'document':<12} {'median':>8} {'fastest':>8} {'slowest':>8}  seconds of {RUNS} runs")
    for name, document in DOCUMENTS.items():
        seconds = []
        for _ in range(RUNS):
            start = time.perf_counter()
            document(System(), "localhost", 20.0)
            seconds.append(time.perf_counter() - start)
        print(
            f"{name:<12} {statistics.median(seconds):8.3f} {min(seconds):8.3f} {max(seconds):8.3f}"
        )


if __name__ == "__main__":
    main()
