"""The command line of the probes as a real process."""

import json
import os
import subprocess
import sys
import zipfile

import pytest
from box import GB10, REPOSITORY
from schema_check import schema_errors

from python_probes import cli
from python_probes.core.version import VERSION


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required: kind"),
        (["weather"], "invalid choice: 'weather'"),
        (["hardware", "--timeout", "soon"], "'soon' is not a number of seconds"),
        (["hardware", "--timeout", "0"], "'0' is not a number of seconds"),
        (["hardware", "--timeout", "nan"], "'nan' is not a number of seconds"),
        (["hardware", "--host", "a b"], "'a b' is not an inventory host name"),
        (["hardware", "--host", "../x"], "'../x' is not an inventory host name"),
    ],
)
def test_wrong_use_is_one_line(box, arguments, words):
    done = box.run(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_benchmark_reads_its_own_arguments(box):
    done = box.run("benchmark", "--level", "nonsense", root="none")

    assert (done.returncode, done.stdout) == (2, "")
    assert "invalid choice: 'nonsense'" in done.stderr


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_an_unreadable_root_is_one_line(box, kind):
    root = box.root / "missing"
    if kind == "file":
        root.write_text("")

    done = box.run("hardware", root=root)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"python_probes: --root {root}: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_full_disk_behind_standard_output_is_one_line(box):
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = box.run("live_state", stdout=full, stderr=subprocess.PIPE, capture_output=False)

    assert done.returncode == 2
    assert done.stderr == "python_probes: standard output: No space left on device\n"


def test_an_old_python_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))

    assert cli.main(["hardware"]) == 2

    assert capsys.readouterr().err == (
        "python_probes: Python 3.9 is too old; the probes need 3.10 or newer\n"
    )


def test_an_interrupt_is_one_line(monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_document", interrupted)

    assert cli.main(["hardware"]) == 130
    assert capsys.readouterr().err == "python_probes: interrupted\n"


def test_in_process_it_prints_the_same(box, capsys):
    assert cli.main(["live_state", "--root", str(box.root)]) == 0

    document = json.loads(capsys.readouterr().out)
    assert document["collector"] == {"name": "python_probes", "version": VERSION}
    assert document["host"] == "localhost"


def test_the_live_machine(box):
    done = box.run("hardware", root="none", path=os.environ["PATH"] + ":/usr/bin:/bin")

    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert schema_errors("hardware_baseline", "", document) == []
    data = document["data"]
    assert data["memory"]["total_bytes"] > 2**20
    assert data["memory"]["page_size_bytes"] == os.sysconf("SC_PAGE_SIZE")
    assert data["cpu"]["architecture"] == os.uname().machine
    assert document["identity"]["kernel"] == os.uname().release
    assert data["cpu"]["logical_cpus"] >= 1
    (root,) = [e for e in data["storage"]["file_systems"] if e["mount_point"] == "/"]
    assert root["size_bytes"] == os.statvfs("/").f_blocks * os.statvfs("/").f_frsize


def test_it_runs_from_a_zip_under_ansibles_name(tmp_path, gb10_path):
    archive = tmp_path / "modules.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name in ("ansible/__init__.py", "ansible/module_utils/__init__.py"):
            packed.writestr(name, "")
        for file in sorted((REPOSITORY / "python_probes").rglob("*.py")):
            packed.write(file, f"ansible/module_utils/{file.relative_to(REPOSITORY)}")

    done = subprocess.run(
        [sys.executable, "-m", "ansible.module_utils.python_probes.cli", "hardware",
         "--root", str(GB10 / "root"), "--host", "spark1"],
        env={"PATH": gb10_path, "PYTHONPATH": str(archive), "LD_LIBRARY_PATH": str(tmp_path)},
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["data"]["cpu"]["logical_cpus"] == 20
