"""The images of the test hosts: Debian 12 from packages, since no registry is needed for that.

The root file system is made once and kept outside the tree, in $MOLECULE_IMAGES or
~/.cache/dgx-spark-foundation; $DEBIAN_MIRROR names another mirror. It holds apt's lists and, in
apt's cache, what the scenarios install: the hosts install it as ever, and download what is newer.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

CACHE = Path(os.environ.get("MOLECULE_IMAGES", "~/.cache/dgx-spark-foundation")).expanduser()
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
PACKAGES = (
    "systemd,systemd-sysv,dbus,python3,python3-apt,openssh-server,sudo,iproute2,iputils-ping,"
    "ca-certificates,procps,kmod"
)
DOWNLOADED = (
    "apt-utils build-essential docker.io earlyoom fio git gnupg iptables nvme-cli pciutils "
    "python3-pip python3-venv systemd-oomd systemd-timesyncd wget "
    "apparmor dbus-user-session needrestart xz-utils"  # as docker.io recommends
)
ARCHITECTURES = {"debian12-amd64": "amd64", "debian12-arm64": "arm64"}
# Run in the new root. Two units would take this machine's emulation of other processors away when
# a host shuts down; the next three load credentials, which fails under that emulation, where a
# manager of each user runs wild too.
SETUP = """
set -eu
useradd --create-home --shell /bin/bash --gid operator operator
useradd --create-home --shell /bin/bash colleague
echo 'operator ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/operator
chmod 0440 /etc/sudoers.d/operator
systemctl mask systemd-binfmt.service proc-sys-fs-binfmt_misc.automount \
    systemd-sysctl.service systemd-sysusers.service systemd-tmpfiles-setup-dev.service \
    systemd-journald-audit.socket apt-daily.timer apt-daily-upgrade.timer user@.service
systemctl enable ssh.service
echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/test-host
"""


def podman_image(name: str) -> str:
    """The podman image of that name, made where it is missing."""
    tar = root_archive(name)
    tag = f"localhost/roles-{name}:{_revision()}"
    if subprocess.run(["podman", "image", "exists", tag], check=False).returncode != 0:
        subprocess.run(
            ["podman", "import", "--quiet", "--arch", ARCHITECTURES[name], str(tar), tag],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return tag


def root_archive(name: str) -> Path:
    """The archive of a root file system, made where it is missing."""
    archive = CACHE / f"{name}-{_revision()}.tar"
    if archive.exists():
        return archive
    if shutil.which("mmdebstrap") is None:
        raise SystemExit("mmdebstrap: not found; run: sudo apt-get install mmdebstrap")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        script = Path(folder) / "setup"
        script.write_text(SETUP)
        made = Path(folder) / "root.tar"
        subprocess.run(
            [
                *("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase"),
                *(f"--architectures={ARCHITECTURES[name]}", f"--include={PACKAGES}"),
                f"--customize-hook=copy-in {script} /root",
                '--customize-hook=chroot "$1" sh /root/setup && rm "$1/root/setup"',
                "--customize-hook=APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get --yes --download-only "
                f"install {DOWNLOADED}",
                *("--skip=cleanup/apt/lists", "--skip=cleanup/apt/cache"),
                *("bookworm", str(made), MIRROR),
            ],
            check=True,
        )
        made.replace(archive)
    return archive


def _revision() -> str:
    """Changes with what an image is made of."""
    made_of = f"{PACKAGES}\n{DOWNLOADED}\n{SETUP}"
    return hashlib.sha256(made_of.encode()).hexdigest()[:12]
