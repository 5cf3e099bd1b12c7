"""The three seams between a probe and the machine: files below a root, commands on PATH, a clock.

Everything a probe learns comes through `System`, so a captured box can be replayed by giving
another root folder, another PATH and another LD_LIBRARY_PATH.
"""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from io import RawIOBase
from pathlib import Path

# Ansible over SSH often has a PATH without the sbin folders.
_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
_MAXIMUM_LINKS = 40  # as the Linux kernel's MAXSYMLINKS
_MAXIMUM_BYTES = 8 * 2**20
_MAXIMUM_LINE_BYTES = 64 * 2**10
_CHUNK_BYTES = 64 * 2**10
_GOODBYE_SECONDS = 2.0
_UNKNOWN, _BEYOND = -1, 2**64

Note = Callable[[str, str], None]
"""How a probe reports what it could not read: `note(code, message)`."""


class CommandError(Exception):
    """A command gave no usable answer.

    `code` is one of `missing` (not on PATH), `timeout`, `failed` (non-zero exit), `truncated`
    (the answer is longer than what is kept) and `unusable` (could not be started); the message
    names the command and the reason. `output` and `errors` are what it printed until then, and
    `status` is the exit status of one that failed.
    """

    def __init__(
        self, code: str, message: str, output: str = "", errors: str = "", status: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.output = output
        self.errors = errors


class System:
    """One machine, live or replayed.

    `root` is where `/proc`, `/sys`, `/etc` and the rest are read; commands are looked up on
    PATH whatever the root; `command_timeout` is in seconds. `too_long` are the files that were
    not read since they are longer than what is kept: no part of one stands for the whole.
    `before` is called in the new process of every command, in a process that has no threads.
    """

    def __init__(self, root: Path | str = "/", command_timeout: float = 10.0) -> None:
        self.root = Path(root).resolve()
        self.command_timeout = command_timeout
        self.too_long: set[str] = set()
        self.before: Callable[[], None] | None = None

    @property
    def live(self) -> bool:
        """True when the root is the running machine's own."""
        return self.root == Path("/")

    def path(self, name: str) -> Path:
        """Where `name` (absolute, as the machine sees it) lies, every link resolved inside root.

        Raises OSError when links form a loop.
        """
        if self.live:
            return Path(name)
        pending = [part for part in Path(name).parts if part != "/"]
        current = self.root
        links = 0
        while pending:
            part = pending.pop(0)
            if part == "..":
                current = current.parent if current != self.root else current
                continue
            candidate = current / part
            if not candidate.is_symlink():
                current = candidate
                continue
            links += 1
            if links > _MAXIMUM_LINKS:
                raise OSError(f"{name}: too many levels of symbolic links")
            target = candidate.readlink()
            if target.is_absolute():
                current = self.root
            pending = [p for p in target.parts if p != "/"] + pending
        return current

    def resolve(self, name: str) -> str:
        """The machine's own name of what `name` points to once every link is followed."""
        if self.live:
            return os.path.realpath(name)
        return "/" + str(self.path(name).relative_to(self.root)).removeprefix(".")

    def read(self, name: str) -> str | None:
        """The stripped text of a file, or None where it is absent, unreadable or too long."""
        try:
            with self.path(name).open("rb", buffering=0) as file:
                content = _content(file)
        except (OSError, ValueError):
            return None
        if len(content) > _MAXIMUM_BYTES:
            self.too_long.add(name)
            return None
        return content.decode("utf-8", "replace").strip("\0\n\t ")

    def lines(self, name: str) -> Iterator[str]:
        """The lines of a file of any length, one at a time; none where it cannot be read.

        A line that is longer than 64 KiB comes as its beginning.
        """
        try:
            with self.path(name).open("rb", buffering=0) as file:
                lines = _Lines()
                while chunk := file.read(_CHUNK_BYTES):
                    yield from lines.of(chunk)
                yield from lines.of(b"\n")
        except (OSError, ValueError):
            return

    def read_integer(self, name: str, base: int = 10) -> int | None:
        """The whole number that a one-value file holds, or None.

        -1 is how kernels say unknown; what is below it, or beyond 64 bits, is damage.
        """
        text = self.read(name)
        try:
            value = None if text is None else int(text, base)
        except ValueError:
            return None
        return value if value is not None and _UNKNOWN <= value < _BEYOND else None

    def exists(self, name: str) -> bool:
        """Whether `name` exists once links are followed."""
        try:
            return self.path(name).exists()
        except OSError:
            return False

    def list(self, name: str) -> list[str]:
        """The sorted names in a folder; empty where it is absent or cannot be read."""
        try:
            return sorted(entry.name for entry in self.path(name).iterdir())
        except OSError:
            return []

    def which(self, command: str) -> str | None:
        """The full path of a command on PATH, or None."""
        found = shutil.which(command)
        if found is None and self.live:
            found = shutil.which(command, path=os.pathsep.join(_SYSTEM_FOLDERS))
        return found

    def run(
        self,
        *arguments: str,
        timeout: float | None = None,
        before: Callable[[], None] | None = None,
        each_line: Callable[[str], None] | None = None,
    ) -> str:
        """Run a command from PATH (or by full path) without a shell; return its output.

        Standard output alone is returned; more than 8 MiB of it is an error, as no part of an
        answer stands for the whole. With `each_line`, that is called with every line as it comes
        and nothing is kept, however much it is.
        The command runs in a session of its own in the C locale, and its whole process group is
        killed when `timeout` seconds have passed. `before` is called in the new process, by a
        caller that has no threads.
        Raises CommandError.
        """
        command = arguments[0]
        executable = command if "/" in command else self.which(command)
        if executable is None:
            raise CommandError("missing", f"{command}: not found on PATH")
        seconds = self.command_timeout if timeout is None else timeout
        try:
            process = subprocess.Popen(
                [executable, *arguments[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env={**os.environ, "LC_ALL": "C", "LANGUAGE": ""},
                preexec_fn=before or self.before,  # noqa: PLW1509 - see above
            )
        except OSError as error:
            raise CommandError("unusable", f"{command}: {error.strerror or error}") from error
        kept, said = _Kept(), _Kept()
        if each_line is None:
            take = kept.take
        else:
            lines = _Lines()

            def take(chunk: bytes) -> None:
                for line in lines.of(chunk):
                    each_line(line)

        try:
            ended = _drain(process, take, said.take, seconds)
            take(b"" if each_line is None else b"\n")
        except BaseException:  # a signal ends the run: the command must not outlive it
            end_group(process)
            raise
        if not ended:
            kill_group(process)
            raise CommandError("timeout", f"{command}: no answer in {seconds:g} s")
        output, errors = str(kept), str(said)
        if process.returncode != 0:
            reasons = (errors.strip() or output.strip()).splitlines()
            reason = reasons[0] if reasons else "no message"
            raise CommandError(
                "failed",
                f"{command}: exit status {process.returncode}: {reason}",
                output,
                errors,
                process.returncode,
            )
        if kept.cut:
            raise CommandError(
                "truncated",
                f"{command}: printed more than {_MAXIMUM_BYTES // 2**20} MiB; not all was read",
                output,
                errors,
            )
        return output


class _Kept:
    """The beginning of what a command prints; `cut` once there was more."""

    def __init__(self) -> None:
        self._content = bytearray()
        self.cut = False

    def take(self, chunk: bytes) -> None:
        room = _MAXIMUM_BYTES - len(self._content)
        self.cut = self.cut or len(chunk) > room
        self._content += chunk[:room]

    def __str__(self) -> str:
        return self._content.decode("utf-8", "replace")


class _Lines:
    """Cuts chunks into lines and keeps no more than the beginning of one."""

    def __init__(self) -> None:
        self._rest = b""

    def of(self, chunk: bytes) -> Iterator[str]:
        """The lines that end in `chunk`."""
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            begun, self._rest = self._rest, b""
            yield (begun + line)[:_MAXIMUM_LINE_BYTES].decode("utf-8", "replace")
        self._rest = (self._rest + rest)[:_MAXIMUM_LINE_BYTES]


def _drain(
    process: subprocess.Popen[bytes],
    output: Callable[[bytes], None],
    errors: Callable[[bytes], None],
    seconds: float,
) -> bool:
    """Hand on what a process prints until it ends; False where it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for stream, take in ((process.stdout, output), (process.stderr, errors)):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, (stream, take))
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            for key, _ in selector.select(left):
                stream, take = key.data
                chunk = os.read(stream.fileno(), _CHUNK_BYTES)
                if chunk:
                    take(chunk)
                else:
                    selector.unregister(stream)
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    return True


def _content(file: RawIOBase) -> bytes:
    """A file up to one byte more than what is kept, in small reads.

    /proc/sys answers ENOMEM to a read of 4 MiB or more.
    """
    content = bytearray()
    while len(content) <= _MAXIMUM_BYTES and (chunk := file.read(_CHUNK_BYTES)):
        content += chunk
    return bytes(content)


def end_group(process: subprocess.Popen[bytes], grace: float = _GOODBYE_SECONDS) -> None:
    """Ask a command and its children to end, and kill them after `grace` seconds."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=grace)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a command and its children; give up on one stuck in the kernel rather than wait."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=1.0)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        pass
