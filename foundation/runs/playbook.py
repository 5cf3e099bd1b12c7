"""One run of a playbook through ansible-runner: private, interruptible, and ended for certain.

ansible-runner ends a run by SIGKILL to ansible-playbook's process group. Ansible's workers are
sessions of their own, so they would live on, and the benchmark on the hosts with them. Here the
run is asked first, as by Ctrl-C, which ends the hosts' part too, and only then killed, with its
workers.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shlex
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..core.errors import RunError, one_line
from ..core.project import PROJECT
from .events import Event
from .record import Record

Cancel = threading.Event | Callable[[], bool]
Reason = Literal["cancelled", "timed_out"]

# The benchmark's display needs up to 15 s to end the run on its host (its action plugin), and
# Ansible waits 5 s for its workers.
GRACE_SECONDS = 30.0
_KILL_SECONDS = 5.0
_EVERY_SECONDS = 0.2


@dataclass(frozen=True)
class Ended:
    """How ansible-playbook ended: its exit status, None where a signal or a fault ended it."""

    exit_status: int | None
    reason: Reason | None
    record: Record


class Ending:
    """Whether the run is to end before its time, and how; ansible-runner asks again and again."""

    def __init__(self, record: Record, timeout: float | None) -> None:
        self._record = record
        self._give_up = None if timeout is None else time.monotonic() + timeout
        self._kill_at: float | None = None
        self.reason: Reason | None = None

    def request(self, reason: Reason, at_once: bool = False) -> None:
        """End the run; what is asked first is the reason. `at_once` kills it."""
        self.reason = self.reason or reason
        if at_once:
            self._kill_at = 0.0

    def __call__(self) -> bool:
        """Go on with ending the run; true when ansible-runner is to kill what is left."""
        if self._give_up is not None and time.monotonic() >= self._give_up:
            self.request("timed_out")
        if self.reason is None:
            return False
        process = self._record.process
        if process is None:
            return True  # no event has come yet, so no host was asked anything
        if self._kill_at is None:
            self._kill_at = time.monotonic() + GRACE_SECONDS
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGINT)
        return time.monotonic() >= self._kill_at


def play(
    playbook: Path,
    arguments: Sequence[str],
    variables: Mapping[str, Any],
    *,
    progress: Callable[[Event], None] | None = None,
    cancel: Cancel | None = None,
    timeout: float | None = None,
) -> Ended:
    """Run a playbook and return when nothing of it runs any more.

    `progress` and a callable `cancel` are called in the thread that called this; what they raise
    ends the run and is raised again, as KeyboardInterrupt is. Raises RunError when the run could
    not begin or its machinery broke down.
    """
    asked = cancel.is_set if isinstance(cancel, threading.Event) else cancel
    with _private_folder() as folder:
        record = Record(folder / "plays.json")
        ending = Ending(record, timeout)
        runner, events = _runner(folder, (playbook, arguments, variables), record, ending)
        thread = threading.Thread(target=_run, args=(runner, events), name="ansible-runner")
        thread.start()
        try:
            fault = _follow(events, progress, asked, ending)
            thread.join()
            if ending.reason is not None or fault is not None or record.stats is None:
                end_family(folder, GRACE_SECONDS)
        except BaseException as error:
            # A second interrupt is not to be waited for.
            again = ending.reason is not None and isinstance(error, KeyboardInterrupt)
            _finish(thread, ending, folder, again)
            raise
        if fault is not None and ending.reason is None:
            raise RunError(f"{playbook.name}: ansible-runner failed: {one_line(str(fault))}")
        return Ended(runner.rc if fault is None else None, ending.reason, record)


def _follow(
    events: queue.SimpleQueue[Event | _End],
    progress: Callable[[Event], None] | None,
    asked: Callable[[], bool] | None,
    ending: Ending,
) -> BaseException | None:
    """Hand events on until the run has ended; what ended ansible-runner itself, if anything."""
    while True:
        if ending.reason is None and asked is not None and asked():
            ending.request("cancelled")
        try:
            one = events.get(timeout=_EVERY_SECONDS)
        except queue.Empty:
            continue
        if isinstance(one, _End):
            return one.fault
        if progress is not None:
            progress(one)


def _finish(thread: threading.Thread, ending: Ending, folder: Path, at_once: bool) -> None:
    """End the run, in order; at once when the user interrupts that too."""
    ending.request("cancelled", at_once)
    while True:
        try:
            thread.join()
            end_family(folder, 0.0 if at_once else GRACE_SECONDS)
        except KeyboardInterrupt:
            at_once = True
            ending.request("cancelled", at_once)
        else:
            return


@dataclass(frozen=True)
class _End:
    fault: BaseException | None = None


def _run(runner: Any, events: queue.SimpleQueue[Event | _End]) -> None:
    try:
        runner.run()
        events.put(_End())
    except BaseException as fault:  # noqa: BLE001 - raised in the thread that waits
        events.put(_End(fault))


@contextlib.contextmanager
def _private_folder() -> Iterator[Path]:
    """A folder of mode 0700 for all that ansible-runner keeps, gone afterwards."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="foundation-", ignore_cleanup_errors=True)
    except OSError as error:
        raise RunError(
            f"{tempfile.gettempdir()}: no folder can be made: {error.strerror}; "
            "free space there or set TMPDIR"
        ) from error
    with folder as name:
        yield Path(name)


