"""What surrounds a run: packages, variables, source, container, time zone."""

import email.message
import json
import os
import subprocess

import pytest
from box import REPOSITORY
from schema_check import schema_errors

from python_probes.collect import environment
from python_probes.core.source import source
from python_probes.core.system import System
from python_probes.software.container import container
from python_probes.software.environment_variables import ALLOWED, variables
from python_probes.software.python_packages import packages
from python_probes.software.torch_build import torch_build

DIGEST = "sha256:" + "ab" * 32
REVISION = "0123456789abcdef0123456789abcdef01234567"
OVERLAY = "1 0 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A"
DISK = "27 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw"


class Distribution:
    def __init__(self, name, version):
        self.metadata = email.message.Message()
        for field, value in (("Name", name), ("Version", version)):
            if value is not None:
                self.metadata[field] = value


class Unreadable:
    @property
    def metadata(self):
        raise OSError("METADATA: Input/output error")


def test_packages_are_normalised_sorted_and_listed_once(box):
    found = packages(
        box.note,
        [
            Distribution("Zope.Interface", "7.0"),
            Distribution("nvidia_ml_py", "13.580.1"),
            Distribution("nvidia-ml-py", "11.0"),  # later on the path: never imported
            Distribution("damaged", None),
            Distribution(None, "1.0"),
            Unreadable(),
        ],
    )

    assert found == [
        {"name": "damaged", "version": None},
        {"name": "nvidia-ml-py", "version": "13.580.1"},
        {"name": "zope-interface", "version": "7.0"},
    ]
    assert "damaged has no version" in box.messages("unreadable")
    assert "2 installed distributions have no name" in box.messages("unreadable")


def test_the_running_interpreters_packages_are_found(box):
    names = [entry["name"] for entry in packages(box.note)]

    assert "pytest" in names
    assert names == sorted(set(names))


@pytest.mark.parametrize(
    "value",
    [
        "https://user:pass@mirror.example/simple",
        "https://ghp@mirror.example/",
        "/opt/lib:hf_abcdefghijklmnop",
        "token=abc",
        "PASSWORD: abc",
        "-----BEGIN PRIVATE KEY-----",
    ],
)
def test_a_variable_that_looks_like_a_secret_is_withheld(box, value):
    kept = variables(box.note, {"LD_LIBRARY_PATH": value, "CUDA_HOME": "/usr/local/cuda"})

    assert kept == {"CUDA_HOME": "/usr/local/cuda"}
    assert "LD_LIBRARY_PATH" in box.messages("withheld")
    assert value not in box.messages("withheld")


def test_only_listed_variables_are_kept(box):
    given = {"HF_TOKEN": "x", "HOME": "/home/u", "OMP_NUM_THREADS": "4", "LD_PRELOAD": ""}

    assert variables(box.note, given) == {"LD_PRELOAD": "", "OMP_NUM_THREADS": "4"}
    assert not any(word in name for name in ALLOWED for word in ("TOKEN", "KEY", "PASS", "PROXY"))
    assert box.problems == []


@pytest.mark.parametrize(
    ("text", "revision", "dirty"),
    [(REVISION, REVISION, False), (REVISION + "-dirty", REVISION, True)],
)
def test_the_revision_that_the_controller_names(box, monkeypatch, text, revision, dirty):
    monkeypatch.setenv("FOUNDATION_SOURCE_REVISION", text)

    assert source(box.system, box.note) == {"revision": revision, "dirty": dirty}
    assert box.problems == []


@pytest.mark.parametrize("text", ["v1.0-3-g0123456", REVISION[:-1], "; rm -rf /"])
def test_a_revision_in_another_form_is_a_problem(box, monkeypatch, text):
    monkeypatch.setenv("FOUNDATION_SOURCE_REVISION", text)

    assert source(box.system, box.note) == {"revision": None, "dirty": None}
    assert "FOUNDATION_SOURCE_REVISION gave" in box.messages("invalid")


