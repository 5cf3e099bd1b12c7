"""molecule/hosts/prepare_machine.sh: where nobody can start hosts it says so, installs nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "molecule/hosts/prepare_machine.sh"
CANNOT = 3  # which .ci/run tells from a failure
INSTALLED = "echo install ok installed"
INTERFACES = "case $* in *' run '*) echo '  eth0: 0 0';; esac"
NETAVARK = "case $* in *' run '*) echo 'Error: netavark: No such file' >&2; exit 127;; esac"


@pytest.mark.parametrize(
    ("without", "found"),
    [
        (["--reuid=65534", "--clear-groups"], "expected root"),
        (["--bounding-set=-sys_admin", "--inh-caps=-sys_admin"], "may not make namespaces"),
        (["--bounding-set=-net_admin", "--inh-caps=-net_admin"], "may not set up networks"),
    ],
)
def test_what_is_missing_is_one_line(without: list[str], found: str) -> None:
    command = ["bash", str(SCRIPT)]
    if os.getuid() == 0:
        command = ["setpriv", *without, *command]
    elif "root" not in found:
        pytest.skip("needs root, whose rights are taken away")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == CANNOT
    assert found in done.stderr
    assert done.stderr.startswith("make molecule: found ")
    assert len(done.stderr.splitlines()) == 1


def prepare(folder: Path, **tools: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run the script with every package installed and these tools, and what podman was asked."""
    if os.getuid() != 0:
        pytest.skip("needs root")
    asked = folder / "asked"
    for name, body in {"dpkg-query": INSTALLED, "ip": "", "iptables": "", **tools}.items():
        tool = folder / name
        first = f'echo "$*" >>{asked}; cat >/dev/null' if name == "podman" else ":"
        tool.write_text(f"#!/bin/sh\n{first}\n{body}\n")
        tool.chmod(0o755)
    done = subprocess.run(
        ["bash", SCRIPT],
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if "root that may not" in done.stderr or "no cgroups" in done.stderr:
        pytest.skip("this machine lets nobody start hosts")
    return done, asked.read_text().splitlines() if asked.exists() else []


def test_a_container_with_a_network_is_proof_and_leaves_nothing(tmp_path: Path) -> None:
    done, asked = prepare(tmp_path, podman=INTERFACES)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    made = [line.split()[-1] for line in asked if " import " in line or " network create " in line]
    image, network = made
    run = next(line for line in asked if " run " in line)
    assert f"--network {network} " in run
    assert f" {image} " in run
    assert asked[-2:] == [
        f"--runtime runc network rm --force {network}",
        f"--runtime runc rmi --force {image}",
    ]


@pytest.mark.parametrize(
    ("podman", "shown"), [(NETAVARK, "Error: netavark: No such file"), ("", "")]
)
def test_an_engine_that_fails_is_a_failure_with_its_words(
    podman: str, shown: str, tmp_path: Path
) -> None:
    done, asked = prepare(tmp_path, podman=podman)
    assert done.returncode == 1
    first, *said = done.stderr.splitlines()
    assert first.startswith("make molecule: podman started no container with a network of its own")
    assert "\n".join(said) == shown
    assert " rmi --force " in asked[-1]


def test_a_kernel_without_networks_lets_nobody_start_hosts(tmp_path: Path) -> None:
    done, asked = prepare(tmp_path, iptables="echo 'Could not fetch\nrule set' >&2; exit 1")
    assert done.returncode == CANNOT
    (line,) = done.stderr.splitlines()
    assert "a kernel without bridges, veth or NAT (Could not fetch rule set)" in line
    assert asked == []
