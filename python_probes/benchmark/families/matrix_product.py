"""The product of two square matrices in each precision that GPUs have."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..measuring.accelerator import Accelerator
from ..measuring.figure import SkipError
from ..measuring.load import relative_error, sample_step
from .matrix_operands import Float4, Float8, Integers, Plain

_SEED = 20260401


@dataclass(frozen=True)
class Precision:
    """How one precision computes.

    `capability` is the first compute capability with units for it; `needs` are names of torch.
    `matmul` is torch's float32 matmul precision: `highest` keeps TF32 off. `error_limit` is that
    of a Load: rounding is 2^-24 for fp32, 2^-11 for tf32 and fp16, 2^-9 for results in bf16.
    `element_bytes` is what an element of the matrices takes while it is drawn, multiplied and
    checked, at the most and all matrices together.
    """

    operands: type[Plain]
    inputs: str
    result: str
    capability: tuple[int, int]
    error_limit: float
    element_bytes: int
    matmul: str = "highest"
    needs: tuple[str, ...] = ()


PRECISIONS = {
    "fp32": Precision(Plain, "float32", "float32", (0, 0), 1e-4, 19),
    "tf32": Precision(Plain, "float32", "float32", (8, 0), 1e-2, 19, matmul="high"),
    "fp16": Precision(Plain, "float16", "float16", (5, 3), 2e-2, 11),
    "bf16": Precision(Plain, "bfloat16", "bfloat16", (8, 0), 1e-1, 11),
    "int8": Precision(Integers, "int8", "int32", (7, 5), 0.0, 8, needs=("_int_mm",)),
    "fp8": Precision(
        Float8,
        "float8_e4m3fn",
        "bfloat16",
        (8, 9),
        1e-1,
        10,
        needs=("float8_e4m3fn", "_scaled_mm"),
    ),
    "nvfp4": Precision(
        Float4,
        "float4_e2m1fn_x2",
        "bfloat16",
        (10, 0),
        1e-1,
        18,
        needs=("float4_e2m1fn_x2", "float8_e4m3fn", "_scaled_mm"),
    ),
}


class MatrixProduct:
    """The load of one product of `size` by `size` matrices of normally distributed numbers."""

    def __init__(self, torch: Any, device: str, name: str, size: int) -> None:
        """Takes `memory_bytes` of the device. Raises whatever torch raises."""
        precision = PRECISIONS[name]
        self._torch = torch
        self._size = size
        generator = torch.Generator(device=device).manual_seed(_SEED)

        def draw(dtype: Any) -> Any:
            shape = (size, size)
            return torch.randn(shape, generator=generator, device=device, dtype=dtype)

        self._operands = precision.operands(torch, getattr(torch, precision.inputs), draw)
        dtype = getattr(torch, precision.result)
        self._integers = not dtype.is_floating_point
        self._poison = torch.iinfo(dtype).min if self._integers else math.nan
        self._result = torch.full((size, size), self._poison, dtype=dtype, device=device)
        self.operations = 2 * size**3
        self.error_limit = precision.error_limit
        self.text = (
            f"{precision.operands.call} of two {size}x{size} {precision.inputs} matrices of "
            f"normally distributed random numbers into a preallocated {precision.result} result; "
            "2 n^3 operations a product"
        )
        self.parameters = {
            "size": size,
            "dtype": precision.inputs,
            "result_dtype": precision.result,
            "tf32": precision.matmul == "high",
        }

    def run(self) -> None:
        """Ask for one product."""
        self._operands.multiply(self._result)

    def spoil(self) -> None:
        """Fill the result with NaN, or for integers with what no sum of products can be."""
        self._result.fill_(self._poison)

    def error(self) -> float:
        """The largest error on a sample of rows and columns; NaN where an element is no result."""
        result = self._result
        written = result != self._poison if self._integers else self._torch.isfinite(result)
        if not bool(written.all()):
            return math.nan
        step = sample_step(self._size)
        expected = self._operands.rows(step) @ self._operands.columns(step)
        return relative_error(result[::step, ::step], expected)


def memory_bytes(name: str, size: int) -> int:
    """What a product takes at the most, from drawing its operands to checking its result."""
    return PRECISIONS[name].element_bytes * size * size


def require_supported(accelerator: Accelerator, name: str) -> None:
    """Raises SkipError where this GPU or this torch does not have the precision."""
    precision = PRECISIONS[name]
    if accelerator.capability < precision.capability:
        needed, own = (
            ".".join(map(str, c)) for c in (precision.capability, accelerator.capability)
        )
        raise SkipError(f"{name} needs compute capability {needed} or newer, this GPU has {own}")
    torch = accelerator.torch
    for need in precision.needs:
        if not hasattr(torch, need):
            raise SkipError(f"{name} needs torch.{need}, which torch {torch.__version__} lacks")


@contextlib.contextmanager
def matmul_precision(torch: Any, name: str) -> Iterator[None]:
    """Multiply float32 matrices as a precision says, and afterwards as before."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(PRECISIONS[name].matmul)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
