"""Commands within a budget: each is a stage, and none is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence

from python_probes.core.system import end_group

GRACE_SECONDS = 10.0


class StageError(Exception):
    """A command failed; the message is its last words."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class BudgetError(Exception):
    """The budget ran out in a stage; the message names it."""


class Budget:
    """Seconds that all stages share; `stages` has what each took."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.stages: dict[str, float] = {}
        self._begin = time.monotonic()

    @property
    def left(self) -> float:
        """Seconds until it runs out; below 0 after."""
        return self.seconds - (time.monotonic() - self._begin)

    def run(
        self,
        stage: str,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        at_most: float | None = None,
    ) -> str:
        """Run a command as (a part of) a stage; its output, which a terminal is also shown.

        Raises StageError, and BudgetError when neither the budget nor `at_most` seconds suffice.
        """
        begin = time.monotonic()
        limit = self.left if at_most is None else min(self.left, at_most)
        if limit <= 0:
            raise BudgetError(self._sentence(stage))
        shown = sys.stderr.isatty()
        try:
            with tempfile.TemporaryFile() as errors:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=None if shown else errors,
                    start_new_session=True,
                    env={**os.environ, **(environment or {})},
                )
                try:
                    output, _ = process.communicate(timeout=limit)
                except subprocess.TimeoutExpired:
                    raise BudgetError(self._sentence(stage)) from None
                finally:
                    if process.poll() is None:
                        end_group(process, GRACE_SECONDS)
                errors.seek(0)
                text = output.decode("utf-8", "replace")
                shown_text = errors.read().decode("utf-8", "replace") or text
        except OSError as error:
            raise StageError(f"{command[0]}: {error.strerror or error}", 127) from error
        finally:
            used = self.stages.get(stage, 0.0) + time.monotonic() - begin
            self.stages[stage] = round(used, 3)
        if process.returncode != 0:
            raise StageError(_last_line(shown_text), process.returncode)
        return text

    def _sentence(self, stage: str) -> str:
        used = self.seconds - self.left
        return f"stage {stage}: over budget, {used:.1f} s of {self.seconds:g} s used"


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return " ".join(lines[-1].split())[:300] if lines else "it gave no reason"
