"""Benchmark runs of a host over time, for baselines, histories, pictures and targets. SYNTHETIC."""

import math
import random
import statistics

import documents as made

from foundation.documents import store as document_store
from foundation.history import accepted_baseline
from foundation.profiles.criteria import load_profiles


def run(host=made.HOST, collected=made.COLLECTED, factor=1.0, noise=0.0, document=None):
    """A valid document of level full; `noise` moves each figure by a part of its own."""
    document = document or made.full_benchmark(host)
    document["collected_at"] = collected
    chance = random.Random(f"{host} {collected}")  # noqa: S311 - no secret
    for one in document["data"]["figures"].values():
        scale(one, factor * (1 + noise * chance.uniform(-1, 1)))
        one["started_at"] = collected
    return document


def scale(figure, factor):
    """Make a figure faster or slower in all its samples."""
    figure["samples"] = [sample * factor for sample in figure["samples"]]
    figure["value"] = statistics.median(figure["samples"])
    return figure


def spark(host=made.HOST, **changes):
    """All documents of a Spark whose benchmark is `run(...)`."""
    return made.spark(host) | {"benchmark": run(host, **changes)}


def accepted(stored=None):
    """The baseline of a Spark's run."""
    stored = stored or spark()
    host = stored["benchmark"]["host"]
    return accepted_baseline.make(host, stored, load_profiles("auto"), made.NOW)[0]


def store(folder, stored):
    """Write documents by kind as the playbooks do."""
    for kind, document in stored.items():
        document_store.write(document, document_store.path(folder, document["host"], kind))
    return folder


def series(seconds=600, step=2):
    """A load that heats its GPU: the clock falls a little and then holds."""
    times = list(range(0, seconds, step))
    heat = [1 - math.exp(-second / 90) for second in times]
    return {
        "seconds": times,
        "value": [None if i == 0 else 92 - 4 * h + 0.3 * math.sin(i) for i, h in enumerate(heat)],
        "sm_clock_mhz": [2480 - 60 * h + 8 * math.sin(2 * i) for i, h in enumerate(heat)],
        "power_watts": [None if i == 40 else 78 + 11 * h for i, h in enumerate(heat)],
        "temperature_celsius": [round(38 + 36 * h) for h in heat],
    }
