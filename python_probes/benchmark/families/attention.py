"""Attention throughput: torch's scaled dot product attention, as models call it."""

from __future__ import annotations

import math
import time
from typing import Any

from ..measuring.accelerator import Accelerator
from ..measuring.bursts import FLUSH_BYTES, burst_figure
from ..measuring.context import BenchmarkContext
from ..measuring.family import GPU, Family, FigurePlan
from ..measuring.figure import SkipError
from ..measuring.load import relative_error, sample_step
from .matrix_product import PRECISIONS, require_supported

_BATCH, _HEADS, _TOKENS, _HEAD_SIZE = 4, 32, 4096, 128
_SEED = 20260402
_ELEMENT_BYTES = 2
_MATRICES = 8  # query, key, value and result; a kernel's own; what checking takes


class Attention:
    """The load of one attention over normally distributed random numbers, not causal."""

    error_limit = 1e-1

    def __init__(self, accelerator: Accelerator, dtype: str) -> None:
        """`dtype` is a torch type of 2 bytes. Takes `memory_bytes`.

        Raises SkipError where torch has no fused kernel for this GPU: its unfused one makes a
        matrix of all queries by all keys, too large to be taken unasked.
        """
        torch = accelerator.torch
        self._torch = torch
        device = accelerator.device
        generator = torch.Generator(device=device).manual_seed(_SEED)
        shape = (_BATCH, _HEADS, _TOKENS, _HEAD_SIZE)
        self._query, self._key, self._value = (
            torch.randn(shape, generator=generator, device=device, dtype=getattr(torch, dtype))
            for _ in range(3)
        )
        self._result: Any = None
        backend = torch._C._SDPBackend(
            torch._fused_sdp_choice(self._query, self._key, self._value)
        ).name
        if backend in ("ERROR", "MATH"):
            raise SkipError("this torch has no fused attention kernel for this GPU")
        # Both products of scores and of values: 2 s^2 d each, for every head.
        self.operations = 4 * _BATCH * _HEADS * _TOKENS**2 * _HEAD_SIZE
        self.text = (
            f"scaled_dot_product_attention of torch, batch {_BATCH}, {_HEADS} heads, {_TOKENS} "
            f"tokens, head size {_HEAD_SIZE}, {dtype}, not causal, of normally distributed random "
            "numbers; 4 b h s^2 d operations a call"
        )
        self.parameters = {
            "batch": _BATCH,
            "heads": _HEADS,
            "tokens": _TOKENS,
            "head_size": _HEAD_SIZE,
            "dtype": dtype,
            "causal": False,
            "backend": backend,
        }

    def run(self) -> None:
        """Ask for one attention."""
        self._result = None  # its memory is taken again, so what spoils it is met
        self._result = self._torch.nn.functional.scaled_dot_product_attention(
            self._query, self._key, self._value
        )

    def spoil(self) -> None:
        """Fill the result with NaN."""
        self._result.fill_(math.nan)

    def error(self) -> float:
        """The largest error on a sample of queries of two heads of each batch entry."""
        if not bool(self._torch.isfinite(self._result).all()):
            return math.nan
        step = sample_step(_TOKENS)
        errors = []
        for batch in range(_BATCH):
            for head in {batch, _HEADS - 1 - batch}:
                key, value = self._key[batch, head].double(), self._value[batch, head].double()
                query = self._query[batch, head, ::step].double()
                shares = (query @ key.t() / math.sqrt(_HEAD_SIZE)).softmax(dim=-1)
                errors.append(relative_error(self._result[batch, head, ::step], shares @ value))
        return max(errors)


def memory_bytes() -> int:
    """What an attention takes at the most, from drawing its operands to checking its result."""
    return _MATRICES * _ELEMENT_BYTES * _BATCH * _HEADS * _TOKENS * _HEAD_SIZE


def measure(context: BenchmarkContext, name: str, budget_seconds: float) -> dict[str, Any]:
    """The figure `attention.<precision>`. Raises SkipError, and whatever torch raises."""
    deadline = time.monotonic() + budget_seconds
    accelerator = context.gpu
    require_supported(accelerator, name)
    context.guard.require(memory_bytes() + FLUSH_BYTES)
    return burst_figure(accelerator, Attention(accelerator, PRECISIONS[name].inputs), deadline)


FAMILY = Family("attention", measure, GPU, "Loads", {"bf16": FigurePlan("TFLOP/s", 3, 4)})
