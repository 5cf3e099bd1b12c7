"""The three seams between a probe and the machine: files below a root, commands on PATH, a clock.

Everything a probe learns comes through `System`, so a captured box can be replayed by giving
another root folder, another PATH and another LD_LIBRARY_PATH.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from io import RawIOBase
from pathlib import Path

# Ansible over SSH often has a PATH without the sbin folders.
_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
_MAXIMUM_LINKS = 40  # as the Linux kernel's MAXSYMLINKS
_MAXIMUM_BYTES = 8 * 2**20
_CHUNK_BYTES = 64 * 2**10
_GOODBYE_SECONDS = 2.0
_UNKNOWN, _BEYOND = -1, 2**64

Note = Callable[[str, str], None]
"""How a probe reports what it could not read: `note(code, message)`."""


class CommandError(Exception):
    """A command gave no usable answer.

    `code` is one of `missing` (not on PATH), `timeout`, `failed` (non-zero exit) and
    `unusable` (could not be started); the message names the command and the reason.
    """

    def __init__(self, code: str, message: str, output: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.output = output


class System:
    """One machine, live or replayed.

    `root` is where `/proc`, `/sys`, `/etc` and the rest are read; commands are looked up on
    PATH whatever the root; `command_timeout` is in seconds.
    """

    def __init__(self, root: Path | str = "/", command_timeout: float = 10.0) -> None:
        self.root = Path(root).resolve()
        self.command_timeout = command_timeout

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
        """The stripped text of a file, or None where it is absent or cannot be read."""
        try:
            with self.path(name).open("rb", buffering=0) as file:
                return _content(file).decode("utf-8", "replace").strip("\0\n\t ")
        except (OSError, ValueError):
            return None

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
    ) -> str:
        """Run a command from PATH (or by full path) without a shell; return its output.

        Standard output alone is returned. The command runs in a session of its own in the C
        locale, and its whole process group is killed when `timeout` seconds have passed. `before`
        is called in the new process, by a caller that has no threads.
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
                preexec_fn=before,  # noqa: PLW1509 - see above
            )
        except OSError as error:
            raise CommandError("unusable", f"{command}: {error.strerror or error}") from error
        try:
            raw_output, raw_errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            kill_group(process)
            raise CommandError("timeout", f"{command}: no answer in {seconds:g} s") from None
        except BaseException:  # a signal ends the run: the command must not outlive it
            _end_group(process)
            raise
        output = raw_output[:_MAXIMUM_BYTES].decode("utf-8", "replace")
        if process.returncode != 0:
            lines = (raw_errors.decode("utf-8", "replace").strip() or output.strip()).splitlines()
            reason = lines[0] if lines else "no message"
            raise CommandError(
                "failed", f"{command}: exit status {process.returncode}: {reason}", output
            )
        return output


def _content(file: RawIOBase) -> bytes:
    """All of a file in small reads: /proc/sys answers ENOMEM to a read of 4 MiB or more."""
    content = bytearray()
    while len(content) < _MAXIMUM_BYTES and (chunk := file.read(_CHUNK_BYTES)):
        content += chunk
    return bytes(content)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ask a command and its children to end, and kill them if they do not."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=_GOODBYE_SECONDS)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a command and its children; give up on one stuck in the kernel rather than wait."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=1.0)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        pass
