"""The reproducibility smoke test as a real process, with the probe runtime's torch."""

import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from box import REPOSITORY
from schema_check import schema_errors

RUN = REPOSITORY / "repro" / "run.sh"
FILES = {"contact_sheet.png", "manifest.json", "environment.json", "reproducibility.json"}


def _run(*arguments, python=None, run=RUN, **environment):
    """run.sh without a container, unless the arguments name an engine."""
    named = ["--python", python] if python else []
    return subprocess.run(
        [run, "--engine", "none", *named, *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def ten(runtime_python, tmp_path_factory):
    """The folder of one run of ten images."""
    out = tmp_path_factory.mktemp("repro") / "new" / "out"
    done = _run("--seed", 7, "--out", out, "--host", "spark-01", python=runtime_python)
    assert (done.returncode, done.stderr) == (0, "")
    return out


def _read(folder, name):
    return json.loads((folder / name).read_text())


def test_ten_distinct_images_and_their_documents(ten):
    names = {f"image_{index:02d}.png" for index in range(10)}
    assert {path.name for path in ten.iterdir()} == names | FILES

    manifest = _read(ten, "manifest.json")
    report = _read(ten, "reproducibility.json")
    assert schema_errors("manifest", "", manifest) == []
    assert schema_errors("reproducibility", "", report) == []
    assert schema_errors("environment", "", _read(ten, "environment.json")) == []
    assert report["host"] == "spark-01"
    assert report["data"]["images"] == manifest["images"]
    assert report["data"]["distinct_images"] == 10
    assert report["data"]["repeated"] == {"index": 0, "identical": True}
    assert report["data"]["build"] == report["identity"]["build"]
    assert list(report["data"]["stages"]) == [
        "start",
        "load",
        "warm_up",
        "images",
        "repeat",
        "contact_sheet",
        "environment",
    ]
    classes = [
        "sword",
        "potion",
        "slime",
        "knight",
        "tree",
        "coin",
        "key",
        "heart",
        "skull",
        "ship",
    ]
    assert [entry["class"] for entry in manifest["images"]] == classes
    weights = (REPOSITORY / "repro" / "model.safetensors").read_bytes()
    assert manifest["generator"] == report["data"]["generator"]
    assert manifest["generator"]["model_sha256"] == hashlib.sha256(weights).hexdigest()
    for entry in manifest["images"]:
        content = (ten / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert content.startswith(b"\x89PNG")
        assert not {b"tIME", b"tEXt", b"iTXt", b"zTXt"} & {content[i : i + 4] for i in range(900)}


@pytest.mark.slow
def test_fewer_images_are_the_first_of_more(ten, runtime_python, tmp_path):
    done = _run("--seed=7", "--count=2", f"--out={tmp_path}", python=runtime_python)

    assert done.returncode == 0, done.stderr
    for name in ("image_00.png", "image_01.png"):
        assert (tmp_path / name).read_bytes() == (ten / name).read_bytes()


@pytest.mark.slow
def test_another_seed_and_a_second_run_in_the_same_folder(runtime_python, ten, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "image_07.png").write_text("of an earlier run")
    (tmp_path / "manifest.json").write_text('{"images": [{"file": "image_07.png"}]}')

    done = _run("--seed", 8, "--count", 1, "--out", tmp_path, python=runtime_python)

    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == FILES | {"image_00.png", "notes.txt"}
    assert (tmp_path / "image_00.png").read_bytes() != (ten / "image_00.png").read_bytes()


def test_the_images_are_the_reference(ten):
    manifest = _read(ten, "manifest.json")
    path = REPOSITORY / "repro" / "references" / f"{manifest['device']['kind']}.json"
    reference = json.loads(path.read_text())
    if manifest["build"] != reference["build"]:
        pytest.skip(f"the reference is of build {reference['build']}")

    assert manifest["generator"] == reference["generator"]
    made = [image["sha256"] for image in manifest["images"]]
    assert made == [image["sha256"] for image in reference["images"]]
    assert _read(ten, "reproducibility.json")["data"]["references"] == {
        "file": path.name,
        "made_on": reference["made_on"],
        "same_kind": True,
        "compared": 10,
        "identical": 10,
        "minimum_psnr_db": 100.0,
    }


@pytest.fixture
def copy(tmp_path):
    """repro/ in a folder of its own, to be damaged."""
    shutil.copytree(REPOSITORY / "repro", tmp_path / "project" / "repro")
    (tmp_path / "project" / "python_probes").symlink_to(REPOSITORY / "python_probes")
    return tmp_path / "project" / "repro"


def _missing(path):
    path.unlink()


def _cut(path):
    path.write_bytes(path.read_bytes()[:100_000])


def _one_bit(path):
    content = bytearray(path.read_bytes())
    content[-1000] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [_missing, _cut, _one_bit])
def test_damaged_weights_are_one_line(runtime_python, copy, tmp_path, damage):
    damage(copy / "model.safetensors")
    out = tmp_path / "out"

    done = _run("--out", out, python=runtime_python, run=copy / "run.sh")

    assert (done.returncode, done.stdout) == (2, "")
    assert f"{copy / 'model.safetensors'}: " in done.stderr
    assert "restore the file from the repository" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--count", "0"], "'0' is not a whole number from 1 to 1000"),
        (["--count"], "--count: expected one argument"),
        (["--count", "1.5"], "not a whole number"),
        (["--seed", "-1"], "not a whole number"),
        (["--timeout", "0"], "not a whole number"),
        (["--host", "a b"], "not an inventory host name"),
        (["--engine", "rocket"], "choose from 'auto', 'docker', 'podman', 'none'"),
        (["--bogus"], "unrecognized arguments: --bogus"),
        (["ten"], "unrecognized arguments: ten"),
        (["--prepare"], "an image needs docker or podman"),
        (["--engine", "docker", "--model", "/nowhere"], "--engine none"),
        (["--model", "/nowhere"], "no model_index.json"),
    ],
)
def test_wrong_use_is_one_line(runtime_python, arguments, words):
    done = _run(*arguments, python=runtime_python)

    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_runtime_says_how_to_make_it(tmp_path):
    done = _run(FOUNDATION_PYTHON="", XDG_DATA_HOME=str(tmp_path))

    assert done.returncode == 2
    assert (
        f"{tmp_path}/dgx-spark-foundation/runtime/bin/python: not a Python that can be run"
        in done.stderr
    )
    assert "ansible-playbook foundation.yml --tags WS-01" in done.stderr


