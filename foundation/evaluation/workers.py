"""Stored hosts judged by several processes where there are many of them.

Each host is judged by the same pure function, so the outcome does not depend on how many there
are. Where this process cannot be forked safely, or a worker dies, it judges the hosts itself.
"""

from __future__ import annotations

import itertools
import math
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile

from ..documents import merge
from ..profiles.criteria import Profile
from .host_result import HostResult, Shared, judge_host

Judge = Callable[[int], list[HostResult]]
"""Judges the chunk of hosts of that number."""

MANY = 200
"""From so many hosts on, workers save more than they cost."""
_FEWEST = 50  # hosts that are worth a message
_MOST_CHUNKS = 64  # each has a file that is open until it was read
_WATCH_SECONDS = 1.0
_WORK: ContextVar[Callable[[int], None]] = ContextVar(
    "what a worker does with the chunk of a number"
)


def judge_stored(
    roots: Sequence[Path],
    hosts: Sequence[str],
    default: Sequence[Profile],
    own: Mapping[str, Sequence[Profile]],
    now: datetime,
) -> Iterator[HostResult]:
    """The result of each host from what lies in the folders, in the order of `hosts`.

    `own` has the profiles of hosts that are not judged by `default`.
    """
    size = max(_FEWEST, math.ceil(len(hosts) / _MOST_CHUNKS))
    chunks = [hosts[start : start + size] for start in range(0, len(hosts), size)]

    def judge(chunk: int) -> list[HostResult]:
        shared = Shared()
        judged = []
        for host in chunks[chunk]:
            given, conflicts = merge.load(roots, host)
            notes = [f"conflict: {conflict}" for conflict in conflicts]
            profiles = own.get(host, default)
            judged.append(judge_host(host, given, profiles, now, shared=shared, notes=notes))
        return judged

    processes = min(len(os.sched_getaffinity(0)), len(chunks))
    # A fork copies only the thread that asks for it: a lock that another one holds stays locked.
    if len(hosts) >= MANY and processes > 1 and threading.active_count() == 1:
        judged = _in_parallel(judge, len(chunks), processes)
    else:
        judged = map(judge, range(len(chunks)))
    return itertools.chain.from_iterable(judged)


def _in_parallel(judge: Judge, chunks: int, processes: int) -> Iterator[list[HostResult]]:
    done = 0
    try:
        for judged in _by_workers(judge, chunks, processes):
            done += 1
            yield judged
    except (BrokenExecutor, OSError):
        # A worker was killed, as for want of memory, or there is room for no process or file more.
        yield from map(judge, range(done, chunks))


def _by_workers(judge: Judge, chunks: int, processes: int) -> Iterator[list[HostResult]]:
    # Imported here: a gate over a few hosts would wait for it in vain.
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415
    from multiprocessing import active_children, get_context  # noqa: PLC0415

    others = active_children()
    with ExitStack() as stack:
        # A large message of a worker that is killed while it sends it would be waited for for ever.
        files = [stack.enter_context(TemporaryFile()) for _ in range(chunks)]

        def work(chunk: int) -> None:
            pickle.dump(judge(chunk), files[chunk])
            files[chunk].flush()

        fork = get_context("fork")
        pool = ProcessPoolExecutor(processes, fork, _prepare_worker, (os.getpid(), work))
        stack.enter_context(pool)
        try:
            with _interrupts_held_back():
                futures = [pool.submit(_work, chunk) for chunk in range(chunks)]
            for future, file in zip(futures, files, strict=True):
                future.result()
                file.seek(0)
                with file:
                    yield pickle.load(file)  # noqa: S301 - a fork of this process wrote it
        except BrokenExecutor:
            raise
        except BaseException:  # an interrupt, which need not wait for what is being judged
            workers = set(active_children()).difference(others)
            for worker in workers:
                worker.kill()
            for worker in workers:
                worker.join()
            raise


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """While workers start: Python drops an interrupt that falls into a fork's hooks."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(chunk: int) -> None:
    _WORK.get()(chunk)


def _prepare_worker(parent: int, work: Callable[[int], None]) -> None:
    """Leave interrupts to the parent, and end with it: nobody else would tell this process.

    `work` comes with the fork. Were it sent with each chunk, its profiles would fill the pipe,
    and a parent whose workers are gone would wait for ever for somebody to empty it.
    """
    _WORK.set(work)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)