def _git(folder, *arguments):
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    done = subprocess.run(
        ["/usr/bin/git", "-C", folder, *settings, *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_the_revision_of_a_checkout(tmp_path, monkeypatch, box):
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.delenv("FOUNDATION_SOURCE_REVISION", raising=False)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    _git(checkout, "init", "--quiet")
    (checkout / "file").write_text("one")
    _git(checkout, "add", "file")
    _git(checkout, "commit", "--quiet", "-m", "one")
    _git(checkout, "tag", "v1")  # a tag must not take the place of the digits
    revision = _git(checkout, "rev-parse", "HEAD")

    assert source(System(), box.note, checkout) == {"revision": revision, "dirty": False}

    (checkout / "file").write_text("two")
    assert source(System(), box.note, checkout) == {"revision": revision, "dirty": True}

    # A folder that a repository merely surrounds is not that repository's code.
    inside = checkout / "environment"
    inside.mkdir()
    assert source(System(), box.note, inside) == {"revision": None, "dirty": None}
    assert "does not lie in a checkout" in box.messages("not_told")


def test_a_checkout_without_git_is_a_problem(tmp_path, monkeypatch, box):
    monkeypatch.delenv("FOUNDATION_SOURCE_REVISION", raising=False)
    (tmp_path / ".git").mkdir()

    assert source(box.system, box.note, tmp_path)["revision"] is None
    assert "git: not found" in box.messages("missing")


@pytest.mark.parametrize(
    ("files", "inside", "engine"),
    [
        ({"/.dockerenv": "", "/proc/self/mountinfo": OVERLAY}, True, "docker"),
        ({"/run/.containerenv": "", "/proc/self/mountinfo": OVERLAY}, True, "podman"),
        ({"/run/systemd/container": "lxc", "/proc/self/mountinfo": DISK}, True, "lxc"),
        (
            {"/proc/1/cgroup": "0::/kubepods.slice/a", "/proc/self/mountinfo": ""},
            True,
            "containerd",
        ),
        ({"/proc/1/cgroup": "0::/", "/proc/self/mountinfo": OVERLAY}, True, "docker"),
        ({"/proc/1/cgroup": "0::/init.scope", "/proc/self/mountinfo": DISK}, False, None),
        # A host that runs containers holds their mounts; a machine made from an image its marker.
        (
            {
                "/proc/1/cgroup": "0::/init.scope",
                "/proc/self/mountinfo": DISK
                + "\n9 2 0:1 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw",
                "/.dockerenv": "",
            },
            False,
            None,
        ),
        ({}, None, None),
    ],
)
def test_whether_in_a_container(box, monkeypatch, files, inside, engine):
    monkeypatch.setenv("FOUNDATION_IMAGE_DIGEST", DIGEST)
    for name, text in files.items():
        box.file(name, text)

    found = container(box.system, box.note)

    assert (found["inside"], found["engine"]) == (inside, engine)
    assert found["image_digest"] == (DIGEST if inside else None)
    assert ("/proc/1/cgroup" in box.messages("unreadable")) is (inside is None)


@pytest.mark.parametrize(
    ("given", "digest", "code"),
    [
        (f"localhost/image@{DIGEST}", DIGEST, None),
        ("", None, "not_told"),
        ("latest", None, "invalid"),
        (DIGEST + "0", None, "invalid"),
    ],
)
def test_the_image_digest_is_told_from_outside(box, monkeypatch, given, digest, code):
    monkeypatch.setenv("FOUNDATION_IMAGE_DIGEST", given)
    box.file("/.dockerenv")

    assert container(box.system, box.note)["image_digest"] == digest
    assert [found for found, _ in box.problems] == ([] if code is None else [code])


def test_the_time_zone_is_the_links_then_the_files(box):
    assert environment.time_zone(box.system, box.note) is None
    assert "time_zone" in box.messages("unreadable")

    box.file("/etc/timezone", "Europe/Paris")
    assert environment.time_zone(box.system, box.note) == "Europe/Paris"

    box.file("/usr/share/zoneinfo/Asia/Tokyo")
    box.link("/etc/localtime", "/usr/share/zoneinfo/Asia/Tokyo")
    assert environment.time_zone(box.system, box.note) == "Asia/Tokyo"


def test_a_loop_of_links_is_no_time_zone(box):
    box.link("/etc/localtime", "/etc/localtime")

    assert environment.time_zone(box.system, box.note) is None


def test_tz_wins_on_the_live_machine(monkeypatch, box):
    monkeypatch.setenv("TZ", "America/Lima")

    assert environment.time_zone(System(), box.note) == "America/Lima"
    assert environment.time_zone(box.system, box.note) is None


def test_governors_are_distinct(box):
    assert environment.cpu_governors(box.system, box.note) is None
    assert "cpu_governors" in box.messages("absent")

    for policy, governor in enumerate(["performance", "schedutil", "performance"]):
        folder = f"/sys/devices/system/cpu/cpufreq/policy{policy}"
        box.file(f"{folder}/scaling_governor", governor)
    assert environment.cpu_governors(box.system, box.note) == ["performance", "schedutil"]


def _interpreter(box, body):
    box.command("python-with-torch", body)
    return str(box.commands / "python-with-torch")


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("kill -SEGV $$", "failed", "exit status -11"),
        ("exec /bin/sleep 30", "timeout", "no answer in 0.2 s"),
        ("echo warming up", "unreadable", "printed no answer"),
        (
            'echo \'{"import_error": "OSError: libcudart.so.13: cannot open"}\'',
            "unusable",
            "libcud",
        ),
        ("echo '[1]'", "unreadable", "printed no answer"),
    ],
)
def test_a_broken_torch_costs_one_field(box, body, code, words):
    assert torch_build(box.system, box.note, 0.2, _interpreter(box, body)) is None
    assert words in box.messages(code)


