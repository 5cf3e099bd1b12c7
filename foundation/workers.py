"""Stored hosts judged by several processes where there are many of them.

Each host is judged by the same pure function, so the outcome does not depend on how many there
are. Where this process cannot be forked safely, or a worker dies, it judges the hosts itself.
"""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path

from . import merge
from .criteria import Profile
from .judgement import Judgement, Shared, judge_host

Judge = Callable[[int], list[Judgement]]
"""Judges the chunk of hosts of that number."""

MANY = 200
"""From so many hosts on, workers save more than they cost."""
_CHUNK = 50
_WATCH_SECONDS = 1.0
_JUDGE: ContextVar[Judge] = ContextVar("what a worker does with the number of a chunk")


def judge_stored(
    roots: Sequence[Path],
    hosts: Sequence[str],
    default: Sequence[Profile],
    own: Mapping[str, Sequence[Profile]],
    now: datetime,
) -> Iterator[Judgement]:
    """The judgement of each host from what lies in the folders, in the order of `hosts`.

    `own` has the profiles of hosts that are not judged by `default`.
    """
    chunks = [hosts[start : start + _CHUNK] for start in range(0, len(hosts), _CHUNK)]

    def judge(chunk: int) -> list[Judgement]:
        shared = Shared()
        judged = []
        for host in chunks[chunk]:
            given, conflicts = merge.load(roots, host)
            profiles = own.get(host, default)
            judged.append(judge_host(host, given, profiles, now, shared=shared, notes=conflicts))
        return judged

    processes = min(len(os.sched_getaffinity(0)), len(chunks))
    # A fork copies only the thread that asks for it: a lock that another one holds stays locked.
    if len(hosts) >= MANY and processes > 1 and threading.active_count() == 1:
        judged = _in_parallel(judge, len(chunks), processes)
    else:
        judged = map(judge, range(len(chunks)))
    return itertools.chain.from_iterable(judged)


def _in_parallel(judge: Judge, chunks: int, processes: int) -> Iterator[list[Judgement]]:
    # Imported here: a gate over a few hosts would wait for it in vain.
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415
    from multiprocessing import active_children, get_context  # noqa: PLC0415

    done = 0
    others = active_children()
    try:
        with ProcessPoolExecutor(
            processes, get_context("fork"), _prepare_worker, (os.getpid(), judge)
        ) as pool:
            try:
                for judged in _started(lambda: pool.map(_judge_chunk, range(chunks))):
                    done += 1
                    yield judged
            except BrokenProcessPool:
                raise
            except BaseException:  # an interrupt, which need not wait for what is being judged
                pool.shutdown(wait=False, cancel_futures=True)
                for worker in set(active_children()).difference(others):
                    worker.kill()
                raise
    except BrokenProcessPool:  # a worker was killed, as for want of memory
        yield from map(judge, range(done, chunks))


def _started(start: Callable[[], Iterator[list[Judgement]]]) -> Iterator[list[Judgement]]:
    """Start workers with interrupts held back: Python drops one that falls into a fork's hooks."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _judge_chunk(chunk: int) -> list[Judgement]:
    return _JUDGE.get()(chunk)


def _prepare_worker(parent: int, judge: Judge) -> None:
    """Leave interrupts to the parent, and end with it: nobody else would tell this process.

    `judge` comes with the fork. Were it sent with each chunk, its profiles would fill the pipe,
    and a parent whose workers are gone would wait for ever for somebody to empty it.
    """
    _JUDGE.set(judge)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)
