"""repro/run.sh with container engines that a test plays: what is asked of them, and what remains.

The engines are real processes on a PATH of the test's own. That a real engine does what is asked is
shown by molecule/reproducibility.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from box import REPOSITORY
from schema_check import schema_errors

RUN = REPOSITORY / "repro" / "run.sh"
DIGEST = "c" * 64
DOCKER_INFO = {"ServerVersion": "29.1.3", "Runtimes": {"runc": {}}}
PODMAN_INFO = {"host": {"security": {"rootless": False}}}
NVIDIA = {"ServerVersion": "29.1.3", "Runtimes": {"runc": {}, "nvidia": {}}}

# Answers from the files beside it; each call is a line of calls.jsonl.
ENGINE = f"""#!{sys.executable}
import json, pathlib, sys, time
here, name = pathlib.Path(__file__).parent, pathlib.Path(__file__).name
arguments = sys.argv[1:]
with (here / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps([name, *arguments]) + "\\n")
play = json.loads((here / f"{{name}}.json").read_text())
verb = arguments[0]
if verb == "run" and "nvidia-smi" in arguments:
    verb = "nvidia-smi"
if verb == "image":
    images = here / f"{{name}}.image"
    if not images.exists():
        sys.exit("no such image")
    print(images.read_text())
if verb in ("build", "load") and "image" in play:
    (here / f"{{name}}.image").write_text(json.dumps([play["image"]]))
answer = play.get(verb, {{}})
print(answer.get("out", ""))
print(answer.get("error", ""), file=sys.stderr)
if "sleep" in answer:
    (here / "sleeping").touch()
    time.sleep(answer["sleep"])
