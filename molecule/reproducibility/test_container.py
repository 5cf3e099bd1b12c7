"""The smoke test through podman: real builds of repro/Dockerfile, real runs and interruptions."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ["REPRODUCIBILITY_CACHE"])
RUN = PROJECT / "repro" / "run.sh"
LOCK = PROJECT / "repro" / "requirements-x86_64-cpu.txt"
BASE = "localhost/molecule-reproducibility-base"
WHEEL_PLATFORMS = [
    *(f"manylinux_2_{minor}_x86_64" for minor in range(17, 37)),
    "manylinux2014_x86_64",
]
# crun refuses some hosts' cgroups, and root in a sandbox may not raise its own limits.
CONTAINERS_CONF = """\
[engine]
runtime = "runc"
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4000:4000"]
"""


def command(*arguments, check=True, timeout=1800):
    return subprocess.run(
        list(map(str, arguments)), capture_output=True, text=True, check=check, timeout=timeout
    )


@pytest.fixture(scope="session", autouse=True)
def podman():
    """Skip where there is no podman, no root or no x86-64, and say which."""
    missing = [tool for tool in ("podman", "runc", "mmdebstrap") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed, and apt could not: {', '.join(missing)}")
    if os.getuid() != 0:
        pytest.skip("mmdebstrap and podman need root here")
    if os.uname().machine != "x86_64":
        pytest.skip(f"the lock of this test is for x86-64, this is {os.uname().machine}")
    (CACHE / "containers.conf").write_text(CONTAINERS_CONF)
    os.environ["CONTAINERS_CONF"] = str(CACHE / "containers.conf")
    # Apart from other images and containers on this machine, which are not the test's to remove.
    storage = (
        f'[storage]\ndriver = "overlay"\ngraphroot = "{CACHE}/graph"\nrunroot = "{CACHE}/run"\n'
    )
    (CACHE / "storage.conf").write_text(storage)
    os.environ["CONTAINERS_STORAGE_CONF"] = str(CACHE / "storage.conf")
    os.environ["FOUNDATION_SOURCE_REVISION"] = "a" * 40  # a commit meanwhile makes another image
    os.environ.pop("SOURCE_DATE_EPOCH", None)


@pytest.fixture(scope="session")
def base(podman):
    """A small Debian with Python, made of packages and kept between runs."""
    archive = CACHE / "base.tar"
    if not archive.exists():
        partial = CACHE / "base.part.tar"
        done = command(
            "mmdebstrap", "--mode=root", "--variant=minbase",
            "--include=python3,python3-venv", "bookworm", partial, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            pytest.skip(f"mmdebstrap: {done.stderr.splitlines()[-1]}")
        partial.replace(archive)
    command("podman", "import", archive, BASE)
    return BASE


@pytest.fixture(scope="session")
def wheels():
    """The lock's wheels, with their hashes checked, kept between runs."""
    folder = CACHE / "wheels"
    platforms = [part for name in WHEEL_PLATFORMS for part in ("--platform", name)]
    done = command(
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
        "--only-binary", ":all:", "--python-version", "3.11", *platforms,
        "--dest", folder, "--requirement", LOCK, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        pytest.skip(f"the wheels of {LOCK.name} are not to be had: {done.stderr.splitlines()[-1]}")
    return folder


@pytest.fixture(scope="session")
def image(base, wheels):
    """What run.sh needs to find the image, which it builds the first time."""
    arguments = [f"BASE_IMAGE={base}", "BASE_DIGEST=", f"REQUIREMENTS={LOCK.name}"]
    options = [part for argument in arguments for part in ("--build-arg", argument)]
    return ["--engine", "podman", "--wheels", wheels, *options]


def run(*arguments, **options):
    return command(RUN, *arguments, check=False, **options)


def documents(folder):
    names = ("manifest.json", "environment.json", "reproducibility.json")
    return [json.loads((folder / name).read_text()) for name in names]


def images(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("image_*.png"))}


def containers():
    return command("podman", "ps", "--all", "--quiet").stdout.split()


