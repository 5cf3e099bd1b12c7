"""Where the image comes from: it is there already, built here, or loaded from an archive."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from python_probes.core.source import REVISION_VARIABLE, describe
from python_probes.core.system import System

from ..shared.smoke_test_status import PrerequisiteError
from .command_budget import Budget, StageError
from .container_engines import Engine

PROJECT = Path(__file__).resolve().parents[2]
# What a host is given, or images of one revision would have two names: see source_archive.py.
_CONTEXT = ("python_probes", "repro", "roles/probe_runtime/files")
_LEFT_OUT = Path("repro/training")
_NAME = "localhost/dgx-spark-foundation-repro"
_SOURCES_LABEL = "dgx-spark-foundation.sources"
_ARCHITECTURES = {"aarch64": "arm64", "x86_64": "amd64"}
_LOADED = re.compile(r"Loaded image(?:\(s\))?:\s*(\S+)")
_DEFAULT_EPOCH = "1767225600"  # as in the Dockerfile


class BuildError(PrerequisiteError):
    """The image cannot be built here; where no engine was named, the test can do without it."""


def sources_sha256(project: Path = PROJECT) -> str:
    """SHA-256 over the names and contents of all that the image is built from."""
    digest = hashlib.sha256()
    for path in source_files(project):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(project).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def source_files(project: Path = PROJECT) -> Iterator[Path]:
    """All that the image is built from, the training code left out."""
    for folder in _CONTEXT:
        for path in sorted((project / folder).rglob("*")):
            below = path.relative_to(project)
            if _LEFT_OUT in below.parents or not path.is_file():
                continue
            if not any(part == "__pycache__" or part.startswith(".") for part in below.parts):
                yield path


class ImageSource:
    """Finds, builds or loads the image of these sources for one engine."""

    def __init__(
        self, engine: Engine, budget: Budget, arguments: Sequence[str], wheels: Path | None
    ) -> None:
        self._engine = engine.name
        self._budget = budget
        self._arguments = tuple(arguments)
        self._wheels = wheels
        self._sources = sources_sha256()
        choices = "\n".join((self._sources, *sorted(self._arguments)))
        self._tag = f"{_NAME}:{hashlib.sha256(choices.encode()).hexdigest()[:16]}"
        self.is_new = False
        """Whether the image was not there before."""

    def ready(self, archive: Path | None) -> dict[str, Any]:
        """The image's description for the document, once it is there.

        Raises PrerequisiteError, StageError and BudgetError.
        """
        if archive is not None:
            return self._loaded(archive)
        found = self._inspect(self._tag)
        if found is None:
            self._build()
            found = self._inspect(self._tag)
        if found is None:
            raise StageError(f"{self._engine} has no image {self._tag} after building it", 1)
        return found

    def save(self, name: str, archive: Path) -> None:
        """Write the image to an archive. Raises StageError, BudgetError and OSError."""
        partial = archive.with_name(f".{archive.name}.part")
        partial.unlink(missing_ok=True)
        try:
            self._run("save", "--output", str(partial), name, stage="save")
            partial.replace(archive)
        finally:
            partial.unlink(missing_ok=True)

    def _build(self) -> None:
        epoch = os.environ.get("SOURCE_DATE_EPOCH", _DEFAULT_EPOCH)
        values = {
            "SOURCE_REVISION": _revision(),
            "SOURCES_SHA256": self._sources,
            "SOURCE_DATE_EPOCH": epoch,
        }
        command = ["build", "--file", str(PROJECT / "repro" / "Dockerfile"), "--tag", self._tag]
        for argument in (*self._arguments, *(f"{key}={value}" for key, value in values.items())):
            command += ["--build-arg", argument]
        if self._wheels is not None:
            command += ["--build-context", f"wheels={self._wheels.resolve()}"]
        if self._engine == "podman":
            # OCI's own format has no health check; the time stamps are BuildKit's own concern.
            command += ["--format", "docker", "--timestamp", epoch]
        try:
            self._run(*command, str(PROJECT))
            self.is_new = True
        except StageError as error:
            raise BuildError(
                f"{self._engine} cannot build the image: {error}; on a host without network use "
                "--archive, see docs/reproducibility.md"
            ) from error

    def _loaded(self, archive: Path) -> dict[str, Any]:
        if not os.access(archive, os.R_OK) or not archive.is_file():
            raise PrerequisiteError(
                f"{archive}: not a readable file; make it elsewhere with: repro/run.sh --save FILE"
            )
        listed = self._run(
            "images", "--quiet", "--no-trunc", "--filter", f"label={_SOURCES_LABEL}={self._sources}"
        ).split()
        if listed:
            return self._checked(listed[0], archive)
        try:
            output = self._run("load", "--input", str(archive))
            self.is_new = True
        except StageError as error:
            raise PrerequisiteError(f"{archive}: {self._engine} cannot load it: {error}") from error
        name = _LOADED.search(output)
        if name is None:
            raise PrerequisiteError(f"{archive}: {self._engine} does not say what it loaded")
        return self._checked(name[1], archive)

    def _checked(self, name: str, archive: Path) -> dict[str, Any]:
        found = self._inspect(name)
        if found is None or found["sources_sha256"] != self._sources:
            raise PrerequisiteError(
                f"{archive}: its image was built from other sources; make it from this revision "
                "with: repro/run.sh --save FILE"
            )
        wanted = _ARCHITECTURES.get(platform.machine(), platform.machine())
        if found["architecture"] != wanted:
            raise PrerequisiteError(
                f"{archive}: the image is for {found['architecture']} and this host is {wanted}"
            )
        return found

    def _inspect(self, name: str) -> dict[str, Any] | None:
        """An image's description, or None where there is none of this name."""
        try:
            answer = json.loads(self._run("image", "inspect", name))[0]
        except StageError:
            return None
        labels = (answer.get("Config") or {}).get("Labels") or {}
        return {
            "name": name,
            "digest": f"sha256:{answer['Id'].removeprefix('sha256:')}",
            "architecture": answer.get("Architecture"),
            "size_bytes": answer.get("Size"),
            "sources_sha256": labels.get(_SOURCES_LABEL),
            "revision": labels.get("org.opencontainers.image.revision"),
        }

    def _run(self, *arguments: str, stage: str = "build") -> str:
        return self._budget.run(
            stage, [self._engine, *arguments], {"DOCKER_BUILDKIT": "1", "LC_ALL": "C"}
        )


def _revision() -> str:
    given = os.environ.get(REVISION_VARIABLE, "")
    return given or describe(System(), lambda code, message: None, PROJECT) or "unknown"
