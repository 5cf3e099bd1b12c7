"""The files of a hand-off, from documents and the gate's report: the same input, the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from python_probes.core.version import VERSION

from ..core.errors import DocumentError
from ..core.workstreams import HARDWARE
from ..documents.schema_registry import first_fault, version
from ..evaluation.verified_report import VerifiedReport
from . import interface_team, model_team
from .parts import Part, Parts
from .redaction import Redaction
from .toolchain import Toolchain

PARTS: Mapping[str, tuple[str, ...]] = {
    "model": ("hardware_baseline", "versions", "unified_memory"),
    "interface": ("cpu", "terminal", "performance"),
}
"""The files of each part, without `.json`; a `manifest.json` stands beside them."""
MANIFEST = "manifest.json"


def build(
    verified: VerifiedReport, toolchain: Toolchain, keep_names: bool = False
) -> dict[str, bytes]:
    """The files by their path below the hand-off's folder.

    `keep_names` leaves hosts the names of the inventory. Raises RefusedError until WS-01 is
    complete, and DocumentError where a file would break its schema.
    """
    verified.require_complete(HARDWARE.name, "hand-off")
    report = verified.report
    redaction = Redaction(report["hosts"], keep_names)
    parts = {name: Parts(redaction) for names in PARTS.values() for name in names}
    hosts: dict[str, Part] = {}
    allocatable: dict[str, Part] = {}
    notes: dict[str, None] = {}
    speed = interface_team.Speed()
    for host in verified.hosts():
        model_team.hardware_baseline(parts["hardware_baseline"], host)
        model_team.versions(parts["versions"], host)
        model_team.unified_memory(parts["unified_memory"], host)
        interface_team.cpu(parts["cpu"], host, toolchain)
        interface_team.terminal(parts["terminal"], host)
        speed.add(parts["performance"], host)
        alias = redaction.host(host.name)
        hosts[alias] = {"verdict": host.entry["verdict"], "profile": host.entry["profile"]}
        allocatable[alias] = model_team.allocatable(host)
        if host.profile.note:
            notes[host.profile.note] = None
    alike = {name: {"configurations": one.alike()} for name, one in parts.items()}
    architectures = {one["architecture"] for one in alike["unified_memory"]["configurations"]}
    contents: dict[str, Part] = {
        **alike,
        "hardware_baseline": {"hosts": hosts, **alike["hardware_baseline"]},
        "unified_memory": {
            "measured": {**alike["unified_memory"], "when_collected": allocatable},
            "documented": model_team.documentation(architectures),
        },
        "performance": speed.content(),
    }
    files: dict[str, bytes] = {}
    for part, names in PARTS.items():
        own = {
            f"{name}.json": _encode(
                f"handoff_{name}", {**contents[name], "problems": parts[name].problems()}, verified
            )
            for name in names
        }
        manifest = {
            "part": part,
            "redacted": not keep_names,
            "gate": {
                "verdict": report["verdict"],
                "workstreams": {n: w["status"] for n, w in report["workstreams"].items()},
            },
            "hosts": len(hosts),
            "profiles": dict(sorted(Counter(h["profile"] for h in hosts.values()).items())),
            "notes": list(notes),
            "files": {
                name: {
                    "kind": f"handoff_{name.removesuffix('.json')}",
                    "schema_version": version(f"handoff_{name.removesuffix('.json')}"),
                    "bytes": len(content),
                    "sha256": hashlib.sha256(content).hexdigest(),
                }
                for name, content in own.items()
            },
        }
        own[MANIFEST] = _encode("handoff_manifest", manifest, verified)
        files |= {f"{part}/{name}": content for name, content in own.items()}
    return files


def _encode(kind: str, content: Mapping[str, Any], verified: VerifiedReport) -> bytes:
    """The bytes of a file, checked against the schema of its kind. Raises DocumentError."""
    document = {
        "schema_version": version(kind),
        "kind": kind,
        "tool": {"name": "dgx-spark-foundation", "version": VERSION},
        "judged_at": verified.report["generated_at"],
        **content,
    }
    fault = first_fault(kind, document)
    if fault is not None:
        raise DocumentError(f"{kind}: {fault}; this is a fault of the program: report it")
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False, sort_keys=False)
    return f"{text}\n".encode()
