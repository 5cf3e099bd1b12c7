"""Convolution throughput: a stack of 3x3 layers, as vision models have them."""

from __future__ import annotations

import math
import time
from typing import Any

from ..measuring.accelerator import Accelerator
from ..measuring.bursts import FLUSH_BYTES, burst_figure
from ..measuring.context import BenchmarkContext
from ..measuring.family import GPU, Family, FigurePlan
from ..measuring.load import relative_error, sample_step
from .matrix_product import PRECISIONS, require_supported

_IMAGES, _CHANNELS, _SIDE, _LAYERS = 32, 256, 64, 4
_KERNEL = 3
_TAPS = _CHANNELS * _KERNEL**2  # products in one output
_SEED = 20260403
_ELEMENT_BYTES = 2
_IMAGE_SETS = 2 * _LAYERS + 4  # input and outputs; what cuDNN and checking take


class Convolutions:
    """The load of a stack of layers over normally distributed random numbers, channels last."""

    error_limit = 1e-1

    def __init__(self, accelerator: Accelerator, dtype: str) -> None:
        """`dtype` is a torch type of 2 bytes. Takes `memory_bytes`. Raises what torch raises."""
        torch = accelerator.torch
        self._torch = torch
        generator = torch.Generator(device=accelerator.device).manual_seed(_SEED)

        def draw(*shape: int) -> Any:
            return torch.randn(
                shape, generator=generator, device=accelerator.device, dtype=getattr(torch, dtype)
            ).to(memory_format=torch.channels_last)

        self._images = draw(_IMAGES, _CHANNELS, _SIDE, _SIDE)
        # So scaled that the numbers stay of one size from layer to layer.
        self._weights = [
            draw(_CHANNELS, _CHANNELS, _KERNEL, _KERNEL) / math.sqrt(_TAPS) for _ in range(_LAYERS)
        ]
        self._outputs: list[Any] = []
        self.operations = _LAYERS * 2 * _IMAGES * _SIDE**2 * _CHANNELS * _TAPS
        self.text = (
            f"{_LAYERS} layers of torch conv2d, {_KERNEL}x{_KERNEL}, padding 1, {_CHANNELS} to "
            f"{_CHANNELS} channels, {_IMAGES} images of {_SIDE}x{_SIDE}, {dtype}, channels last, "
            "no bias and no activation, of normally distributed random numbers, the fastest "
            f"algorithm that cuDNN found; 2 n h w {_CHANNELS} {_CHANNELS} {_KERNEL**2} operations "
            "a layer"
        )
        self.parameters = {
            "layers": _LAYERS,
            "images": _IMAGES,
            "channels": _CHANNELS,
            "side": _SIDE,
            "kernel": _KERNEL,
            "dtype": dtype,
            "channels_last": True,
        }

    def run(self) -> None:
        """Ask for all layers."""
        self._outputs.clear()  # their memory is taken again, so what spoils it is met
        numbers = self._images
        for weight in self._weights:
            numbers = self._torch.nn.functional.conv2d(numbers, weight, padding=_KERNEL // 2)
            self._outputs.append(numbers)

    def spoil(self) -> None:
        """Fill every layer's result with NaN."""
        for output in self._outputs:
            output.fill_(math.nan)

    def error(self) -> float:
        """The largest error on a sample of pixels of the first and last image after each layer.

        Each layer is computed from what the device made of the layer before.
        """
        torch = self._torch
        step = sample_step(_SIDE**2)
        errors = []
        inputs = [self._images, *self._outputs]
        for numbers, weight, output in zip(inputs, self._weights, self._outputs, strict=False):
            if not bool(torch.isfinite(output).all()):
                return math.nan
            some = slice(None, None, _IMAGES - 1)
            # Every pixel's neighborhood as a column: no convolution library checks another.
            columns = torch.nn.functional.unfold(
                numbers[some].double(), _KERNEL, padding=_KERNEL // 2
            )
            expected = weight.double().reshape(_CHANNELS, _TAPS) @ columns[:, :, ::step]
            errors.append(relative_error(output[some].flatten(2)[:, :, ::step], expected))
        return max(errors)


def memory_bytes() -> int:
    """What the stack takes at the most, from drawing its operands to checking its result."""
    checking = 2 * 8 * _SIDE**2 * _TAPS  # the float64 columns of two images
    return _IMAGE_SETS * _ELEMENT_BYTES * _IMAGES * _CHANNELS * _SIDE**2 + checking


def measure(context: BenchmarkContext, name: str, budget_seconds: float) -> dict[str, Any]:
    """The figure `convolution.<precision>`. Raises SkipError, and whatever torch raises."""
    deadline = time.monotonic() + budget_seconds
    accelerator = context.gpu
    require_supported(accelerator, name)
    context.guard.require(memory_bytes() + FLUSH_BYTES)
    cudnn = accelerator.torch.backends.cudnn
    before = cudnn.benchmark
    cudnn.benchmark = True
    try:
        return burst_figure(
            accelerator, Convolutions(accelerator, PRECISIONS[name].inputs), deadline
        )
    finally:
        cudnn.benchmark = before


FAMILY = Family("convolution", measure, GPU, "Loads", {"bf16": FigurePlan("TFLOP/s", 3, 4)})