def test_what_torch_cannot_tell_is_null_and_named(box):
    fields = dict.fromkeys(
        ("version", "cuda_version", "cudnn_version", "nccl_version", "arch_list", "git_version")
    )
    answer = json.dumps(
        {
            "fields": {**fields, "version": "2.13.0", "cuda_available": False},
            "errors": {"cudnn_version": "RuntimeError: cuDNN\nversion mismatch"},
        }
    )
    python = _interpreter(box, f"echo 'a warning'; echo '{answer}'".replace("\\n", "\\\\n"))

    found = torch_build(box.system, box.note, 5.0, python)

    assert found["version"] == "2.13.0"
    assert found["cudnn_version"] is None
    assert "cudnn_version: RuntimeError: cuDNN version mismatch" in box.messages("unreadable")


def test_an_interpreter_without_torch_is_a_problem(box):
    assert torch_build(box.system, box.note, 5.0) is None
    assert "torch: not installed" in box.messages("missing")


def test_the_document_is_valid_where_nothing_answers(box):
    document = environment.document(box.system, "empty", timeout=10.0)

    assert schema_errors("environment", "", document) == []
    assert document["data"]["torch"] is None
    assert document["data"]["driver_version"] is None


def test_a_crashed_probe_costs_its_fields_alone(box, monkeypatch):
    monkeypatch.setattr(environment, "packages", lambda note: 1 / 0)

    document = environment.document(box.system, "spark-01", timeout=10.0)

    assert schema_errors("environment", "", document) == []
    assert document["data"]["python"] == {"version": None, "implementation": None}
    assert "ZeroDivisionError" in json.dumps(document["problems"])


def test_the_runtimes_torch_describes_its_build(runtime_python, tmp_path):
    done = subprocess.run(
        [runtime_python, "-m", "python_probes", "environment", "--host", "spark-01"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "FOUNDATION_SOURCE_REVISION": REVISION},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    document = json.loads(done.stdout)

    assert schema_errors("environment", "", document) == []
    torch = document["data"]["torch"]
    installed = {entry["name"]: entry["version"] for entry in document["data"]["packages"]}
    assert torch["version"].split("+")[0] == installed["torch"].split("+")[0]
    assert len(torch["git_version"]) == 40
    assert (torch["cuda_version"] is None) == (torch["arch_list"] == [])
    assert document["data"]["source"] == {"revision": REVISION, "dirty": False}
