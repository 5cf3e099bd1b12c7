"""Work for a GPU whose result can be spoiled before it is timed and checked afterwards."""

from __future__ import annotations

import math
from typing import Any, Protocol

from .figure import SkipError

_CHECKED = 64


class Load(Protocol):
    """One call of a GPU library, its operands and its result.

    `operations` are those of one call, counted as `text` says. `error_limit` is the largest error
    accepted, in root mean squares of the result: some times what rounding makes, and far below
    what a wrong kernel makes.
    """

    operations: int
    text: str
    parameters: dict[str, Any]
    error_limit: float

    def run(self) -> None:
        """Ask the device for one call; returns before it is done."""

    def spoil(self) -> None:
        """Fill the result with what no right result holds."""

    def error(self) -> float:
        """How far a sample of the result is off, see `relative_error`; NaN where it is spoiled."""


def relative_error(actual: Any, expected: Any) -> float:
    """The largest difference over the root mean square of `expected`, which is float64.

    NaN where either holds a NaN.
    """
    difference = float((actual.double() - expected).abs().max())
    return difference / math.sqrt(float(expected.square().mean()))


def sample_step(size: int) -> int:
    """The step through `size` things by which about 64 are met; 1 where there are fewer.

    It is odd, so that every place of a kernel's tiles is met.
    """
    return max(0, size // _CHECKED - 1) | 1


def checked(load: Load) -> dict[str, Any]:
    """The parameters that say how far the load's last result is off.

    Raises SkipError where that is over the limit.
    """
    error = load.error()
    if not error <= load.error_limit:  # also true for NaN
        raise SkipError(
            f"the result is wrong: off by {error:.3g} of its root mean square, at most "
            f"{load.error_limit:g} expected"
        )
    return {"checked_error": error, "error_limit": load.error_limit}
