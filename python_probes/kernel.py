"""What `uname` says, from PATH first: os.uname would describe the wrong box in a replay."""

from __future__ import annotations

from .system import CommandError, Note, System


def release(system: System, note: Note) -> str | None:
    """The kernel release, such as 6.17.0-1014-nvidia."""
    return _uname(system, note, "-r", "/proc/sys/kernel/osrelease")


def architecture(system: System, note: Note) -> str | None:
    """The machine's architecture, such as aarch64."""
    return _uname(system, note, "-m", "/proc/sys/kernel/arch")


def _uname(system: System, note: Note, option: str, file: str) -> str | None:
    try:
        lines = system.run("uname", option).split()
        reason = f"uname {option}: printed nothing"
        code = "failed"
    except CommandError as error:
        lines = []
        reason, code = str(error), error.code
    value = lines[0] if lines else system.read(file)
    if not value:
        note(code, f"{reason}, and {file} cannot be read either")
        return None
    return value