@pytest.fixture(scope="session")
def first(image, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "first"
    done = run(*image, "--seed", 7, "--out", out, "--timeout", 900)
    assert (done.returncode, done.stderr) == (0, "")
    return out


def test_a_container_makes_the_bytes_that_the_runtime_makes(first, image, tmp_path):
    again, plain = tmp_path / "again", tmp_path / "plain"
    done = run(*image, "--seed", 7, "--out", again)
    assert (done.returncode, done.stderr) == (0, "")
    done = run("--engine", "none", "--seed", 7, "--out", plain)
    assert done.returncode == 0, done.stderr

    assert len(images(first)) == 10
    assert images(first) == images(again) == images(plain)
    assert containers() == []


def test_the_document_ties_the_images_to_host_and_image(first):
    _, environment, report = documents(first)
    data = report["data"]
    assert data["engine"] == "podman"
    assert data["references"]["minimum_psnr_db"] >= 35
    assert {"build", "container", "start", "load", "warm_up", "images"} <= set(data["stages"])
    assert report["identity"]["image_digest"] == data["image"]["digest"]
    assert report["identity"]["kernel"] == os.uname().release
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert report["identity"]["boot_id"] == boot
    assert environment["data"]["container"] == {
        "inside": True,
        "engine": "podman",
        "image_digest": data["image"]["digest"],
    }
    assert first.stat().st_uid == os.getuid()
    assert {path.stat().st_uid for path in first.iterdir()} == {os.getuid()}


def test_the_image_is_what_it_should_be(first):
    digest = documents(first)[2]["data"]["image"]["name"]
    (described,) = json.loads(command("podman", "image", "inspect", digest).stdout)
    assert described["User"] == "10001:10001"
    assert described["Labels"]["org.opencontainers.image.revision"] == "a" * 40
    assert "--check" in described["Healthcheck"]["Test"]

    inside = ["podman", "run", "--rm", "--no-healthcheck", "--network", "none", "--entrypoint"]
    program = "for tool in pip pip3 cc gcc make; do command -v $tool; done; id -u; "
    found = command(*inside, "sh", digest, "-c", program + "ls -A /tmp")
    assert "pip" not in found.stdout
    assert "cc" not in found.stdout
    assert found.stdout.splitlines()[0] == "10001"
    python = command(*inside, "python", digest, "-c", "import pip", check=False)
    assert "No module named 'pip'" in python.stderr

    bill = json.loads(command(*inside, "cat", digest, "/opt/foundation/sbom/sbom.cdx.json").stdout)
    packages = {part["name"]: part for part in bill["components"] if part["type"] == "library"}
    for line in LOCK.read_text().splitlines():
        if "==" in line:
            name, _, version = line.split(" ")[0].partition("==")
            assert packages[name]["version"] == version
            assert packages[name]["hashes"][0]["content"] in LOCK.read_text()
    health = command("podman", "run", "--rm", "--no-healthcheck", digest, "--check")
    assert health.stdout.strip() == documents(first)[0]["generator"]["model_sha256"]


def layers(name):
    (described,) = json.loads(command("podman", "image", "inspect", name).stdout)
    return described["RootFS"]["Layers"]


def test_the_same_sources_give_the_same_files(first, image):
    """The id differs all the same: podman's history names the images between the steps."""
    described = documents(first)[2]["data"]["image"]
    before = layers(described["name"])
    command("podman", "rmi", "--force", described["name"])
    command("podman", "image", "prune", "--force")  # or the layers come from the cache

    done = run(*image, "--prepare", "--timeout", 900)

    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[::2] == [described["name"], "new"]
    assert layers(described["name"]) == before


def test_an_archive_is_enough_on_a_host_without_network(first, image, tmp_path):
    archive = tmp_path / "image.tar"
    done = run(*image, "--save", archive, "--timeout", 600)
    assert done.returncode == 0, done.stderr
    name, digest, state = done.stdout.split()
    assert state == "unchanged"
    command("podman", "rmi", "--force", name)

    done = run("--engine", "podman", "--archive", archive, "--count", 1, "--out", tmp_path / "out")

    assert (done.returncode, done.stderr) == (0, "")
    assert documents(tmp_path / "out")[2]["data"]["image"]["digest"] == digest
    damaged = tmp_path / "damaged.tar"
    with archive.open("rb") as file:
        damaged.write_bytes(file.read(1_000_000))
    command("podman", "rmi", "--force", name)
    done = run("--engine", "podman", "--archive", damaged, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert f"{damaged}: podman cannot load it" in done.stderr
    command("podman", "load", "--input", archive)
    archive.unlink()  # gigabytes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_no_container(first, image, tmp_path, number):
    process = subprocess.Popen(
        list(map(str, (RUN, *image, "--count", 1000, "--out", tmp_path))),
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 600
    while not (tmp_path / "image_01.png").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)

    process.send_signal(number)
    _, errors = process.communicate(timeout=300)

    assert process.returncode == 128 + number
    assert f"stopped by {number.name}" in errors
    assert containers() == []
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_stage_over_budget_is_named_and_the_document_is_written(first, image, tmp_path):
    done = run(*image, "--count", 1000, "--timeout", 20, "--out", tmp_path)

    assert done.returncode == 1
    assert ": over budget, " in done.stderr
    assert documents(tmp_path)[2]["data"]["total_seconds"] > 20
    assert containers() == []


def test_two_at_once_do_not_share_a_folder(first, image, tmp_path):
    process = subprocess.Popen(
        list(map(str, (RUN, *image, "--count", 1000, "--out", tmp_path))), stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 600
    while not (tmp_path / "image_00.png").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)

    done = run(*image, "--out", tmp_path)

    process.terminate()
    process.communicate(timeout=300)
    assert done.returncode == 2
    assert f"{tmp_path}: another run writes there" in done.stderr
    assert containers() == []


@pytest.fixture
def full_disk(tmp_path):
    """A file system with room for two images."""
    folder = tmp_path / "full"
    folder.mkdir()
    command("mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", folder)
    yield folder
    command("umount", "--lazy", folder)


def test_a_full_disk_is_one_line(first, image, full_disk):
    done = run(*image, "--out", full_disk)

    assert done.returncode == 2
    assert f"repro: {full_disk}" in done.stderr
    assert "No space left on device" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert containers() == []


def test_a_folder_that_is_read_only_is_one_line(first, image, full_disk):
    command("mount", "-o", "remount,ro", full_disk)

    done = run(*image, "--out", full_disk)

    assert done.returncode == 2
    assert f"{full_disk}" in done.stderr
    assert "Read-only file system" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_damaged_weights_are_one_line(first, image, tmp_path):
    project = tmp_path / "project"
    for name in ("python_probes", "repro", "roles/probe_runtime/files"):
        shutil.copytree(PROJECT / name, project / name)
    shutil.copy(PROJECT / ".dockerignore", project)
    with (project / "repro" / "model.safetensors").open("r+b") as weights:
        weights.seek(-1000, os.SEEK_END)
        weights.write(b"\xff" * 8)

    done = command(
        project / "repro" / "run.sh", *image, "--out", tmp_path / "out", "--timeout", 900,
        check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "damaged, its numbers do not match their SHA-256" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert containers() == []
