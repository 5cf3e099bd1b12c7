"""The gate where everything goes wrong: damage without end, interrupts, rivals, full disks."""

import json
import os
import random
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import documents as made
import pytest

from foundation.documents import store as stored
from foundation.evaluation import gate
from foundation.profiles.criteria import load_profiles

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "foundation", "gate"]
# Without Coverage.py, whose own file is the first that a full disk keeps from being written.
ENVIRONMENT = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
ENVIRONMENT["PYTHONPATH"] = str(ROOT)


def store(folder, count, now=None):
    """Healthy Sparks, written plainly; half an hour old, or collected when `now` says."""
    moment = (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for index in range(count):
        host = f"h{index:03d}"
        (folder / host).mkdir(parents=True)
        for kind, document in made.spark(host).items():
            document["collected_at"] = moment
            (folder / host / f"{kind}.json").write_text(json.dumps(document))
    return folder


def truncated(path, chance):
    text = path.read_bytes()
    path.write_bytes(text[: chance.randrange(len(text) - 1)])


def replaced(raw):
    return lambda path, _: path.write_bytes(raw)


def altered(change):
    def alter(path, chance):
        document = json.loads(path.read_text())
        change(document, chance)
        path.write_text(json.dumps(document))

    return alter


def a_pipe(path, _):
    path.unlink()
    os.mkfifo(path)


def a_folder(path, _):
    path.unlink()
    path.mkdir()


def a_dangling_link(path, _):
    path.unlink()
    path.symlink_to("nowhere")


def twice_the_same_key(path, _):
    path.write_text(path.read_text().replace("{", '{"kind": "x", ', 1))


DAMAGE = (
    truncated, a_pipe, a_folder, a_dangling_link, twice_the_same_key,
    replaced(b""), replaced(b"[]"), replaced(b"null"), replaced(b"\xff\xfe"), replaced(b"{" * 9999),
    altered(lambda d, c: d.pop(c.choice(list(d)))),
    altered(lambda d, _: d.update(extra=1)),
    altered(lambda d, _: d.update(host="another")),
    altered(lambda d, _: d.update(kind="benchmark" if d["kind"] != "benchmark" else "environment")),
    altered(lambda d, _: d.update(data=None)),
    altered(lambda d, _: d.update(data=float("nan"))),
    altered(lambda d, _: d.update(collected_at="2020-01-01T00:00:00Z")),
    altered(lambda d, _: d.update(collected_at="2099-01-01T00:00:00Z")),
    altered(lambda d, _: d["identity"].update(boot_id="another")),
    altered(lambda d, _: d["identity"].clear()),
)  # fmt: skip


def test_400_damaged_documents_pass_nowhere(tmp_path):
    """As a process and by the function that the playbook calls: the same verdict, no traceback."""
    chance = random.Random(400)  # noqa: S311 - no secret
    store(tmp_path / "d", 101)
    paths = [
        tmp_path / "d" / f"h{index:03d}" / f"{kind}.json"
        for index in range(100)
        for kind in stored.COLLECTED_KINDS
    ]
    for index, path in enumerate(paths):
        DAMAGE[index % len(DAMAGE)](path, chance)
    done = subprocess.run(
        [*COMMAND, "--documents", tmp_path / "d", "--json", tmp_path / "gate.json"],
        env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")
    offline = json.loads((tmp_path / "gate.json").read_text())
    verdicts = {host: entry["verdict"] for host, entry in offline["hosts"].items()}
    assert verdicts.pop("h100") == "PASS"
    assert set(verdicts.values()) <= {"INVALID", "FAIL", "MISSING"}
    again = gate.judge_folder(
        tmp_path / "d", dict.fromkeys(verdicts, "auto"), None, list(offline["hosts"]),
        now=datetime.fromisoformat(offline["generated_at"]),
    )  # fmt: skip
    assert json.loads(json.dumps(again)) == offline


def test_one_damaged_document_is_enough(tmp_path):
    chance = random.Random(1)  # noqa: S311 - no secret
    given = made.spark()
    for damage in DAMAGE:
        for kind in stored.COLLECTED_KINDS:
            path = tmp_path / "one.json"
            path.write_text(json.dumps(given[kind]))
            damage(path, chance)
            try:
                document = stored.read(path)
            except stored.DocumentError as error:
                document = error
            hosts = {made.HOST: {**given, kind: document}}
            report = gate.evaluate(load_profiles("dgx_spark"), hosts, (), made.NOW)
            assert report["verdict"] == "FAILED", (damage, kind)
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def test_two_gates_at_once_leave_one_whole_report(tmp_path):
    store(tmp_path / "d", 20)
    command = [*COMMAND, "--documents", tmp_path / "d", "--json", tmp_path / "gate.json"]
    rivals = [
        subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL) for _ in range(3)
    ]
    assert [rival.wait(timeout=60) for rival in rivals] == [0, 0, 0]
    assert len(stored.load(tmp_path / "gate.json")["hosts"]) == 20
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d", "gate.json"]


def full_disk():
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


@pytest.mark.parametrize(
    ("place", "limit", "says"),
    [("gate.json", full_disk, "File too large"), ("/proc/gate.json", None, "No such file")],
)
def test_a_full_disk_or_a_read_only_folder_exits_2_in_one_line(tmp_path, place, limit, says):
    store(tmp_path / "d", 2)
    (tmp_path / "gate.json").write_text("the one before")
    done = subprocess.run(
        [*COMMAND, "--documents", tmp_path / "d", "--json", tmp_path / place],
        env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60,
        preexec_fn=limit,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert says in done.stderr
    assert (tmp_path / "gate.json").read_text() == "the one before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d", "gate.json"]
