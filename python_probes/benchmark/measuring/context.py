"""What the worker holds between figures: the device, the memory guard and the file on the disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...core.system import System
from .accelerator import Accelerator
from .direct_file import DirectFile
from .figure import SkipError
from .memory_guard import MemoryGuard


@dataclass
class BenchmarkContext:
    """`torch` is the module, or in one line why there is none; `directory` is on the disk."""

    torch: Any
    directory: Path
    system: System
    _file: DirectFile | None = field(default=None, init=False)
    _accelerator: Accelerator | None = field(default=None, init=False)

    def ready(self) -> dict[str, Any]:
        """What computes here, for the document's `device` and `build`."""
        if isinstance(self.torch, str):
            return {"device": None, "build": None, "uuid": None, "no_torch": self.torch}
        accelerator = self.accelerator
        return {
            "device": accelerator.describe(),
            "build": accelerator.build(),
            "uuid": accelerator.uuid,
            "no_torch": None,
        }

    @property
    def accelerator(self) -> Accelerator:
        """The device that torch computes on. Raises SkipError where there is no torch."""
        if isinstance(self.torch, str):
            raise SkipError(f"torch: {self.torch}")
        if self._accelerator is None:
            self._accelerator = Accelerator(self.torch)
        return self._accelerator

    @property
    def gpu(self) -> Accelerator:
        """The CUDA device. Raises SkipError where there is none."""
        accelerator = self.accelerator
        if accelerator.kind != "cuda":
            raise SkipError("torch sees no CUDA device")
        return accelerator

    @property
    def guard(self) -> MemoryGuard:
        """What refuses a load that does not fit. Raises SkipError where there is no torch."""
        accelerator = self.accelerator
        return MemoryGuard(self.system, accelerator.kind == "cuda", accelerator.free_bytes)

    @property
    def host_guard(self) -> MemoryGuard:
        """The same for a load in the host's memory. Raises SkipError where there is no torch."""
        return MemoryGuard(self.system, self.accelerator.kind == "cuda", lambda: None)

    @property
    def file(self) -> DirectFile:
        """The file that storage is measured on. Raises SkipError where there can be none."""
        if self._file is None:
            self._file = DirectFile(self.directory, self.system)
        return self._file
