"""Hosts to provision: podman containers with a real systemd, sshd and apt of their own.

    machines.py create|destroy      the platforms of the scenario in $MOLECULE_FILE

They are reached over SSH as `operator`, a user with sudo, with a key made for the run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import image
import yaml

PREFIX = "roles-"
NETWORK = "roles-network"
SUBNET = "10.213.77.0/24"
# This project's own hosts only: a machine may lack the right to raise limits.
LIMITS = ("--ulimit=nofile=20000:20000", "--ulimit=nproc=4000:4000")
MIRROR = {"name": "mirror", "image": "debian12-amd64", "address": "10.213.77.10", "serves": True}
STATES = {"running", "degraded"}


def podman(*arguments: str, check: bool = True) -> str:
    """Run podman with runc, which takes every cgroup layout; crun does not."""
    finished = subprocess.run(
        ["podman", "--runtime", "runc", *arguments], capture_output=True, text=True, check=False
    )
    if check and finished.returncode != 0:
        raise SystemExit(f"podman {' '.join(arguments)}: {finished.stderr.strip()}")
    return finished.stdout.strip()


def platforms() -> list[dict[str, Any]]:
    """The hosts of the scenario."""
    return list(yaml.safe_load(Path(os.environ["MOLECULE_FILE"]).read_text())["platforms"])


def key() -> Path:
    """A key for SSH, made for this run of the scenario; its public half lies beside it."""
    path = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "id_ed25519"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "molecule", "-f", str(path)],
            check=True,
        )
    return path


def create() -> None:
    """Start every host of the scenario and wait until systemd and sshd are up.

    The host that serves the stand-ins is started before them, unless another scenario uses it.
    """
    if NETWORK not in podman("network", "ls", "--format", "{{.Name}}").split():
        podman("network", "create", "--subnet", SUBNET, NETWORK)
    if not others():
        run(MIRROR)
        wait(MIRROR["name"])
        serve(PREFIX + MIRROR["name"])
    for platform in platforms():
        run(platform)
    for platform in platforms():
        wait(platform["name"])


def others() -> list[str]:
    """Hosts on the network, the one that serves aside."""
    names = podman("ps", "--all", "--format", "{{.Names}}", "--filter", f"network={NETWORK}")
    return [name for name in names.split() if name != PREFIX + MIRROR["name"]]


def serve(name: str) -> None:
    """Make the signed repository of stand-ins on a host and serve it over http."""
    shell = ("exec", name, "sh", "-euc")
    podman(*shell, "apt-get -qq update; apt-get -qq install --yes apt-utils gnupg >/dev/null 2>&1")
    podman("exec", name, "python3", "/srv/hosts/repository.py", "make", "/srv/repository")
    podman(
        *("exec", name, "systemd-run", "--quiet", "--unit=repository"),
        *("python3", "-m", "http.server", "--directory=/srv/repository", "80"),
    )


def run(platform: dict[str, Any]) -> None:
    """Start one host from its image."""
    name = PREFIX + platform["name"]
    podman("rm", "--force", "--time=0", "--volumes", name, check=False)
    arguments = [f"--name={name}", f"--hostname={platform['name']}", "--systemd=always", *LIMITS]
    address = platform["address"]
    # Of its address: whoever talked to the host before it was restarted would go on with the MAC
    # address that it had, for longer than apt's and Ansible's connections wait.
    mac = ":".join(f"{part:02x}" for part in (2, 0, *map(int, address.split("."))))
    arguments += [f"--network={NETWORK}", f"--ip={address}", f"--mac-address={mac}"]
    if platform.get("docker"):
        # Docker inside needs devices and cgroups, and for overlay2 a file system that is none.
        arguments += ["--privileged", "--volume=/var/lib/docker"]
    if platform.get("serves"):
        # The key outlives the host: its fingerprint is a variable of the scenario.
        (image.CACHE / "signing").mkdir(parents=True, exist_ok=True)
        arguments.append(f"--volume={image.CACHE / 'signing'}:/srv/signing")
        arguments.append(f"--volume={Path(__file__).parent}:/srv/hosts:ro")
    if "driver" in platform:
        # Where the kernel says which driver it has loaded.
        modules = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "modules"
        (modules / "nvidia").mkdir(parents=True, exist_ok=True)
        (modules / "nvidia/version").write_text(platform["driver"] + "\n")
        arguments.append(f"--volume={modules}:/sys/module:ro")
    made = platform["image"]
    tag = made if made.startswith("localhost/") else image.podman_image(made)
    podman("run", "--detach", *arguments, tag, "/sbin/init")
    public = key().with_suffix(".pub").read_text()
    subprocess.run(
        [
            "podman",
            "--runtime",
            "runc",
            "exec",
            "--interactive",
            "--user=operator",
            name,
            "sh",
            "-c",
            "umask 077; mkdir -p ~/.ssh; cat >~/.ssh/authorized_keys",
        ],
        input=public,
        text=True,
        check=True,
    )


def wait(name: str, seconds: float = 300.0) -> None:
    """Wait until a host has booted; raises SystemExit when it does not."""
    end = time.monotonic() + seconds
    state = ""
    while time.monotonic() < end:
        state = podman("exec", PREFIX + name, "systemctl", "is-system-running", check=False)
        if state in STATES:
            return
        time.sleep(0.5)
    raise SystemExit(f"{name}: systemd is {state or 'silent'} after {seconds:.0f} s")


def destroy() -> None:
    """Remove the scenario's hosts, and with the last of all hosts what served them."""
    if NETWORK not in podman("network", "ls", "--format", "{{.Name}}").split():
        return
    for platform in platforms():
        remove(platform["name"])
    if not others():
        remove(MIRROR["name"])
        podman("network", "rm", "--force", NETWORK, check=False)


def remove(name: str) -> None:
    """Remove one host and its volumes."""
    podman("rm", "--force", "--time=0", "--volumes", PREFIX + name, check=False)


if __name__ == "__main__":
    {"create": create, "destroy": destroy}[sys.argv[1]]()
