"""The triad on the CPUs of one cluster, in a fresh process: `python -m` and this module's name.

Fresh, because torch's threads stay where they were when they started, and their number is best
chosen before torch is imported.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from typing import Any

from ...core.identifiers import Identifiers
from ...core.package import ENTRY, PACKAGE
from ...core.parent_death import die_with_parent
from ...core.parsing import cpu_list, expand_cpu_list
from ...host import cpu
from ..measuring.bandwidth import bandwidth, once, wall_seconds
from ..measuring.context import BenchmarkContext
from ..measuring.figure import SkipError
from .cpu_stream import BUFFERS, SAMPLE_SECONDS, SAMPLES, stream, stream_bytes

_WORK = "triad"
_GRACE_SECONDS = 2.0
_LONGEST_LAST_WORDS = 300


def cluster_triad(context: BenchmarkContext, number: int, deadline: float) -> dict[str, Any]:
    """The figure of the cluster of this number, the fastest first; `deadline` is monotonic.

    Raises SkipError, also where the process fails: it holds nothing of this one's.
    """
    name, cpus = _cluster(context, number)
    size, cache = stream_bytes(context, BUFFERS[_WORK])
    measured = _ask(
        ["--cpus", cpu_list(cpus), "--bytes", str(size), "--deadline", repr(deadline)],
        len(cpus),
        deadline,
    )
    measured["parameters"] |= {"cache_bytes": cache, "cluster": name, "cpus": cpu_list(cpus)}
    return measured


def _cluster(context: BenchmarkContext, number: int) -> tuple[str, set[int]]:
    """A cluster's core and those of its CPUs that this process may use. Raises SkipError."""

    def note(_code: str, _message: str) -> None:
        """What cannot be read is a problem of the hardware document, which says so."""

    clusters = cpu.collect(context.system, Identifiers(context.system, note), note)["clusters"]
    if len(clusters) <= 1:
        raise SkipError("one kind of core")
    if number >= len(clusters):
        raise SkipError(f"{len(clusters)} kinds of cores, none with the number {number}")
    cluster = clusters[number]
    cpus = set(expand_cpu_list(cluster["cpus"])) & os.sched_getaffinity(0)
    if not cpus:
        raise SkipError(f"none of the CPUs {cluster['cpus']} may be used by this process")
    return cluster["name"] or "unknown", cpus


def _ask(arguments: list[str], threads: int, deadline: float) -> dict[str, Any]:
    """The figure that the process measures. Raises SkipError."""
    paths = [ENTRY, *filter(None, [os.environ.get("PYTHONPATH")])]
    seconds = max(deadline - time.monotonic(), 0.0) + _GRACE_SECONDS
    try:
        ended = subprocess.run(
            [sys.executable, "-m", f"{PACKAGE}.benchmark.families.cpu_cluster", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=seconds,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(paths),
                "OMP_NUM_THREADS": str(threads),
            },
            preexec_fn=die_with_parent,
        )
    except OSError as error:
        raise SkipError(f"{sys.executable}: {error.strerror}") from error
    except subprocess.TimeoutExpired:
        raise SkipError(f"the pinned process gave no figure within {seconds:.0f} s") from None
    try:
        answer = json.loads(ended.stdout)
    except ValueError:
        words = ended.stderr.decode("utf-8", "replace").split("\n")
        last = next((line.strip() for line in reversed(words) if line.strip()), "no message")
        raise SkipError(
            f"the pinned process ended with status {ended.returncode}: {last[:_LONGEST_LAST_WORDS]}"
        ) from None
    if "skipped" in answer:
        raise SkipError(answer["skipped"])
    figure: dict[str, Any] = answer["figure"]
    return figure


def main() -> int:
    """Measure on the CPUs given and print the figure, or why there is none, as JSON."""
    parser = argparse.ArgumentParser(prog="cpu_cluster")
    parser.add_argument("--cpus", type=expand_cpu_list, required=True)
    parser.add_argument("--bytes", type=int, required=True)
    parser.add_argument("--deadline", type=float, required=True)
    options = parser.parse_args()
    os.sched_setaffinity(0, options.cpus)
    # What a library prints must not stand in the answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    import torch  # noqa: PLC0415 - after the pinning: its threads inherit it

    threads = len(options.cpus)
    torch.set_num_threads(threads)
    answer: dict[str, Any]
    try:
        answer = {
            "figure": bandwidth(
                stream(torch, _WORK, options.bytes, threads),
                wall_seconds,
                "the monotonic wall clock",
                warm_up=once,
                sample_seconds=SAMPLE_SECONDS,
                samples=SAMPLES,
                deadline=options.deadline,
                parameters={"buffer_bytes": options.bytes, "threads": threads},
            )
        }
    except SkipError as error:
        answer = {"skipped": str(error)}
    with answers:
        json.dump(answer, answers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
