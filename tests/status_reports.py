"""Gate reports and statuses for the tests of the status. SYNTHETIC: nothing measured this."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import documents as made

from foundation.documents import store
from foundation.evaluation import gate
from foundation.profiles.criteria import load_profiles
from foundation.status.status_report import status

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=2)


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
    stored = made.spark(name)
    uuid = f"GPU-00000000-0000-4000-8000-{name.encode().hex()[-12:]}"
    for document in stored.values():
        document["identity"]["gpu_uuids"] = [uuid]
    stored["hardware_baseline"]["data"]["gpu"]["devices"][0]["uuid"] = uuid
    return stored


def dead(name):
    """A Spark that was measured and no longer answers."""
    live = made.live_state(name, reachable=False, reason="no route to host")
    return spark(name) | {"live_state": live}


def old_driver(stored):
    """WS-01 fails: a driver that is too old."""
    for document in stored.values():
        made.change(document, "identity.driver", "580.82.09")
    made.change(stored["hardware_baseline"], "data.gpu.driver_version", "580.82.09")
    return stored


def slow(stored):
    """WS-03 fails: the disk answers fewer requests than a Spark's does."""
    figures = stored["benchmark"]["data"]["figures"]
    figures["storage.random_read"] = made.disk_figure(900.0, "IOPS", p50=1000.0)
    return stored


def of(judged, previous=None, now=NOW, **options):
    """The status that follows from a report, valid by schema."""
    made_status = status(judged, previous, now, **options)
    store.validate(made_status)
    return made_status


def states(document):
    return [entry["status"] for entry in document["workstreams"].values()]


def only(document):
    """The one blocker of a status."""
    (blocker,) = document["blockers"]
    return blocker
