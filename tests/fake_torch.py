"""As much of torch as the benchmark asks for, in plain Python, with faults to choose from.

Numbers are real: a product that is computed wrongly is wrong here too. On `cuda`, time passes on
a clock of its own, by a fixed amount for each operation.
"""

import math
import operator
import random
from types import SimpleNamespace

from python_probes.benchmark.families import gemm, sustained
from python_probes.benchmark.measuring import accelerator, bursts


def quick(monkeypatch, size=16):
    """Products of a small size, no ramp and no pauses: for figures over a FakeTorch."""
    monkeypatch.setattr(gemm, "_SIZE", size)
    monkeypatch.setattr(sustained, "_SIZE", size)
    monkeypatch.setattr(bursts, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(bursts, "_BURST_SECONDS", 1e-6)
    monkeypatch.setattr(accelerator, "_WARM_UP_SECONDS", 0.0)


class Tensor:
    def __init__(self, rows):
        self.rows = rows

    def double(self):
        return self

    def fill_(self, value):
        for row in self.rows:
            row[:] = [value] * len(row)

    def __getitem__(self, key):
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        return Tensor([row[columns] for row in self.rows[rows]])

    def __matmul__(self, other):
        columns = list(zip(*other.rows, strict=True))
        return Tensor(
            [[sum(map(operator.mul, row, column)) for column in columns] for row in self.rows]
        )

    def __sub__(self, other):
        pairs = zip(self.rows, other.rows, strict=True)
        return Tensor([[a - b for a, b in zip(x, y, strict=True)] for x, y in pairs])

    def abs(self):
        return Tensor([[abs(value) for value in row] for row in self.rows])

    def square(self):
        return Tensor([[value * value for value in row] for row in self.rows])

    def mean(self):
        return sum(map(sum, self.rows)) / sum(map(len, self.rows))

    def max(self):
        return max(value for row in self.rows for value in row)

    def all(self):
        return all(value for row in self.rows for value in row)


class Flat:
    """A vector that is copied whole."""

    def __init__(self, torch, content):
        self._torch = torch
        self.content = content

    def random_(self):
        self.content = object()
        return self

    def zero_(self):
        self.content = 0

    def copy_(self, other):
        self._torch.work(1)
        if "copy" not in self._torch.faults:
            self.content = other.content


class Event:
    def __init__(self, torch):
        self._torch = torch
        self.time = 0.0

    def record(self):
        self.time = self._torch.clock

    def synchronize(self):
        pass

    def elapsed_time(self, other):
        return (other.time - self.time) * 1000


class FakeTorch:
    """`faults`: `zeros` and `nothing` spoil products, `copy` a copy, `kernel` raises."""

    __version__ = "2.13.0+fake"
    float32 = SimpleNamespace(itemsize=4, is_floating_point=True)
    float16 = SimpleNamespace(itemsize=2, is_floating_point=True)
    bfloat16 = SimpleNamespace(itemsize=2, is_floating_point=True)
    int32 = SimpleNamespace(itemsize=4, is_floating_point=False)
    int64 = SimpleNamespace(itemsize=8)

    def __init__(self, cuda=False, faults=(), seconds=0.002, **properties):
        self.faults = set(faults)
        self.clock = 0.0
        self.seconds = seconds
        self.precision = "medium"
        self.products = []  # the float32 precision in force at each
        self.version = SimpleNamespace(cuda="13.0" if cuda else None)
        self._C = SimpleNamespace(_cuda_getArchFlags=lambda: "sm_90 sm_120")
        given = {
            "name": "NVIDIA Fake",
            "major": 12,
            "minor": 1,
            "total_memory": 2**37,
            "uuid": "0000-1111",
            "is_integrated": 0,
            "L2_cache_size": 2**25,
            **properties,
        }
        self.free = 2**36
        self.cuda = SimpleNamespace(
            is_available=lambda: cuda,
            get_device_properties=lambda _: SimpleNamespace(**given),
            mem_get_info=lambda _: (self.free, 2**37),
            synchronize=lambda: None,
            empty_cache=lambda: None,
            Event=lambda enable_timing: Event(self),
        )

    def work(self, amount):
        self.clock += self.seconds * amount

    def get_num_threads(self):
        return 2

    def get_float32_matmul_precision(self):
        return self.precision

    def set_float32_matmul_precision(self, precision):
        self.precision = precision

    def Generator(self, device):  # noqa: N802 - torch's name
        return SimpleNamespace(manual_seed=random.Random)

    def randn(self, shape, generator, device, dtype):
        return Tensor([[generator.gauss() for _ in range(shape[1])] for _ in range(shape[0])])

    def ones(self, shape, dtype):
        return Tensor([[1.0] * shape[1] for _ in range(shape[0])])

    def full(self, shape, value, dtype, device):
        return Tensor([[value] * shape[1] for _ in range(shape[0])])

    def isfinite(self, tensor):
        return Tensor([[math.isfinite(value) for value in row] for row in tensor.rows])

    def mm(self, left, right, out=None):
        if "kernel" in self.faults:
            raise RuntimeError("CUDA error: no kernel image is available\nfor execution")
        self.work(1)
        self.products.append(self.precision)
        if out is None or "nothing" in self.faults:
            return
        product = left @ right
        if "zeros" in self.faults:
            product.fill_(0.0)
        out.rows[:] = product.rows

    def empty(self, words, dtype, device):
        return Flat(self, None)

    def zeros(self, words, dtype, device):
        return Flat(self, 0)

    def equal(self, one, other):
        return one.content is other.content
