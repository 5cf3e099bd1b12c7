"""NVML's functions by name, and its errors as codes: what every user of pynvml here shares."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from .event_reasons import event_reason_names

Answer = Any
"""What an NVML function returns: a number, a text, a list or one of pynvml's structures."""

# nvml.h: clock domains, the sensor of the temperature, error kinds, and the counter of errors since
# the driver was loaded.
SM_CLOCK, MEMORY_CLOCK, GPU_SENSOR, CORRECTED, UNCORRECTED, SINCE_DRIVER_LOAD = 1, 2, 0, 0, 1, 0

# Names that say more than NVML's own.
_CODES = {"lib_rm_version_mismatch": "driver_library_mismatch", "unknown": "unknown_error"}
_ADVICE = {
    "driver_library_mismatch": "the loaded kernel module and the installed driver library differ; "
    "reboot, then reinstall the driver if it stays",
    "driver_not_loaded": "load the nvidia kernel module; see dmesg for why it is not",
    "gpu_is_lost": "see dmesg for Xid errors, then power the host off and on",
    "library_not_found": "install the NVIDIA driver's libnvidia-ml.so.1",
    "no_permission": "run as a user who may open /dev/nvidia*",
}
# Answers that an older function may better.
_NEXT_PLEASE = {"function_not_found", "not_supported", "argument_version_mismatch"}


class NvmlError(Exception):
    """NVML gave no usable answer; `code` is its error in lower case, such as `gpu_is_lost`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Nvml:
    """pynvml with its errors by name, also for functions that it lacks."""

    def __init__(self, pynvml: ModuleType) -> None:
        self._pynvml = pynvml
        self._names = {
            value: name.removeprefix("NVML_ERROR_").lower()
            for name, value in vars(pynvml).items()
            if name.startswith("NVML_ERROR_")
        }

    def ask(self, *calls: tuple[Any, ...]) -> Answer:
        """The first answer among `(function, *arguments)`, tried in turn. Raises NvmlError.

        Only a function that is absent or not supported passes the question on; a loss of the GPU
        never does. When none answers, NOT_SUPPORTED counts for more than an absent function.
        """
        failures: dict[str, NvmlError] = {}
        for call in calls:
            try:
                return self._ask_one(*call)
            except NvmlError as error:  # noqa: PERF203 - two calls at most
                if error.code not in _NEXT_PLEASE:
                    raise
                failures.setdefault(error.code, error)
        raise failures.get("not_supported") or next(iter(failures.values()))

    def _ask_one(self, function: str, *arguments: object) -> Answer:
        bound = getattr(self._pynvml, function, None)
        if bound is None:
            raise NvmlError("function_not_found", f"{function}: pynvml is too old to have it")
        try:
            return bound(*arguments)
        except self._pynvml.NVMLError as error:
            name = self._names.get(error.value, f"nvml_error_{error.value}")
            code = _CODES.get(name, name)
            advice = f"; {_ADVICE[code]}" if code in _ADVICE else ""
            raise NvmlError(code, f"{function}: {error}{advice}") from None
        except UnicodeDecodeError:
            raise NvmlError("unreadable", f"{function}: an answer that is not text") from None


@contextlib.contextmanager
def opened_gpus(library: Nvml) -> Iterator[list[Answer]]:
    """The handle of every GPU while NVML is open. Raises NvmlError."""
    library.ask(("nvmlInit",))
    try:
        count = library.ask(("nvmlDeviceGetCount",))
        yield [library.ask(("nvmlDeviceGetHandleByIndex", index)) for index in range(count)]
    finally:
        shut_down(library)


def shut_down(library: Nvml) -> None:
    """End what nvmlInit began; one that is gone already does not matter."""
    with contextlib.suppress(NvmlError):
        library.ask(("nvmlShutdown",))


def load_readers(library: Nvml, handle: Answer) -> dict[str, Callable[[], Answer]]:
    """What reads a GPU's load, by field of the documents; each raises NvmlError or ValueError."""
    ask = library.ask
    return {
        "sm_clock_mhz": lambda: ask(("nvmlDeviceGetClockInfo", handle, SM_CLOCK)),
        "power_watts": lambda: ask(("nvmlDeviceGetPowerUsage", handle)) / 1000,
        "temperature_celsius": lambda: ask(
            ("nvmlDeviceGetTemperatureV", handle, GPU_SENSOR),
            ("nvmlDeviceGetTemperature", handle, GPU_SENSOR),
        ),
        "utilization_percent": lambda: ask(("nvmlDeviceGetUtilizationRates", handle)).gpu,
        "event_reasons": lambda: event_reason_names(
            ask(
                ("nvmlDeviceGetCurrentClocksEventReasons", handle),
                ("nvmlDeviceGetCurrentClocksThrottleReasons", handle),
            )
        ),
    }


def or_none(read: Callable[[], Answer]) -> Answer | None:
    """What `read` gives, or None where NVML does not answer or answers nonsense."""
    try:
        return read()
    except (NvmlError, ValueError):
        return None