def test_a_python_without_torch_says_how_to_make_one(tmp_path):

    done = _run("--out", tmp_path, python=sys.executable)

    assert done.returncode == 2
    assert "ansible-playbook foundation.yml --tags WS-01" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_help_names_every_option():
    done = _run("--help")

    assert done.returncode == 0
    for option in ("engine", "count", "seed", "out", "timeout", "host", "python"):
        assert f"--{option}" in done.stdout


@pytest.mark.parametrize("out", ["/proc/nowhere", "/dev/null/x"])
def test_a_folder_that_takes_no_file_is_one_line(runtime_python, out):
    done = _run("--out", out, python=runtime_python)

    assert done.returncode == 2
    assert out.rpartition("/")[0] in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_full_disk_is_one_line_and_no_part(runtime_python, tmp_path):
    # A limit on the size of files stands in for the disk: the write fails in the same way.
    command = [RUN, "--engine=none", f"--python={runtime_python}", "--count=3", f"--out={tmp_path}"]
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 1; trap "" XFSZ; exec "$@"', "-", *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_an_interrupt_leaves_whole_files_alone(runtime_python, tmp_path):
    child = subprocess.Popen(
        [RUN, "--engine=none", f"--python={runtime_python}", "--count=1000", f"--out={tmp_path}"],
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "image_03.png").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)

    child.send_signal(signal.SIGTERM)
    _, errors = child.communicate(timeout=20)

    assert child.returncode == 128 + signal.SIGTERM
    assert "stopped by SIGTERM" in errors
    names = {path.name for path in tmp_path.iterdir()}
    assert not any(name.startswith(".") for name in names)
    assert not names & FILES
    for name in names:
        assert (tmp_path / name).read_bytes().endswith(b"IEND\xaeB`\x82")


def test_a_stage_over_budget_is_named_and_the_document_is_written(runtime_python, tmp_path):
    done = _run("--count", 1000, "--timeout", 1, "--out", tmp_path, python=runtime_python)

    assert done.returncode == 1
    assert re.search(r"stage (load|warm_up|images): over budget", done.stderr)
    report = _read(tmp_path, "reproducibility.json")
    assert schema_errors("reproducibility", "", report) == []
    assert report["data"]["total_seconds"] > report["data"]["budget_seconds"] == 1
    assert len(report["data"]["images"]) < 1000
    assert report["data"]["repeated"] is None


