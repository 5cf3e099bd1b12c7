"""Fixture: a box to replay, put together file by file and command by command.

`box` starts empty: no file below its root and no command on its PATH. Probes run in this process
through `box.collect`, the command line as a real process through `box.run`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from python_probes.core.identifiers import Identifiers
from python_probes.core.system import System

REPOSITORY = Path(__file__).resolve().parent.parent
GB10 = REPOSITORY / "tests" / "fixtures" / "gb10"


class Box:
    """A root folder, a PATH of its own, and the problems that probes noted."""

    def __init__(self, folder, monkeypatch):
        self.root = folder / "root"
        self.commands = folder / "bin"
        self.problems = []
        self._library = folder / "library"
        for made in (self.root, self.commands, self._library):
            made.mkdir()
        # Found before any real one, and refused by the loader: a host without NVML.
        (self._library / "libnvidia-ml.so.1").write_text("no library\n")
        monkeypatch.setenv("PATH", str(self.commands))
        self.system = System(self.root, command_timeout=5.0)

    def file(self, name, text="", mode=0o644):
        """Write a file below the root."""
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text + "\n")
        path.chmod(mode)

    def link(self, name, target):
        """Make a symbolic link below the root, to whatever the machine would call `target`."""
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def command(self, name, body):
        """Put a shell script on PATH, which finds the usual tools by full path only."""
        path = self.commands / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def says(self, name, text, status=0):
        """Put a command on PATH that prints `text` whatever it is asked, and exits."""
        answer = self.commands.parent / f"{name}.answer"
        answer.write_text(text)
        self.command(name, f"/bin/cat {answer}\nexit {status}")

    def note(self, code, message):
        self.problems.append((code, message))

    def collect(self, probe):
        """The section that a probe's `collect` gives in this process."""
        return probe(self.system, Identifiers(self.system, lambda *_: None), self.note)

    def messages(self, code):
        """The messages of one code, joined."""
        return "\n".join(message for found, message in self.problems if found == code)

    def run(self, *arguments, root=None, path=None, **options):
        """Run the command line as a real process with this box's PATH."""
        environment = {
            **os.environ,
            "PATH": str(path or self.commands),
            "PYTHONPATH": str(REPOSITORY),
            "LD_LIBRARY_PATH": str(self._library),
        }
        where = ["--root", str(root or self.root)] if root != "none" else []
        return subprocess.run(
            [sys.executable, "-m", "python_probes", *arguments, *where],
            env=environment,
            cwd=REPOSITORY,
            text=True,
            check=False,
            timeout=60,
            **{"capture_output": True, **options},
        )

    def document(self, kind="hardware", *arguments, root=None, path=None):
        """The document that the command line prints."""
        done = self.run(kind, *arguments, root=root, path=path)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return json.loads(done.stdout)


@pytest.fixture
def box(tmp_path, monkeypatch):
    return Box(tmp_path, monkeypatch)


@pytest.fixture
def gb10_path(tmp_path):
    """The fixture's commands, and the two tools that they need themselves."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("cat", "dirname"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    return os.pathsep.join([str(GB10 / "bin"), str(tools)])
