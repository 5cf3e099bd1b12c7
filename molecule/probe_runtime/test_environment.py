"""What the role promises of the environment, asked of the host."""

import os
from pathlib import Path

RUNTIME = Path(os.environ["PROBE_RUNTIME_PATH"])


def test_the_measuring_packages_are_there(host):
    packages = host.pip.get_packages(pip_path=str(RUNTIME / "bin/pip"))
    assert packages["torch"]["version"].startswith("2.13.0")
    assert {"numpy", "pillow", "safetensors", "nvidia-ml-py"} <= set(packages)


def test_torch_computes(host):
    program = "import torch; print(torch.ones(2, 2).sum().item())"
    assert host.check_output("%s -c %s", str(RUNTIME / "bin/python"), program) == "4.0"


def test_nothing_is_writable_by_others(host):
    for path in (
        RUNTIME,
        RUNTIME / "bin",
        RUNTIME / "pyvenv.cfg",
        RUNTIME / "probe_runtime.complete",
    ):
        assert not host.file(str(path)).mode & 0o022, path
