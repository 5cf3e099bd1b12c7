"""`foundation report` as a process, and the files that the gate writes beside its report."""

import json
import os
import stat
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import any_reports as made
import pytest

from foundation.core.errors import DocumentError, StorageError
from foundation.core.files import write_atomically
from foundation.documents import store
from foundation.reports import html_page, writer
from foundation.reports.formats import FORMATS

ROOT = Path(__file__).parents[2]


def run(*arguments, umask=0o022):
    return subprocess.run(
        [sys.executable, "-m", "foundation", "report", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        umask=umask,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def error(done):
    assert "Traceback" not in done.stderr + done.stdout
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture
def gate(tmp_path):
    """A gate report as `foundation gate --json` and gate.yml leave it."""
    path = tmp_path / "gate.json"
    store.write(made.every_outcome(), path)
    return path


def test_all_of_them_are_written_and_named(gate, tmp_path):
    done = run("--gate", gate, "--all", tmp_path / "out", umask=0o077)
    assert (done.returncode, done.stderr) == (0, "")
    names = [f"gate{one.suffix}" for one in FORMATS.values()]
    assert done.stdout.splitlines() == [str(tmp_path / "out" / name) for name in names]
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(names)
    rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").iterdir()}
    # node_exporter is another user; all else the umask decides.
    assert rights.pop("gate.prom") == 0o644
    assert set(rights.values()) == {0o600}


def test_each_goes_where_it_is_sent(gate, tmp_path):
    junit, text = tmp_path / "a/results.xml", tmp_path / "foundation.prom"
    text.write_text("the gate before")
    done = run("--gate", gate, "--junit", junit, "--prometheus", text)
    assert (done.returncode, done.stdout) == (0, f"{junit}\n{text}\n")
    report = writer.load(gate)
    assert junit.read_text() == FORMATS["junit"].render(report)
    assert text.read_text() == FORMATS["prometheus"].render(report)


@pytest.mark.parametrize("name", FORMATS)
def test_a_checkout_that_is_not_installed_writes_every_format(gate, name, monkeypatch):
    """An execution environment installs what the project needs, and a job brings the project."""
    found = metadata.Distribution.from_name

    def elsewhere(wanted):
        if wanted == "dgx-spark-foundation":
            raise metadata.PackageNotFoundError(wanted)
        return found(wanted)

    monkeypatch.setattr(metadata.Distribution, "from_name", elsewhere)
    assert FORMATS[name].render(writer.load(gate))


def test_the_verdict_has_no_say_in_the_exit_status(gate, tmp_path):
    assert json.loads(gate.read_text())["verdict"] == "FAILED"
    assert run("--gate", gate, "--markdown", tmp_path / "gate.md").returncode == 0


def test_nothing_to_write_is_a_wrong_call(gate):
    done = run("--gate", gate)
    assert done.returncode == 2
    assert "name what to write" in error(done)


def test_one_that_cannot_be_written_keeps_no_other_from_being_written(gate, tmp_path):
    (tmp_path / "file").write_text("")
    done = run(
        "--gate", gate, "--junit", tmp_path / "file/gate.xml", "--ctrf", tmp_path / "gate.ctrf.json"
    )
    assert done.returncode == 2
    assert "file/gate.xml: cannot be written" in error(done)
    assert json.loads((tmp_path / "gate.ctrf.json").read_text())["reportFormat"] == "CTRF"


def test_a_damaged_report_writes_nothing(gate, tmp_path):
    gate.write_text(gate.read_text()[:200])
    done = run("--gate", gate, "--all", tmp_path / "out")
    assert done.returncode == 2
    assert "damaged or truncated JSON" in error(done)
    assert "make it again with ansible-playbook gate.yml" in error(done)
    assert not (tmp_path / "out").exists()


def without(*keys):
    def damage(report):
        for key in keys:
            del report[key]

    return damage


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        # As the gate wrote them before it judged fleets.
        (without("fleet", "waivers", "not_judged"), "is absent"),
        (lambda report: report["hosts"]["spark-01.lab.example"].pop("figures"), "is absent"),
        (lambda report: report.update(schema_version="0.9"), "$.schema_version"),
        (lambda report: report.update(kind="benchmark"), "not a gate report"),
        (lambda report: report.update(verdict="MAYBE"), "$.verdict"),
    ],
)
def test_what_is_no_report_of_this_version_is_refused(gate, damage, says):
    report = json.loads(gate.read_text())
    damage(report)
    gate.write_text(json.dumps(report))
    with pytest.raises(DocumentError) as caught:
        writer.load(gate)
    assert str(caught.value).startswith(f"{gate}: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"{}", b'{"kind": NaN}', b"{" * 99999])
def test_what_is_no_json_object_is_refused(gate, content):
    gate.write_bytes(content)
    with pytest.raises(DocumentError, match=r"gate\.json: .*make it again"):
        writer.load(gate)


def test_a_report_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DocumentError, match=r"none\.json: cannot be read: No such file"):
        writer.load(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("gate.json", "gate.xml"),
        ("verdict", "verdict.xml"),
        ("gate.xml", "gate.xml.xml"),
        (".json", ".xml"),
    ],
)
def test_a_format_never_takes_the_place_of_the_report(name, wanted):
    assert writer.beside(Path("reports") / name, "junit") == Path("reports") / wanted


def test_beside_the_report_means_every_format_once(tmp_path):
    path = tmp_path / "gate.json"
    written = writer.write_beside(made.every_outcome(), path, ["junit", "markdown", "junit"])
    assert written == [tmp_path / "gate.xml", tmp_path / "gate.md"]
    assert sorted(tmp_path.iterdir()) == sorted(written)


def test_a_failure_beside_the_report_tells_the_verdict_and_leaves_the_rest(tmp_path):
    (tmp_path / "gate.xml").mkdir()
    with pytest.raises(StorageError) as caught:
        writer.write_beside(made.every_outcome(), tmp_path / "gate.json", ["junit", "ctrf"])
    told = str(caught.value)
    assert told.startswith(f"the verdict is FAILED and stands in {tmp_path / 'gate.json'}, but: ")
    assert f"{tmp_path / 'gate.xml'}: cannot be written" in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gate.ctrf.json", "gate.xml"]


def test_a_renderer_that_breaks_down_costs_its_file_only(tmp_path, monkeypatch):
    def break_down(report):
        raise OverflowError("cannot convert\nfloat infinity")

    monkeypatch.setattr(html_page, "render", break_down)
    with pytest.raises(StorageError) as caught:
        writer.write_beside(made.every_outcome(), tmp_path / "gate.json", ["html", "ctrf"])
    told = str(caught.value)
    assert told.startswith("the verdict is FAILED")
    assert "as html_page: OverflowError: cannot convert float infinity; please report" in told
    assert [path.name for path in tmp_path.iterdir()] == ["gate.ctrf.json"]


def test_what_is_no_file_is_not_replaced(tmp_path):
    """Root could put a file in the place of /dev/null or a pipe by its rename."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to(os.devnull)
    for name in ("pipe", "null"):
        with pytest.raises(StorageError, match="not a regular file; what was there before"):
            write_atomically(tmp_path / name, b"x")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert (tmp_path / "null").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["null", "pipe"]


def test_rights_that_are_asked_for_are_given_whatever_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        write_atomically(tmp_path / "open", b"x", 0o644)
        write_atomically(tmp_path / "closed", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "closed").stat().st_mode) == 0o600


def test_the_reports_made_by_hand_are_valid(gate):
    assert store.load(gate)["kind"] == "gate_report"
