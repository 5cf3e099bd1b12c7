"""The two square matrices of a product, in the forms that torch's kernels take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import nvfp4

_INTEGER_DEVIATION, _LARGEST_INTEGER = 32, 127

Draw = Callable[[Any], Any]
"""A new matrix of normally distributed random numbers of a torch type that can be drawn."""


class Plain:
    """Floating-point numbers, both matrices row by row."""

    call = "torch.mm"

    def __init__(self, torch: Any, dtype: Any, draw: Draw) -> None:
        self._torch = torch
        self._left, self._right = draw(dtype), draw(dtype)

    def multiply(self, result: Any) -> None:
        """Ask for one product into `result`."""
        self._torch.mm(self._left, self._right, out=result)

    def rows(self, step: int) -> Any:
        """Every `step`th row of the left matrix in float64."""
        return self._left[::step].double()

    def columns(self, step: int) -> Any:
        """Every `step`th column of the right matrix in float64."""
        return self._right[:, ::step].double()


class Integers(Plain):
    """Whole numbers of 8 bits. Their kernels want the right matrix column by column."""

    call = "torch._int_mm"

    def __init__(self, torch: Any, dtype: Any, draw: Draw) -> None:
        def whole() -> Any:
            drawn = draw(torch.float32).mul_(_INTEGER_DEVIATION).round_()
            return drawn.clamp_(-_LARGEST_INTEGER, _LARGEST_INTEGER).to(dtype)

        self._torch = torch
        self._left, self._right = whole(), whole().t()

    def multiply(self, result: Any) -> None:
        """Ask for one product into `result`."""
        self._torch._int_mm(self._left, self._right, out=result)


class Float8(Plain):
    """Floating-point numbers of 8 bits, one scale for a matrix; the right one column by column."""

    call = "torch._scaled_mm (one scale a matrix, no fast accumulation)"

    def __init__(self, torch: Any, dtype: Any, draw: Draw) -> None:
        self._torch = torch
        self._left, self._right = (draw(torch.float32).to(dtype) for _ in range(2))
        self._right = self._right.t()
        scale = torch.ones((), dtype=torch.float32, device=self._left.device)
        self._given = (self._left, self._right, scale, scale)

    def multiply(self, result: Any) -> None:
        """Ask for one product into `result`."""
        left, right, left_scale, right_scale = self._given
        self._torch._scaled_mm(
            left,
            right,
            scale_a=left_scale,
            scale_b=right_scale,
            out_dtype=result.dtype,
            out=result,
        )


class Float4(Float8):
    """NVFP4; the right matrix column by column."""

    call = "torch._scaled_mm (an E4M3 scale for each 16 numbers)"

    def __init__(self, torch: Any, dtype: Any, draw: Draw) -> None:
        self._torch = torch
        self._left, self._left_scales = nvfp4.quantize(torch, draw(torch.float32))
        self._right, self._right_scales = nvfp4.quantize(torch, draw(torch.float32))
        self._given = (
            self._left.view(dtype),
            self._right.view(dtype).t(),
            nvfp4.swizzle(self._left_scales),
            nvfp4.swizzle(self._right_scales),
        )

    def rows(self, step: int) -> Any:
        """Every `step`th row of the left matrix in float64."""
        return nvfp4.decode(self._torch, self._left[::step], self._left_scales[::step])

    def columns(self, step: int) -> Any:
        """Every `step`th column of the right matrix in float64."""
        return nvfp4.decode(self._torch, self._right[::step], self._right_scales[::step]).t()