# A generator that ignores its seed, and one that never repeats itself.
_BROKEN = {
    "the same": "sampling.image_seed = lambda seed, index: 5\n"
    "sampling.image_class = lambda index: 'coin'",
    "another": "import itertools; counter = itertools.count()\n"
    "sampling.image_seed = lambda seed, index: next(counter)",
    "no kernel": "def generate(*_, **__): raise RuntimeError('CUDA error: no kernel image')\n"
    "sampling.generate = generate",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("the same", "1 of 3 images are distinct"),
        ("another", "image 0 of seed 7 came out different the second time"),
        ("no kernel", "CUDA error: no kernel image"),
    ],
)
def test_a_generator_at_fault_fails_the_smoke_test(runtime_python, tmp_path, fault, words):
    code = (
        f"import sys; from repro.generate import generator, sampling\n{_BROKEN[fault]}\n"
        "sys.exit(generator.main())"
    )
    done = subprocess.run(
        [runtime_python, "-c", code, "--count", "3", "--out", tmp_path],
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "OMP_WAIT_POLICY": "PASSIVE",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1, done.stderr
    assert words in done.stderr
    assert schema_errors("reproducibility", "", _read(tmp_path, "reproducibility.json")) == []


def test_two_at_once_do_not_share_a_folder(runtime_python, tmp_path):
    holder = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        done = _run("--out", tmp_path, python=runtime_python)
    finally:
        os.close(holder)

    assert (done.returncode, done.stdout) == (2, "")
    assert f"{tmp_path}: another run writes there" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_seed_without_reference_says_so(runtime_python, tmp_path):
    done = _run("--seed", 0, "--count", 1, "--out", tmp_path, python=runtime_python)

    assert done.returncode == 0, done.stderr
    report = _read(tmp_path, "reproducibility.json")
    assert schema_errors("reproducibility", "", report) == []
    assert report["data"]["seed"] == 0
    assert report["data"]["references"] is None
    assert "none for seed 0" in str([p for p in report["problems"] if p["probe"] == "references"])
    assert "gpu_container" in {problem["probe"] for problem in report["problems"]}


# As much of diffusers as the smoke test calls; the picture depends on prompt, steps and noise.
_DIFFUSERS = """
import torch
from PIL import Image
__version__ = "0.0"

class _Made:
    def __init__(self, image):
        self.images = [image]

class DiffusionPipeline:
    @classmethod
    def from_pretrained(cls, path, local_files_only, use_safetensors):
        assert local_files_only and use_safetensors
        if (open(path + "/model_index.json").read()) == "damaged":
            raise OSError("no file named diffusion_pytorch_model.safetensors")
        return cls()

    def to(self, device):
        return self

    def set_progress_bar_config(self, disable):
        pass

    def __call__(self, prompt, generator, num_inference_steps):
        noise = torch.randint(0, 256, (8, 8, 3), generator=generator, dtype=torch.uint8)
        noise[0, 0, 0] = len(prompt)
        return _Made(Image.fromarray(noise.numpy()))
"""


@pytest.fixture
def with_diffusers(runtime_python, tmp_path):
    """A Python that has torch and what stands for diffusers."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "diffusers.py").write_text(_DIFFUSERS)
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:{tmp_path}/library" exec {runtime_python} "$@"\n'
    )
    python.chmod(0o755)
    return str(python)


def _pipeline(tmp_path, index="{}"):
    folder = tmp_path / "pipeline"
    folder.mkdir()
    (folder / "model_index.json").write_text(index)
    return folder


def test_a_pipeline_of_ones_own_is_run_and_compared_with_nothing(with_diffusers, tmp_path):
    done = _run(
        "--count", 6, "--out", tmp_path / "out", "--model", _pipeline(tmp_path),
        python=with_diffusers,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    report = _read(tmp_path / "out", "reproducibility.json")
    assert schema_errors("reproducibility", "", report) == []
    assert report["data"]["generator"]["name"] == "diffusers"
    assert report["data"]["distinct_images"] == 6
    assert report["data"]["repeated"]["identical"]
    assert report["data"]["references"] is None


def test_a_pipeline_that_cannot_be_loaded_is_one_line(with_diffusers, tmp_path):
    done = _run("--model", _pipeline(tmp_path, "damaged"), "--out", tmp_path / "out",
                python=with_diffusers)  # fmt: skip

    assert done.returncode == 2
    assert "diffusers cannot load it: no file named" in done.stderr


def test_without_diffusers_the_error_says_what_to_install(runtime_python, tmp_path):
    done = _run("--model", _pipeline(tmp_path), "--out", tmp_path / "out", python=runtime_python)

    assert done.returncode == 2
    assert "pip install diffusers transformers accelerate" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_stage_that_never_ends_is_ended(tmp_path):
    code = (
        "import time; from repro.generate import stages; stages._GRACE_SECONDS = 0.1\n"
        "made = stages.Stages(0.1)\n"
        "with made.stage('images'): time.sleep(30)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert done.returncode == 1
    assert "stage images: over budget" in done.stderr
