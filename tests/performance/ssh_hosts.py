"""Hosts to connect to over SSH: sshd processes of the current user on loopback ports.

Each has a port of its own and all a throw-away key; nothing outside the given folder is written.
"""

from __future__ import annotations

import contextlib
import getpass
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

_CONFIGURATION = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
MaxStartups 100
"""
_CLIENT = """\
Host {name}
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {folder}/user_key
  IdentitiesOnly yes
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  LogLevel ERROR
"""


@contextlib.contextmanager
def running(folder: Path, count: int) -> Iterator[dict[str, int]]:
    """The ports of `count` hosts by name; `folder`/ssh_config names them for ssh."""
    for key in ("host_key", "user_key"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)]
        subprocess.run(command, check=True)
    ports = {f"ssh-{index}": port for index, port in enumerate(_free_ports(count))}
    client = [
        _CLIENT.format(name=name, port=port, folder=folder, user=getpass.getuser())
        for name, port in ports.items()
    ]
    (folder / "ssh_config").write_text("".join(client))
    servers = []
    try:
        for name, port in ports.items():
            configuration = folder / f"{name}.conf"
            configuration.write_text(_CONFIGURATION.format(port=port, folder=folder))
            command = ["/usr/sbin/sshd", "-D", "-e", "-f", str(configuration)]
            servers.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        for port in ports.values():
            _wait_for(port)
        yield ports
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait(timeout=10)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def _wait_for(port: int, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
