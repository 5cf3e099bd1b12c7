"""The image's bill of materials, in CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json/).

In the image's build only: `sbom.py PIP_REPORT MODEL OUTPUT`. Packages, versions and hashes are
those of pip's installation report
(https://pip.pypa.io/en/stable/reference/installation-report/), which it writes after it has checked
each file against the lock.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

_BUILT = Path("/built")


def bill(report: dict[str, Any], model: Path, base: str, built: list[Path]) -> dict[str, Any]:
    """The document. Raises KeyError where pip's report names no SHA-256 of a package."""
    components = [
        _package(
            item["metadata"]["name"],
            item["metadata"]["version"],
            _archive_sha256(item["download_info"]["archive_info"]),
        )
        for item in report["install"]
    ]
    for wheel in built:
        name, version, *_ = wheel.name.split("-")
        components.append(_package(name, version, _sha256(wheel)))
    components.sort(key=lambda component: str(component["name"]))
    image, _, digest = base.partition("@")
    container: dict[str, Any] = {"type": "container", "name": image}
    if digest:
        container["hashes"] = [{"alg": "SHA-256", "content": digest.removeprefix("sha256:")}]
    weights = {
        "type": "machine-learning-model",
        "name": model.name,
        "hashes": [{"alg": "SHA-256", "content": _sha256(model)}],
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "components": [*components, weights, container],
    }


def _archive_sha256(archive: dict[str, Any]) -> str:
    # Before pip 23.1 only the form that PEP 610 has deprecated since is there.
    if "hashes" in archive:
        return str(archive["hashes"]["sha256"])
    algorithm, _, value = str(archive["hash"]).partition("=")
    if algorithm != "sha256":
        raise KeyError("sha256")
    return value


def _package(name: str, version: str, sha256: str) -> dict[str, Any]:
    normal = name.lower().replace("_", "-").replace(".", "-")
    return {
        "type": "library",
        "name": normal,
        "version": version,
        "purl": f"pkg:pypi/{normal}@{version.replace('+', '%2B')}",
        "hashes": [{"alg": "SHA-256", "content": sha256}],
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Write the document that the command line asks for."""
    report, model, output = map(Path, sys.argv[1:])
    built = sorted(_BUILT.glob("*.whl"))
    document = bill(json.loads(report.read_text()), model, os.environ.get("BASE", ""), built)
    output.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
