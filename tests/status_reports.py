"""Gate reports and statuses for the tests of the status. SYNTHETIC: nothing measured this."""

from __future__ import annotations

from datetime import UTC, datetime

import documents as made

from foundation import gate
from foundation.criteria import load_profiles

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)


def verdict(fleet, now=NOW):
    """The report of the gate as it is."""
    return gate.evaluate(load_profiles("auto"), fleet, [], now)


def report(fleet, now=NOW, not_judged=()):
    """The same, with what was judged and what was left out."""
    judged = verdict(fleet, now)
    for name, host in judged["hosts"].items():
        host["documents"] = {k: d["collected_at"] for k, d in fleet[name].items()}
    judged["not_judged"] = sorted(not_judged)
    return judged


def sparks(count=3):
    """Healthy Sparks by name, each with a GPU of its own."""
    return {name: spark(name) for name in (f"spark-{i:02d}" for i in range(1, count + 1))}


def spark(name):
    documents = made.spark(name)
    uuid = f"GPU-00000000-0000-4000-8000-{name.encode().hex()[-12:]}"
    for document in documents.values():
        document["identity"]["gpu_uuids"] = [uuid]
    documents["hardware_baseline"]["data"]["gpu"]["devices"][0]["uuid"] = uuid
    return documents


def dead(name):
    """A Spark that was measured and no longer answers."""
    documents = spark(name)
    documents["live_state"] = made.live_state(name, reachable=False, reason="no route to host")
    return documents


def old_driver(documents):
    """WS-01 fails: a driver with a known fault."""
    for kind in documents:
        made.change(documents[kind], "identity.driver", "580.159.03")
    made.change(documents["hardware_baseline"], "data.gpu.driver_version", "580.159.03")
    return documents


def slow(documents):
    """WS-03 fails: the disk answers fewer requests than a Spark's does."""
    figures = documents["benchmark"]["data"]["figures"]
    figures["storage.random_read"] = made.disk_figure(900.0, "IOPS", p50=1000.0)
    return documents