def _runner(
    folder: Path,
    command: tuple[Path, Sequence[str], Mapping[str, Any]],
    record: Record,
    ending: Ending,
) -> tuple[Any, queue.SimpleQueue[Event | _End]]:
    """ansible-runner made ready, and where its events go."""
    try:
        import ansible_runner  # noqa: PLC0415 - only a run needs it
    except ImportError as error:
        raise RunError(f"ansible-runner is not installed ({error}): run make setup") from error
    playbook, arguments, variables = command
    events: queue.SimpleQueue[Event | _End] = queue.SimpleQueue()

    def keep(raw: dict[str, Any]) -> bool:
        for event in record.feed(raw):
            events.put(event)
        return False  # ansible-runner need not write it down too

    try:
        env = folder / "env"
        env.mkdir(mode=0o700)
        # In files that only the owner can read: a command line is for all to see.
        for name, content in (
            ("settings", {"suppress_output_file": True, "pexpect_timeout": _EVERY_SECONDS}),
            ("extravars", dict(variables)),
        ):
            (env / name).touch(mode=0o600)
            (env / name).write_text(json.dumps(content), encoding="utf-8")
        config = ansible_runner.RunnerConfig(
            private_data_dir=str(folder),
            project_dir=str(PROJECT),  # where it runs, as a user would
            playbook=str(playbook),
            cmdline=shlex.join(arguments),
            envvars=_environment(folder / "plays.json"),
            fact_cache_type="memory",
            quiet=True,
        )
        config.prepare()
    except (OSError, TypeError, ValueError, ansible_runner.AnsibleRunnerException) as error:
        raise RunError(f"{playbook.name}: the run cannot begin: {one_line(str(error))}") from error
    for name in _NOT_OURS:
        if name not in os.environ or name in _OTHER_RUNNERS:
            config.env.pop(name, None)
    return ansible_runner.Runner(config, event_handler=keep, cancel_callback=ending), events


# ansible-runner turns the check of SSH host keys off unless it is set: Ansible's own
# configuration decides. What an outer run of ansible-runner or AWX has set is not for this one.
_OTHER_RUNNERS = ("AD_HOC_COMMAND_ID", "ORIGINAL_STDOUT_CALLBACK")
_NOT_OURS = ("ANSIBLE_HOST_KEY_CHECKING", *_OTHER_RUNNERS)


def _environment(plays: Path) -> dict[str, str]:
    """What differs from this process's own environment."""

    def first(value: Path | str, name: str, separator: str = ":") -> str:
        return separator.join(filter(None, (str(value), os.environ.get(name))))

    return {
        "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"),
        # The ansible-playbook of this Python, whatever else is on PATH.
        "PATH": first(Path(sys.executable).parent, "PATH"),
        "ANSIBLE_CALLBACK_PLUGINS": first(PROJECT / "plugins/callback", "ANSIBLE_CALLBACK_PLUGINS"),
        "ANSIBLE_CALLBACKS_ENABLED": first("foundation_plays", "ANSIBLE_CALLBACKS_ENABLED", ","),
        "FOUNDATION_PLAYS": str(plays),
        "ANSIBLE_STDOUT_CALLBACK": "",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_FORCE_COLOR": "0",
    }


def end_family(folder: Path, grace: float) -> None:
    """End what a run has left on this machine, known by its environment, which names its folder.

    A worker that was just beginning when the run was interrupted hears nothing of it, and what a
    worker started may outlive it. They are asked first (SIGTERM): a worker ends the benchmark on
    its host. Where there is no /proc, nothing is found.
    """
    number = signal.SIGTERM if grace > 0 else signal.SIGKILL
    deadline = time.monotonic() + grace
    asked: set[int] = set()
    while family := _family(folder):
        if time.monotonic() >= deadline:
            number = signal.SIGKILL
            asked.clear()
        for one in family - asked:
            with contextlib.suppress(OSError):
                os.kill(one, number)
        asked |= family
        if time.monotonic() >= deadline + _KILL_SECONDS:
            return  # it is in the kernel, which nothing ends
        time.sleep(_EVERY_SECONDS / 2)


def _family(folder: Path) -> set[int]:
    """The processes of a run, without SSH's shared connections, which other runs may use too."""
    found = set()
    for file in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if os.fsencode(folder) in file.read_bytes():
                command = file.with_name("cmdline").read_bytes()
                if command and not (command.startswith(b"ssh: ") and b"[mux]" in command):
                    found.add(int(file.parent.name))
    return found
