"""A signed apt repository of stand-ins, made and served on a host of the test network.

Runs on that host, as root, with Debian's own tools:

    repository.py make FOLDER           every repository, below FOLDER
    repository.py add FOLDER VERSION    a newer NVIDIA Container Toolkit
"""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

import packages

SIGNER = "Test repositories of the DGX Spark foundation"
HOME = Path("/srv/signing")


def run(*arguments: str, **options: object) -> str:
    """Run a command and return what it printed."""
    finished = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload]
    return str(finished.stdout)


def gpg(*arguments: str) -> str:
    """Run gpg with the key of the tests."""
    return run("gpg", "--batch", "--quiet", "--homedir", str(HOME), *arguments)


def signing_key() -> str:
    """The fingerprint of the key of the tests, made once; written beside it for the controller."""
    HOME.mkdir(parents=True, exist_ok=True)
    HOME.chmod(0o700)
    listing = gpg("--list-keys", "--with-colons")
    if "fpr:" not in listing:
        gpg("--passphrase", "", "--quick-generate-key", SIGNER, "rsa3072", "sign", "never")
        listing = gpg("--list-keys", "--with-colons")
    fingerprint = next(li.split(":")[9] for li in listing.splitlines() if li.startswith("fpr:"))
    (HOME / "fingerprint").write_text(fingerprint + "\n")
    return fingerprint


def build(package: packages.Package, architecture: str, folder: Path) -> None:
    """Build one package into the folder."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        root.chmod(0o755)
        control = root / "DEBIAN"
        control.mkdir()
        fields = {
            "Package": package.name,
            "Version": package.version,
            "Architecture": architecture,
            "Maintainer": f"{SIGNER} <nobody@example.invalid>",
            "Depends": package.depends,
            "Provides": package.provides,
            "Conflicts": package.conflicts,
            "Description": "a stand-in for tests, not the real package",
        }
        text = "".join(f"{name}: {value}\n" for name, value in fields.items() if value)
        (control / "control").write_text(text)
        for name, body in (
            ("postinst", package.after_installation),
            ("prerm", package.before_removal),
        ):
            if body:
                (control / name).write_text(f"#!/bin/sh\nset -e\n{body}\n")
                (control / name).chmod(0o755)
        for name, (mode, content) in package.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
            path.chmod(mode)
        run("dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(root), str(folder))


def docker_ce(folder: Path) -> None:
    """Debian's docker.io under the name and version of Docker's own package: a real engine."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        root.chmod(0o755)
        run("apt-get", "-qq", "download", "docker.io", cwd=scratch)
        archive = next(root.glob("docker.io_*.deb"))
        run("dpkg-deb", "--raw-extract", str(archive), str(root / "root"))
        control = root / "root/DEBIAN/control"
        lines = control.read_text().splitlines()
        changed = {
            "Package": "docker-ce",
            "Version": packages.DOCKER_VERSION,
            "Conflicts": "docker.io",
        }
        kept = [
            f"{name}: {changed[name]}" if (name := line.partition(":")[0]) in changed else line
            for line in lines
            if not line.startswith(("Built-Using:", "Source:"))
        ]
        control.write_text("\n".join(kept) + "\n")
        # The conffiles move from one package to another name; the content is the same.
        run(
            "dpkg-deb",
            "--root-owner-group",
            "-Zgzip",
            "-z1",
            "--build",
            str(root / "root"),
            str(folder),
        )


def index(folder: Path, *, release: Path | None = None, codename: str = "") -> None:
    """Write Packages, Release and the signature; flat unless a release folder is given."""
    where = release or folder
    if release is None:
        listing = {folder / "Packages": run("apt-ftparchive", "packages", ".", cwd=folder)}
    else:
        listing = {
            release / f"stable/binary-{architecture}/Packages": run(
                "apt-ftparchive", "--arch", architecture, "packages", "pool", cwd=folder
            )
            for architecture in ("amd64", "arm64")
        }
    for path, text in listing.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.with_suffix(".gz").write_bytes(gzip.compress(text.encode()))
    (where / "Release").unlink(missing_ok=True)
    (where / "InRelease").unlink(missing_ok=True)
    options = ["-o", f"APT::FTPArchive::Release::Codename={codename}"] if codename else []
    text = run("apt-ftparchive", *options, "release", str(where))
    (where / "Release").write_text(text)
    gpg("--clearsign", "--output", str(where / "InRelease"), str(where / "Release"))


def make(folder: Path) -> None:
    """Every repository and its key."""
    fingerprint = signing_key()
    for name, members in packages.REPOSITORIES.items():
        place = folder / name
        place.mkdir(parents=True)
        for package in members:
            for architecture in ("amd64", "arm64"):
                build(package, architecture, place)
        index(place)
    docker = folder / "docker/linux/debian"
    pool = docker / "pool"
    pool.mkdir(parents=True)
    for package in packages.DOCKER_PARTS:
        build(package, "amd64", pool)
    docker_ce(pool)
    index(docker, release=docker / "dists/bookworm", codename="bookworm")
    key = gpg("--armor", "--export", fingerprint)
    for name in ("cuda/3bf863cc.pub", "toolkit/gpgkey", "spark/gpgkey", "docker/linux/debian/gpg"):
        (folder / name).write_text(key)
    foreign_key(folder / "foreign.asc")


def foreign_key(path: Path) -> None:
    """A key that is not the repository's."""
    with tempfile.TemporaryDirectory() as home:
        somebody = ("gpg", "--batch", "--quiet", "--homedir", home)
        run(*somebody, "--passphrase", "", "--quick-generate-key", "somebody else", "rsa2048")
        path.write_text(run(*somebody, "--armor", "--export"))


def add(folder: Path, version: str) -> None:
    """A newer container toolkit."""
    for package in packages.toolkit(version):
        for architecture in ("amd64", "arm64"):
            build(package, architecture, folder / "toolkit")
    index(folder / "toolkit")


if __name__ == "__main__":
    {"make": make, "add": add}[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
