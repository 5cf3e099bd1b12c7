"""Fixtures: a real `libnvidia-ml.so.1`, compiled from C, that answers from a profile.

A test runs its probe in a child process whose LD_LIBRARY_PATH leads to the library, so that the
real pynvml loads it as it loads the driver's.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
FIXTURES = REPOSITORY / "tests" / "fixtures"

_COLLECT = """
import json, sys
if "--without-pynvml" in sys.argv:
    sys.modules["pynvml"] = None
from python_probes.nvidia import gpu
from python_probes.core.identifiers import Identifiers
from python_probes.core.system import System
problems = []
note = lambda code, message: problems.append([code, message])
system = System(sys.argv[1])
print(json.dumps([gpu.collect(system, Identifiers(system, note), note), problems]))
"""


def profile(name, *lines):
    """The text of a profile in tests/fixtures/nvml with lines added, which win over earlier ones.

    A line without a value (`0.uuid`) takes the key out: the driver does not support it.
    """
    removed = {line for line in lines if "=" not in line}
    text = (FIXTURES / "nvml" / f"{name}.profile").read_text()
    kept = [line for line in text.splitlines() if line.partition("=")[0] not in removed]
    return "\n".join([*kept, *(line for line in lines if "=" in line)]) + "\n"


@pytest.fixture(scope="session")
def nvml_library(tmp_path_factory):
    """The folder that holds the compiled library: what LD_LIBRARY_PATH is set to."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.fail("these tests compile a C library: apt install gcc")
    folder = tmp_path_factory.mktemp("nvml")
    source = FIXTURES / "nvml" / "nvml.c"
    options = ["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(
        [compiler, *options, "-o", str(folder / "libnvidia-ml.so.1"), str(source)], check=True
    )
    return folder


@dataclass
class GpuReplay:
    """A host to read the GPU section from: a root, a PATH and, where given, an NVML library."""

    folder: Path
    library: Path | None = None
    problems: list = field(default_factory=list)

    def __post_init__(self):
        self.root = self.folder / "root"
        self.commands = self.folder / "bin"
        self.log = self.folder / "nvml.log"
        self.path = str(self.commands)
        self.commands.mkdir()
        self.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
        self.write("/sys/bus/pci/devices/.keep", "")
        self.write("/var/log/kern.log", "kernel: Linux version 6.17.0-1031-nvidia\n")

    def write(self, name, text):
        """Write a file below the root."""
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def pci_device(self, bus_id, vendor="0x10de", device="0x2e12", device_class="0x030000"):
        """Put a device on the replayed PCI bus."""
        for name, value in (("vendor", vendor), ("device", device), ("class", device_class)):
            self.write(f"/sys/bus/pci/devices/{bus_id}/{name}", f"{value}\n")

    def command(self, name, body):
        """Put a shell script on the replayed PATH."""
        path = self.commands / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def environment(self, profile_text=None):
        """The environment that makes a child process read this host."""
        environment = {
            **os.environ,
            "PATH": self.path,
            "PYTHONPATH": str(REPOSITORY),
            "FAKE_NVML_LOG": str(self.log),
            "LD_LIBRARY_PATH": str(self.library or self.folder),
        }
        if profile_text is None:
            # Found before any real one, and refused by the loader: a host without the library.
            (self.folder / "libnvidia-ml.so.1").write_text("no library\n")
            environment["LD_LIBRARY_PATH"] = str(self.folder)
        else:
            (self.folder / "profile").write_bytes(profile_text.encode("utf-8", "surrogateescape"))
            environment["FAKE_NVML_PROFILE"] = str(self.folder / "profile")
        return environment

    def collect(self, profile_text=None, *options):
        """The GPU section as a child process reads it; `problems` then holds [code, message]."""
        done = subprocess.run(
            [sys.executable, "-c", _COLLECT, str(self.root), *options],
            env=self.environment(profile_text),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        section, self.problems = json.loads(done.stdout)
        return section

    def codes(self):
        """The codes of all problems, each once, sorted."""
        return sorted({code for code, _ in self.problems})

    def messages(self, code):
        """The messages of one code, joined."""
        return "\n".join(message for found, message in self.problems if found == code)


@pytest.fixture
def gpu_replay(tmp_path, nvml_library):
    """An empty host with the fake NVML library at hand."""
    return GpuReplay(tmp_path, nvml_library)
