"""DCGM, NVIDIA's Data Center GPU Manager: what it finds, how it judges, what it measures.

It is optional on every host: where it is absent, not running or refuses, NVML gives the metrics
and `source` says so. Nothing is configured or started here. Command line:
https://docs.nvidia.com/datacenter/dcgm/latest/reference/command-line-reference/dcgmi/
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from ..core.parent_death import end_with_parent
from ..core.system import CommandError, Note, System
from . import dcgm_metrics, dcgm_reports
from .dcgm_reports import DcgmError
from .nvml_calls import Nvml

_CALL_SECONDS = 15.0  # every call but the diagnostic; one to an absent host engine takes five
_STOP_SECONDS = 5  # what a diagnostic gets to end by itself
_UNIFIED_MEMORY_LEVEL = 1
_ADVICE = (
    ("unable to establish a connection", "start it: systemctl enable --now nvidia-dcgm"),
    ("watches not enabled", "dcgmi health -s a turns them on"),
)


def collect(
    system: System, library: Nvml | None, level: int, timeout: float, note: Note
) -> dict[str, Any]:
    """The `dcgm` section of the benchmark document.

    `level` is the diagnostic to ask for (1 checks the software, 2 loads the GPU and its memory
    for up to minutes), `timeout` the seconds for everything. What DCGM does not tell although it
    answers is noted; a host without a working DCGM is no problem, and `reason` says what it is.
    """
    asker = _Asker(system, time.monotonic() + timeout)
    section: dict[str, Any] = {
        **dict.fromkeys(("source", "reason", "discovery", "diagnostic", "health", "policy")),
        "metrics": None,
        "version": version(system),
    }
    try:
        section["discovery"] = dcgm_reports.discovery(asker.ask("discovery", "-l"))
    except DcgmError as error:
        section["reason"] = str(error)
    else:
        try:
            section["metrics"] = dcgm_metrics.parse(
                asker.ask("dmon", "-e", dcgm_metrics.FIELD_IDS, "-c", "2", "-d", "500")
            )
            section["source"] = "dcgm"
        except DcgmError as error:
            section["reason"] = str(error)
        _judged(section, asker, level, note)
    if section["source"] is None:
        section["metrics"], problem = dcgm_metrics.through_nvml(library)
        if problem is None:
            section["source"] = "nvml"
        else:
            section["reason"] += f"; {problem}"
    return section


def version(system: System) -> str | None:
    """The version of the installed DCGM, or None where dcgmi is absent or does not answer."""
    try:
        found = re.search(r"\d+\.\d+\.\d+", system.run("dcgmi", "--version"))
    except CommandError:
        return None
    return found[0] if found else None


class _Asker:
    """dcgmi, with a deadline for everything that it is asked."""

    def __init__(self, system: System, deadline: float) -> None:
        self._system = system
        self._deadline = deadline

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return max(0.0, self._deadline - time.monotonic())

    def ask(self, *arguments: str) -> str:
        """What `dcgmi <arguments>` prints. Raises DcgmError."""
        name = f"dcgmi {arguments[0]}"
        return self._run(name, min(_CALL_SECONDS, self.left), "dcgmi", *arguments)

    def diagnose(self, level: int) -> str:
        """The JSON of a diagnostic. Raises DcgmError.

        The host engine runs it; it stops when dcgmi is asked to end, and goes on when dcgmi is
        killed. timeout(1) asks first.
        """
        executable = self._system.which("dcgmi") or "dcgmi"
        seconds = self.left - _STOP_SECONDS - 1
        if seconds < 1:
            raise DcgmError("dcgmi diag: no time is left for it")
        return self._run(
            "dcgmi diag",
            self.left,
            *("timeout", f"--kill-after={_STOP_SECONDS}", f"{seconds:.0f}"),
            *(executable, "diag", "-r", str(level), "-j"),
        )

    def _run(self, name: str, seconds: float, *command: str) -> str:
        try:
            return self._system.run(*command, timeout=seconds, before=end_with_parent)
        except CommandError as error:
            # A diagnostic that finds a fault ends with a status of its own.
            if error.code == "failed" and "{" in error.output:
                return error.output
            if error.code == "missing":
                raise DcgmError(f"DCGM is not installed: {error}") from error
            reason = str(error).removeprefix(f"{command[0]}: ")
            if error.code == "failed" and "exit status 124" in reason:
                reason = "not done in the time it had; stopped"
            raise DcgmError(f"{name}: {reason}{_advice(error)}") from error


def _advice(error: CommandError) -> str:
    text = f"{error} {error.output}".lower()
    return next((f"; {advice}" for words, advice in _ADVICE if words in text), "")


def _judged(section: dict[str, Any], asker: _Asker, level: int, note: Note) -> None:
    """Fill in what DCGM thinks of the GPUs; what it does not tell stays None and is noted."""

    def read(name: str, code: str, report: Callable[[], Any]) -> None:
        try:
            section[name] = report()
        except DcgmError as error:
            note(code, f"dcgm: {name}: {error}")

    # On unified memory the memory test of level 2 would take what the host lives on; DCGM
    # skips it there today.
    unified = any("GB10" in (gpu["name"] or "") for gpu in section["discovery"])
    level = min(level, _UNIFIED_MEMORY_LEVEL) if unified else level
    read("health", "dcgm_health", lambda: dcgm_reports.health(asker.ask("health", "-c", "-j")))
    read("policy", "dcgm_policy", lambda: dcgm_reports.policy(asker.ask("policy", "--get", "-j")))
    read(
        "diagnostic",
        "dcgm_diagnostic",
        lambda: {"level": level, "tests": dcgm_reports.diagnostic(asker.diagnose(level))},
    )
