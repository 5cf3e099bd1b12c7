"""What the worker holds between figures: the device, the memory guard and the file on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
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

    def ready(self) -> dict[str, Any]:
        """What computes here, for the document's `device` (None: the CPU) and `build`."""
        if isinstance(self.torch, str):
            return {"device": None, "build": None, "uuid": None, "no_torch": self.torch}
        gpu, cuda = self._gpu, self.torch.version.cuda
        return {
            "device": gpu and gpu.describe(),
            "build": {
                "torch": str(self.torch.__version__),
                "cuda": cuda,
                "arch_list": (self.torch._C._cuda_getArchFlags() or "").split() if cuda else [],
                "threads": int(self.torch.get_num_threads()),
            },
            "uuid": gpu and gpu.uuid,
            "no_torch": None,
        }

    def release(self) -> None:
        """Give back the GPU memory that the last figure has left in torch's cache."""
        if self._gpu is not None:
            self.torch.cuda.empty_cache()

    @cached_property
    def _gpu(self) -> Accelerator | None:
        if isinstance(self.torch, str) or not self.torch.cuda.is_available():
            return None
        return Accelerator(self.torch)

    def require_torch(self) -> Any:
        """The module torch. Raises SkipError where there is none."""
        if isinstance(self.torch, str):
            raise SkipError(f"torch: {self.torch}")
        return self.torch

    @property
    def gpu(self) -> Accelerator:
        """The CUDA device. Raises SkipError where there is none."""
        self.require_torch()
        if self._gpu is None:
            raise SkipError("torch sees no CUDA device")
        return self._gpu

    @property
    def guard(self) -> MemoryGuard:
        """What refuses a load that does not fit on the GPU. Raises SkipError without a GPU."""
        return MemoryGuard(self.system, True, self.gpu.free_bytes)

    @property
    def host_guard(self) -> MemoryGuard:
        """The same for a load in the host's memory."""
        return MemoryGuard(self.system, self._gpu is not None, lambda: None)

    @cached_property
    def file(self) -> DirectFile:
        """The file that storage is measured on. Raises SkipError where there can be none."""
        return DirectFile(self.directory, self.system)
