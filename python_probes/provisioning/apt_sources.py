"""Which of apt's sources name a repository, by what apt itself understands of them.

apt reads two formats, fills in `$(ARCH)`, skips what is disabled, and then refuses all of its
sources where two of them want different keys for one repository. So apt is asked, file by file,
since asked for all it would say nothing of any then.
"""

from __future__ import annotations

import posixpath
import re
import tempfile
from typing import NamedTuple
from urllib.parse import urlsplit

from ..core.system import CommandError, System

_MAIN = "/etc/apt/sources.list"
_PARTS = "/etc/apt/sources.list.d"
# apt ignores files with other names.
_NAME = re.compile(r"[\w:-][\w:.-]*\.(?:list|sources)", re.ASCII)
# Of indices that were not fetched yet, too.
_INDEX_TARGETS = ("apt-get", "indextargets", "--no-release-info", "--format")
_FORMAT = "$(REPO_URI)\t$(BASE_URI)\t$(CREATED_BY)\t$(COMPONENT)\t$(ARCHITECTURE)"
_SECONDS = 30.0
_DEFAULT_PORTS = (None, 80, 443)


class Index(NamedTuple):
    """One index that apt would fetch; of a flat repository apt knows no component, no architecture.

    `uri` is as apt compares it, `repository` the folder of the Release file as `_place` writes it,
    `kind` what apt calls `Packages`, `Sources`, ...
    """

    uri: str
    repository: str
    kind: str
    component: str
    architecture: str


class Naming(NamedTuple):
    """Other files that name a repository: those that offer all that is wanted of it, and others."""

    serving: list[str]
    lacking: list[str]


def naming(system: System, content: str, own: str) -> Naming:
    """Who names the repository of a deb822 source, `content`, besides the file `own`.

    Raises CommandError where apt does not answer, or cannot read `content`.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".sources") as file:
        file.write(content)
        file.flush()
        wanted = {index[1:] for index in _indices(system, file.name) if index.kind == "Packages"}
    repositories = {repository for repository, *_ in wanted}
    found = Naming([], [])
    for name in _files(system):
        named = {index[1:] for index in _readable(system, name) if index.repository in repositories}
        if named and name != own:
            (found.serving if wanted <= named else found.lacking).append(name)
    return found


def conflict(system: System) -> str:
    """Why apt cannot read its sources, with the files that it means; empty where it can."""
    try:
        system.run(*_INDEX_TARGETS, "", timeout=_SECONDS)
    except CommandError as error:
        reason = str(error)
    else:
        return ""
    files = [
        name
        for name in _files(system)
        if name in reason or any(f" {index.uri} " in reason for index in _readable(system, name))
    ]
    return f"{reason} (in {' and '.join(files)})" if files else reason


def _files(system: System) -> list[str]:
    names = [f"{_PARTS}/{name}" for name in system.list(_PARTS) if _NAME.fullmatch(name)]
    return [name for name in (_MAIN, *names) if system.exists(name)]


def _readable(system: System, name: str) -> set[Index]:
    """The indices of a file; none where apt cannot read it, as `conflict` says then."""
    try:
        return _indices(system, str(system.path(name)))
    except CommandError:
        return set()


def _indices(system: System, path: str) -> set[Index]:
    alone = (f"--option=Dir::Etc::sourcelist={path}", "--option=Dir::Etc::sourceparts=/dev/null")
    answer = system.run(*_INDEX_TARGETS, _FORMAT, *alone, timeout=_SECONDS)
    fields = [line.split("\t") for line in answer.splitlines()]
    return {Index(uri, _place(folder), *rest) for uri, folder, *rest in fields}


def _place(uri: str) -> str:
    """Host and path of a URI in one way to write them, without user and password."""
    try:
        url = urlsplit(uri)
        port = "" if url.port in _DEFAULT_PORTS else f":{url.port}"
    except ValueError:
        return uri
    scheme = "" if url.scheme in ("http", "https") else f"{url.scheme}:"
    path = posixpath.normpath("/" + url.path.lstrip("/"))
    return f"{scheme}//{url.hostname or ''}{port}{path}"
