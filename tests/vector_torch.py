"""As much of torch as moving memory asks for: FakeTorch with memory that several vectors share."""

import contextlib
import itertools
import math
import operator
import random
from types import SimpleNamespace

from fake_torch import FakeTorch

_ADDRESSES = itertools.count(4096, 4096)
_WORD = 2**64


class Memory(list):
    """Numbers with an address; `device` is cpu or cuda."""

    def __init__(self, numbers, device):
        super().__init__(numbers)
        self.device = device
        self.address = next(_ADDRESSES)


class Vector:
    """A view of a memory, row by row where `columns` is more than 1."""

    def __init__(self, torch, memory, places, columns=1):
        self.torch = torch
        self.memory = memory
        self.places = places
        self.columns = columns

    @property
    def numbers(self):
        return [self.memory[place] for place in self.places]

    @property
    def shape(self):
        return (len(self.places) // self.columns, self.columns)

    def made(self, numbers):
        return Vector(self.torch, Memory(numbers, self.memory.device), range(len(numbers)))

    def set(self, numbers):
        """Every operation that writes ends here, so this is where faults are."""
        torch = self.torch
        torch.work(1)
        if "writes nothing" in torch.faults:
            return self
        places = self.places
        if "writes half" in torch.faults:
            places = places[: len(places) // 2]
        for place, number in zip(places, numbers, strict=False):
            self.memory[place] = number
        return self

    def fill_(self, value):
        if math.isnan(value):  # spoiling always works
            return self._drawn(lambda: value)
        return self.set(itertools.repeat(value))

    def zero_(self):
        return self._drawn(lambda: 0)

    def random_(self):
        return self._drawn(lambda: random.randrange(2**63))  # noqa: S311 - nothing is kept secret

    def uniform_(self):
        return self._drawn(random.random)

    def _drawn(self, draw):
        for place in self.places:
            self.memory[place] = draw()
        return self

    def copy_(self, other, non_blocking=False):
        self.torch.copies.append((other.memory.device, self.memory.device, non_blocking))
        return self.set(other.numbers)

    def to(self, device):
        return Vector(self.torch, Memory(self.numbers, device), range(len(self.places)))

    def view(self, _rows, columns):
        return Vector(self.torch, self.memory, self.places, columns)

    def double(self):
        return self

    def __getitem__(self, rows):
        if self.columns == 1:
            return Vector(self.torch, self.memory, self.places[rows])
        begin, end, _ = rows.indices(self.shape[0])
        places = self.places[begin * self.columns : end * self.columns]
        return Vector(self.torch, self.memory, places, self.columns)

    def _with(self, other, operation):
        others = other.numbers if isinstance(other, Vector) else itertools.repeat(other)
        return self.made([operation(a, b) for a, b in zip(self.numbers, others, strict=False)])

    def __add__(self, other):
        return self._with(other, operator.add)

    def __sub__(self, other):
        return self._with(other, operator.sub)

    def __rmul__(self, other):
        return self._with(other, operator.mul)

    def __eq__(self, other):
        return self._with(other, operator.eq)

    __hash__ = None

    def abs(self):
        return self.made([abs(number) for number in self.numbers])

    def max(self):
        return max(self.numbers)

    def all(self):
        return all(self.numbers)

    def any(self):
        return any(self.numbers)

    def sum(self):
        self.torch.work(1)
        return self.torch.wrapped(self.numbers)

    def data_ptr(self):
        return self.memory.address

    def numel(self):
        return len(self.places)


class VectorTorch(FakeTorch):
    """`faults`: `writes nothing` and `writes half`, `sums wrong`, `copies shared`."""

    def __init__(self, cuda=False, faults=(), seconds=0.002, **properties):
        super().__init__(cuda, faults, seconds, **properties)
        self.copies = []  # from where, to where, asynchronously
        self.streams = []
        self._pinned = {}
        self.cuda.Stream = self._stream
        self.cuda.current_stream = lambda: self._current
        self.cuda.stream = self._in_stream
        self._current = self._stream()

    def _stream(self):
        waits = []
        stream = SimpleNamespace(waits=waits, wait_stream=waits.append)
        self.streams.append(stream)
        return stream

    @contextlib.contextmanager
    def _in_stream(self, stream):
        before, self._current = self._current, stream
        yield
        self._current = before

    def set_num_threads(self, threads):
        pass

    def Generator(self, device=None):  # noqa: N802 - torch's name
        return super().Generator(device)

    def empty(self, shape, dtype, device="cpu", pin_memory=False):
        rows, columns = shape if isinstance(shape, tuple) else (shape, 1)
        memory = Memory([12345] * (rows * columns), device)
        if pin_memory:
            self._pinned[memory.address] = memory
        return Vector(self, memory, range(rows * columns), columns)

    def zeros(self, shape, dtype, device="cpu"):
        return self.empty(shape, dtype, device).zero_()

    def full(self, shape, value, dtype=None, device="cpu"):
        if len(shape) > 1:
            return super().full(shape, value, dtype, device)
        return Vector(self, Memory([value] * shape[0], device), range(shape[0]))

    def ones(self, shape, dtype=None):
        return super().ones(shape, dtype)

    def randn(self, shape, generator, device="cpu", dtype=None):
        return super().randn(shape, generator, device, dtype)

    def rand(self, shape, generator):
        size = shape[0] * shape[1]
        return Vector(self, Memory([generator.random() for _ in range(size)], "cpu"), range(size))

    def mul(self, column, row, out):
        for place, (a, b) in zip(
            out.places, itertools.product(column.numbers, row.numbers), strict=True
        ):
            out.memory[place] = a * b

    def add(self, left, right, alpha, out):
        out.set([a + alpha * b for a, b in zip(left.numbers, right.numbers, strict=True)])

    def bitwise_not(self, source, out):
        for place, number in zip(out.places, source.numbers, strict=True):
            out.memory[place] = ~number

    def bitwise_xor(self, source, mask, out):
        out.set([number ^ mask for number in source.numbers])

    def sum(self, source, dim, out):
        rows, columns = source.shape
        assert (dim, len(out.places)) == (1, rows)
        out.set(
            [
                self.wrapped(source.numbers[begin : begin + columns])
                for begin in range(0, rows * columns, columns)
            ]
        )

    def wrapped(self, numbers):
        """Their sum in 64 bits."""
        total = sum(numbers) + ("sums wrong" in self.faults)
        return (total + _WORD // 2) % _WORD - _WORD // 2

    def isnan(self, vector):
        return vector.made([math.isnan(number) for number in vector.numbers])

    def equal(self, one, other):
        return one.memory.device == other.memory.device and one.numbers == other.numbers

    def as_tensor(self, offered, device):
        interface = offered.__cuda_array_interface__
        memory = self._pinned[interface["data"][0]]
        if "copies shared" in self.faults:
            memory = Memory(memory, device)
        return Vector(self, memory, range(*interface["shape"]))
