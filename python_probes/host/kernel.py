"""What `uname` says, from PATH first: os.uname would describe the wrong box in a replay."""

from __future__ import annotations

import re

from ..core.system import CommandError, Note, System


def release(system: System, note: Note) -> str | None:
    """The kernel release, such as 6.17.0-1014-nvidia."""
    return _uname(system, note, "-r", r"\d+\.\d+\S*", "/proc/sys/kernel/osrelease")


def architecture(system: System, note: Note) -> str | None:
    """The machine's architecture, such as aarch64."""
    return _uname(system, note, "-m", r"(?!Linux)\w+", "/proc/sys/kernel/arch")


def _uname(system: System, note: Note, option: str, form: str, file: str) -> str | None:
    """The word of the answer that has the form of what was asked, else what the file says."""
    try:
        words = system.run("uname", option).split()
        code, reason = "failed", f"uname {option}: printed nothing of that kind"
    except CommandError as error:
        words, code, reason = [], error.code, str(error)
    # A captured `uname -a` stands for every option: Linux, the host's name, the release, ...; the
    # machine comes after the build's date, so it is looked for from the end.
    if len(words) > 1:
        words = words[2:3] if option == "-r" else [w for w in reversed(words) if "/" not in w][:1]
    value = next((word for word in words if re.fullmatch(form, word)), None) or system.read(file)
    if not value:
        note(code, f"{reason}, and {file} cannot be read either")
        return None
    return value
