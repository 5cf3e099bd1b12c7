"""What torch's device says of itself, and how work on it is timed."""

from fake_torch import FakeTorch

from python_probes.benchmark.measuring.accelerator import Accelerator


def test_a_device_describes_itself():
    accelerator = Accelerator(FakeTorch(cuda=True, is_integrated=1))

    assert accelerator.describe() == {
        "kind": "cuda",
        "name": "NVIDIA Fake",
        "compute_capability": "12.1",
        "memory_total_bytes": 2**37,
    }
    assert accelerator.uuid == "GPU-0000-1111"
    assert accelerator.capability == (12, 1)
    assert accelerator.cache_bytes == 2**25
    assert accelerator.free_bytes() is None  # unified memory: the host's counts
    assert Accelerator(FakeTorch(cuda=True)).free_bytes() == 2**36


def test_a_gpu_is_timed_by_its_own_clock_call_by_call():
    torch = FakeTorch(cuda=True, seconds=0.5)
    accelerator = Accelerator(torch)
    amounts = iter([1, 2, 3])

    seconds = accelerator.seconds_each(lambda: torch.work(next(amounts)), lambda: torch.work(10), 3)

    assert seconds == [0.5, 1.0, 1.5]
    assert accelerator.seconds(lambda: torch.work(4)) == 2.0
    assert accelerator.clock == "CUDA events"


def test_the_two_events_of_a_call_take_turns_as_its_start():
    torch = FakeTorch(cuda=True, seconds=0.5)
    accelerator = Accelerator(torch)
    events, recorded = [], []

    class Event(torch.cuda.Event(enable_timing=True).__class__):
        def record(self):
            super().record()
            recorded.append(self)

    torch.cuda.Event = lambda enable_timing: events.append(Event(torch)) or events[-1]

    def burst(count):
        recorded.clear()
        seconds = accelerator.seconds_each(lambda: torch.work(1), lambda: None, count)
        assert seconds == [0.5] * count
        return [events.index(event) for event in recorded]

    assert burst(2) == [0, 1, 2, 3]
    assert burst(2) == [1, 0, 3, 2]
    assert burst(2) == [0, 1, 2, 3]
    assert burst(1) == [4, 5]
    assert burst(2) == [6, 7, 8, 9]
