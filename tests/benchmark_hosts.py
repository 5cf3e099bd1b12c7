"""Names for this machine on which the benchmark runs with figures of tests/fake_benchmark.py."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import processes, wait_until

FAKE = Path(__file__).with_name("fake_benchmark.py")


class Hosts:
    """Names for this machine, each with a disk, a state and a runtime of its own."""

    def __init__(self, folder: Path, *names: str, **variables: object) -> None:
        self.folder = folder
        self.names = names
        hosts = {}
        for name in names:
            (folder / name / "disk").mkdir(parents=True)
            python = folder / name / "runtime"
            python.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} {folder / name} "$@"\n')
            python.chmod(0o755)
            hosts[name] = {
                "ansible_connection": "local",
                "ansible_python_interpreter": sys.executable,
                "probe_runtime_executable": str(python),
                "benchmark_directory": str(folder / name / "disk"),
                "benchmark_state": str(folder / name / "state.json"),
                **variables,
            }
        self.inventory = folder / "inventory.json"
        self.inventory.write_text(json.dumps({"all": {"hosts": hosts}}))

    def hold(self, figure: str) -> None:
        for name in self.names:
            (self.folder / name / f"hold-{figure}").touch()

    def let_go(self) -> None:
        for path in self.folder.glob("*/hold-*"):
            path.unlink()


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[dict[str, object]]:
    """The connection variables of a real sshd on this machine, which lets this user alone in."""
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if sshd is None:
        pytest.skip("sshd is not installed")
    folder = tmp_path / "sshd"
    folder.mkdir()
    for name in ("user", "host"):
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(make, check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/user.pub\nStrictModes no\nUsePAM no\n"
        "PermitRootLogin prohibit-password\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)  # Debian's is told to separate its privileges there
    server = subprocess.Popen([sshd, "-D", "-f", str(folder / "config"), "-E", f"{folder}/log"])
    log = folder / "log"
    wait_until(lambda: log.exists() and "listening" in log.read_text())
    yield {
        "ansible_connection": "ssh",
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_user": getpass.getuser(),
        "ansible_ssh_private_key_file": str(folder / "user"),
        "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
    }
    server.terminate()
    server.wait()


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Callable[..., Hosts]]:
    yield lambda *names, **variables: Hosts(tmp_path, *names, **variables)
    for number in processes(str(FAKE)):
        if str(tmp_path) in Path(f"/proc/{number}/cmdline").read_text():
            os.kill(number, signal.SIGKILL)
