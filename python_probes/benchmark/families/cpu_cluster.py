"""The triad on the CPUs of one cluster, in a fresh process.

Fresh, because torch's threads stay where they were when they started, and their number is best
chosen before torch is imported.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing.connection import Connection
from typing import Any

from ...core.document import noter
from ...core.identifiers import Identifiers
from ...core.parent_death import die_with_parent
from ...core.parsing import cpu_list, expand_cpu_list
from ...host import cpu
from ..measuring.context import BenchmarkContext
from ..measuring.figure import SkipError
from .cpu_stream import stream_bytes, stream_figure

_WORK = "triad"
_GRACE_SECONDS = 2.0


def cluster_triad(context: BenchmarkContext, number: int, deadline: float) -> dict[str, Any]:
    """The figure of the cluster of this number, the fastest first; `deadline` is monotonic.

    Raises SkipError, also where the process fails: it holds nothing of this one's.
    """
    name, cpus = _cluster(context, number)
    size, cache = stream_bytes(context, _WORK)
    measured = measure_pinned(cpus, size, deadline)
    measured["parameters"] |= {"cache_bytes": cache, "cluster": name, "cpus": cpu_list(cpus)}
    return measured


def _cluster(context: BenchmarkContext, number: int) -> tuple[str, set[int]]:
    """A cluster's core and those of its CPUs that this process may use. Raises SkipError."""
    # What cannot be read is a problem of the hardware document, which says so.
    note = noter([], "cpu")
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


def measure_pinned(cpus: set[int], size: int, deadline: float) -> dict[str, Any]:
    """The triad over arrays of `size` bytes, in a process on these CPUs. Raises SkipError."""
    spawn = multiprocessing.get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_answer, args=(sender, cpus, size, deadline))
    process.start()
    sender.close()
    seconds = max(deadline - time.monotonic(), 0.0) + _GRACE_SECONDS
    try:
        if not receiver.poll(seconds):
            raise SkipError(f"the pinned process gave no figure within {seconds:.0f} s")
        answer: dict[str, Any] | str = receiver.recv()
    except EOFError:
        process.join()
        raise SkipError(f"the pinned process ended with status {process.exitcode}") from None
    finally:
        process.kill()
        process.join()
    if isinstance(answer, str):
        raise SkipError(answer)
    return answer


def _answer(answers: Connection, cpus: set[int], size: int, deadline: float) -> None:
    """What the process does: send the figure, or in one line why there is none."""
    die_with_parent()
    os.sched_setaffinity(0, cpus)
    os.environ["OMP_NUM_THREADS"] = str(len(cpus))
    try:
        import torch  # noqa: PLC0415 - after the pinning: its threads inherit it

        torch.set_num_threads(len(cpus))
        answers.send(stream_figure(torch, _WORK, size, len(cpus), deadline))
    except SkipError as error:
        answers.send(str(error))
    except Exception as error:  # noqa: BLE001 - torch raises what it likes; one figure is lost
        answers.send(f"{type(error).__name__}: {error}")
