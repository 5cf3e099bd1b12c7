"""This project and the packages that it runs with, as one archive: bundle.py FILE.

The test host has no package index; what is installed here is brought there.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = Path(__file__).parents[2]
SITE = ".venv/lib/python3.11/site-packages"
# Only pictures need it, and no run of the status draws one.
LEFT_OUT = {"matplotlib"}


def needed(name: str, extras: set[str], found: dict[str, set[str]]) -> None:
    """Add a package and what it requires, with extras, to what was found."""
    if name in LEFT_OUT or extras | {""} <= found.get(name, set()):
        return
    found.setdefault(name, set()).update(extras | {""})
    for text in distribution(name).requires or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
            needed(requirement.name, set(requirement.extras), found)


def main(path: str) -> None:
    """Write the archive."""
    found: dict[str, set[str]] = {}
    needed("dgx-spark-foundation", set(), found)
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, check=True, capture_output=True, text=True
    )
    with tarfile.open(path, "w") as archive:
        for name in tracked.stdout.splitlines():
            archive.add(PROJECT / name, name)
        for name in found:
            try:
                files = distribution(name).files or []
            except PackageNotFoundError:
                continue
            for file in files:
                if ".." not in file.parts and not file.name.endswith((".pyc", ".pth")):
                    archive.add(file.locate(), f"{SITE}/{file}")


if __name__ == "__main__":
    main(sys.argv[1])