sys.exit(answer.get("status", 0))
"""


class Engines:
    """A PATH with the engines that a test puts there."""

    def __init__(self, folder):
        self.folder = folder / "bin"
        self.folder.mkdir()
        self.out = folder / "out"
        (self.folder / "python3").symlink_to(sys.executable)
        for tool in ("bash", "dirname", "env", "git", "cat"):
            found = next(p for p in (Path("/usr/bin", tool), Path("/bin", tool)) if p.exists())
            (self.folder / tool).symlink_to(found)

    def put(self, name, says, **play):
        """An engine that has built an image of these sources, unless the test says otherwise."""
        play = {"info": {"out": json.dumps(says)}, "image": image(), **play}
        (self.folder / f"{name}.json").write_text(json.dumps(play))
        (self.folder / name).write_text(ENGINE)
        (self.folder / name).chmod(0o755)

    def nvidia_smi(self):
        (self.folder / "nvidia-smi").write_text("#!/bin/sh\necho 'GPU 0: NVIDIA GB10 (UUID: x)'\n")
        (self.folder / "nvidia-smi").chmod(0o755)

    def start(self, *arguments, **variables):
        return subprocess.Popen(
            [RUN, "--out", self.out, *map(str, arguments)],
            env={**os.environ, "PATH": str(self.folder), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments, **variables):
        process = self.start(*arguments, **variables)
        process.stdout, errors = process.communicate(timeout=120)
        process.stderr = errors.strip()
        return process

    def calls(self, verb):
        lines = (self.folder / "calls.jsonl").read_text().splitlines()
        return [call for call in map(json.loads, lines) if call[1] == verb]


@pytest.fixture
def engines(tmp_path):
    return Engines(tmp_path)


def sources():
    code = "from repro.launch import image_source; print(image_source.sources_sha256())"
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def image(**changes):
    machine = {"aarch64": "arm64", "x86_64": "amd64"}[os.uname().machine]
    labels = {
        "dgx-spark-foundation.sources": sources(),
        "org.opencontainers.image.revision": "a" * 40,
    }
    config = {"Config": {"Labels": labels}}
    return {"Id": DIGEST, "Architecture": machine, "Size": 5_000_000_000, **config, **changes}


def test_docker_runs_the_image_without_network_and_without_rights(engines):
    engines.put("docker", DOCKER_INFO)
    engines.put("podman", PODMAN_INFO)

    done = engines.run("--count", 3, "--seed", 11, "--host", "spark-01")

    assert (done.returncode, done.stderr) == (0, "")
    ((_, _, *arguments),) = engines.calls("run")
    line = " ".join(arguments)
    for wanted in (
        "--rm", "--network none", "--read-only", "--cap-drop ALL", "--pull never",
        "--security-opt no-new-privileges", f"--user {os.getuid()}:{os.getgid()}",
        f'"source={engines.out}",target=/out', "--count=3", "--seed=11", "--host=spark-01",
        f"FOUNDATION_IMAGE_DIGEST=sha256:{DIGEST}",
    ):  # fmt: skip
        assert wanted in line
    assert "--gpus" not in line
    (build,) = engines.calls("build")
    assert f"SOURCES_SHA256={sources()}" in build
    context = json.loads(arguments[-1].removeprefix("--launch-context="))
    assert context["engine"] == "docker"
    assert context["identity"]["kernel"] == os.uname().release
    assert context["image"]["size_bytes"] == 5_000_000_000
    assert "build" in context["stages"]
    assert context["gpu_container"] is None
    assert "shows no NVIDIA GPU" in str(context["problems"])


def test_an_image_that_is_there_is_not_built_again(engines):
    engines.put("docker", DOCKER_INFO)

    assert engines.run().returncode == 0
    assert engines.run().returncode == 0

    assert len(engines.calls("build")) == 1
    assert len(engines.calls("run")) == 2


@pytest.mark.parametrize("status", [0, 1, 2, 143])
def test_the_containers_status_is_the_status(engines, status):
    engines.put("docker", DOCKER_INFO, run={"status": status})

    assert engines.run().returncode == status


@pytest.mark.parametrize(
    ("status", "expected", "says"),
    [(125, 2, "docker did not start the container"), (137, 1, "killed, by the kernel")],
)
def test_a_container_that_does_not_start_or_is_killed(engines, status, expected, says):
    engines.put("docker", DOCKER_INFO, run={"status": status})

    done = engines.run()

    assert done.returncode == expected
    assert says in done.stderr


def test_gpus_are_handed_over_where_the_runtime_is_there(engines):
    engines.put("docker", NVIDIA, **{"nvidia-smi": {"out": "NVIDIA-SMI 580.95.05"}})
    engines.nvidia_smi()

    assert engines.run().returncode == 0

    check, run = engines.calls("run")
    assert check[2:6] == ["--rm", "--gpus", "all", "--network"]
    assert "--gpus" in run
    context = json.loads(run[-1].removeprefix("--launch-context="))
    assert context["gpu_container"]["exit_status"] == 0
    assert context["gpu_container"]["command"].startswith("docker run --rm --gpus all localhost/")
    assert context["gpu_container"]["command"].endswith(" nvidia-smi")
    assert "580.95.05" in context["gpu_container"]["output"]


def test_a_container_that_cannot_see_the_gpu_is_recorded(engines):
    failed = {"error": "could not select device driver, said 10.20.30.40:2376", "status": 125}
    engines.put("docker", NVIDIA, **{"nvidia-smi": failed})
    engines.nvidia_smi()

    assert engines.run().returncode == 0

    context = json.loads(engines.calls("run")[-1][-1].removeprefix("--launch-context="))
    assert context["gpu_container"]["exit_status"] == 125
    assert "could not select device driver" in context["gpu_container"]["output"]
    assert "10.20.30.40" not in str(context)


def test_a_gpu_without_the_runtime_is_a_problem_that_says_what_to_do(engines):
    engines.put("docker", DOCKER_INFO)
    engines.nvidia_smi()

    assert engines.run().returncode == 0

    (run,) = engines.calls("run")
    assert "--gpus" not in run
    assert "role container_toolkit" in run[-1]


def test_a_daemon_that_is_silent_leaves_podman(engines):
    engines.put("docker", {}, info={"status": 1, "error": "Cannot connect to the Docker daemon"})
    engines.put("podman", {"host": {"security": {"rootless": True}}})

    assert engines.run().returncode == 0

    (run,) = engines.calls("run")
    assert run[0] == "podman"
    assert run[run.index("--userns") :][:2] == ["--userns", "keep-id"]
    (build,) = engines.calls("build")
    assert build[build.index("--format") :][:2] == ["--format", "docker"]


@pytest.mark.parametrize(
    ("play", "says"),
    [
        (None, "--engine docker: docker is not installed; install it"),
        ({"status": 1, "error": "Cannot connect to the Docker daemon"}, "systemctl status docker"),
        ({"status": 1, "error": "permission denied while trying"}, "usermod -aG docker"),
        ({"out": "{}"}, "the daemon does not answer"),
    ],
)
def test_an_engine_that_is_wanted_and_does_not_answer_is_one_line(engines, play, says):
    if play is not None:
        engines.put("docker", {}, info=play)

    done = engines.run("--engine", "docker")

    assert done.returncode == 2
    assert says in done.stderr
    assert "--engine none" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_failing_build_is_one_line(engines):
    engines.put("docker", DOCKER_INFO, build={"status": 1, "error": "no route to the registry"})

    done = engines.run("--engine", "docker")

    assert done.returncode == 2
    assert "docker cannot build the image: no route to the registry" in done.stderr
    assert "--archive" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_where_no_image_can_be_had_auto_goes_on_without_one_and_says_so(engines, runtime_python):
    refused = {"status": 1, "error": "no route to the registry, asked 10.20.30.40:53 for it"}
    engines.put("docker", DOCKER_INFO, build=refused)

    done = engines.run("--count", 1, "--python", runtime_python)

    assert done.returncode == 0, done.stderr
    assert "continuing without a container" in done.stderr
    report = json.loads((engines.out / "reproducibility.json").read_text())
    assert schema_errors("reproducibility", "", report) == []
    assert report["data"]["engine"] == "none"
    assert "no route to the registry, asked (address):53" in str(report["problems"])
    assert "10.20.30.40" not in str(report)
    assert "build" in report["data"]["stages"]


def test_a_build_that_takes_too_long_is_named_and_ended(engines):
    engines.put("docker", DOCKER_INFO, build={"sleep": 60})
    begin = time.monotonic()

    done = engines.run("--timeout", 2)

    assert done.returncode == 1
    assert "stage build: over budget" in done.stderr
    assert time.monotonic() - begin < 50  # the build was not waited for
    assert engines.calls("build")
    assert engines.calls("run") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_removes_the_container(engines, number):
    engines.put("docker", DOCKER_INFO, run={"sleep": 60})
    process = engines.start()
    deadline = time.monotonic() + 60
    while not (engines.folder / "sleeping").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)

    process.send_signal(number)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 128 + number
    assert "the container is removed" in errors
    (run,) = engines.calls("run")
    name = run[run.index("--name") + 1]
    assert engines.calls("stop")[0][-1] == name
    assert engines.calls("rm")[0][-1] == name


def test_what_cannot_be_written_is_an_error_before_a_build(engines):
    engines.put("docker", DOCKER_INFO)
    engines.out = Path("/proc/nowhere")

    done = engines.run()

    assert done.returncode == 2
    assert "/proc/nowhere" in done.stderr
    assert not (engines.folder / "calls.jsonl").read_text().count('"build"')


def test_a_folder_in_use_is_one_line_and_not_tried_again_without_a_container(engines):
    engines.put("docker", DOCKER_INFO)
    engines.out.mkdir()
    holder = os.open(engines.out, os.O_RDONLY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        done = engines.run()
    finally:
        os.close(holder)

    assert done.returncode == 2
    assert done.stderr.startswith(f"repro: {engines.out}: another run writes there")
    assert len(done.stderr.splitlines()) == 1


def test_an_earlier_document_does_not_survive_a_run_that_made_none(engines):
    engines.out.mkdir()
    (engines.out / "reproducibility.json").write_text("{}")
    engines.put("docker", DOCKER_INFO, build={"status": 1})

    assert engines.run("--engine", "docker").returncode == 2
    assert list(engines.out.iterdir()) == []


def test_an_archive_is_loaded_and_nothing_is_built(engines, tmp_path):
    archive = tmp_path / "image.tar"
    archive.write_bytes(b"image")
    engines.put("docker", DOCKER_INFO, load={"out": "Loaded image: localhost/repro:x"})

    done = engines.run("--archive", archive)

    assert (done.returncode, done.stderr) == (0, "")
    assert engines.calls("load")[0][2:] == ["--input", str(archive)]
    assert engines.calls("build") == []


@pytest.mark.parametrize(
    ("play", "says"),
    [
        ({"load": {"status": 1, "error": "unexpected EOF"}}, "docker cannot load it: unexpected"),
        ({"load": {"out": "nothing"}}, "does not say what it loaded"),
        (
            {"load": {"out": "Loaded image: a"}, "image": {"Id": DIGEST, "Config": {}}},
            "its image was built from other sources",
        ),
        (
            {"load": {"out": "Loaded image: a"}, "image": image(Architecture="s390x")},
            "the image is for s390x and this host is",
        ),
    ],
)
def test_an_archive_that_does_not_fit_is_one_line(engines, tmp_path, play, says):
    archive = tmp_path / "image.tar"
    archive.write_bytes(b"image")
    engines.put("docker", DOCKER_INFO, **play)

    done = engines.run("--archive", archive)

    assert done.returncode == 2
    assert f"{archive}: " in done.stderr
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_archive_that_is_not_there_is_one_line(engines, tmp_path):
    engines.put("docker", DOCKER_INFO)

    done = engines.run("--archive", tmp_path / "absent.tar")

    assert done.returncode == 2
    assert "absent.tar: not a readable file" in done.stderr


def test_prepare_builds_and_makes_no_images(engines):
    engines.put("docker", DOCKER_INFO)

    done = engines.run("--prepare", "--build-arg", "REQUIREMENTS=own.txt", "--wheels", engines.out)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split()[1:] == [f"sha256:{DIGEST}", "new"]
    (build,) = engines.calls("build")
    assert "REQUIREMENTS=own.txt" in build
    assert f"wheels={engines.out}" in build
    assert not engines.out.exists()

    again = engines.run("--prepare", "--build-arg", "REQUIREMENTS=own.txt")
    assert again.stdout.split()[1:] == [f"sha256:{DIGEST}", "unchanged"]
