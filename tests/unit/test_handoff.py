"""The hand-off: what is in it, what is not, when it is refused, and the folder it lies in."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import documents as made
import pytest
import runs
from box import GB10
from test_gb10_replay import SECRETS

from foundation.core.errors import DocumentError, ProfileError, StorageError
from foundation.documents import store
from foundation.evaluation import gate, verified_report
from foundation.handoff import bundle, folder, redaction, toolchain

PROJECT = Path(__file__).parents[2]
RUSTC = toolchain.Captured()


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


class Place:
    """A folder of documents and the gate's report on them."""

    def __init__(self, root):
        self.root = root
        self.stored = root / "documents"
        self.report = root / "gate.json"

    def store(self, *all_documents):
        for one in all_documents:
            runs.store(self.stored, one)
        return self

    def judge(self, **options):
        report = gate.judge_folder(self.stored, now=made.NOW, **options)
        gate.write_report(report, self.report)
        return report

    def load(self, profile=None):
        return verified_report.load(self.stored, self.report, profile)

    def build(self, keep_names=False):
        files = bundle.build(self.load(), RUSTC, keep_names)
        return files, {name: json.loads(content) for name, content in files.items()}

    def run(self, *arguments):
        return subprocess.run(
            [sys.executable, "-m", "foundation", "handoff", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(PROJECT), "PATH": "/usr/bin:/bin"},
        )


def one_line_error(done, status):
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


def test_a_spark_is_handed_over(place):
    place.store(made.spark()).judge()
    files, content = place.build()

    assert list(files) == [
        "model/hardware_baseline.json",
        "model/versions.json",
        "model/unified_memory.json",
        "model/manifest.json",
        "interface/cpu.json",
        "interface/terminal.json",
        "interface/performance.json",
        "interface/manifest.json",
    ]
    (hardware,) = content["model/hardware_baseline.json"]["configurations"]
    assert hardware["hosts"] == ["host-01"]
    assert hardware["gpus"][0]["name"] == "NVIDIA GB10"
    assert hardware["gpus"][0]["power_limit_watts"] is None
    (versions,) = content["model/versions.json"]["configurations"]
    assert versions["driver"]["loaded_version"] == "580.178.04"
    assert versions["cuda"] == {"driver_api": "13.0", "toolkit": "13.0.88"}
    assert versions["torch"]["version"] == "2.13.0+cu130"
    assert versions["measured_with"]["figures"] == {"torch": "2.13.0+cu130", "cuda": "13.0"}
    verified = {one["criterion"]: one["outcome"] for one in versions["verified"]}
    assert verified["driver_known_bad"] == "pass"
    assert verified["torch_build"] == "pass"
    (cpu,) = content["interface/cpu.json"]["configurations"]
    assert [(c["cores"], c["name"], c["part"]) for c in cpu["clusters"]] == [
        (10, "Cortex-X925", "0xd85"),
        (10, "Cortex-A725", "0xd87"),
    ]
    assert cpu["rust"]["target_triple"] == "aarch64-unknown-linux-gnu"


def test_measured_and_documented_facts_of_memory_are_kept_apart(place):
    place.store(made.spark()).judge()
    memory = place.build()[1]["model/unified_memory.json"]

    (found,) = memory["measured"]["configurations"]
    assert found["allocatable_rule"] == "MemAvailable + SwapFree"
    assert found["page_size_bytes"] == 4096
    assert found["coherence"] == {
        "addressing_mode": "ats",
        "sums_agree": {"cpu_reads_gpu": True, "gpu_reads_cpu": True},
        "integrated": None,
    }
    assert memory["measured"]["when_collected"]["host-01"]["allocatable_bytes"] == 142 * made.GIB
    assert all(fact["source"].startswith("gb10-facts, ") for fact in memory["documented"])
    assert all(fact["do_not"].startswith("Do not ") for fact in memory["documented"])
    measured = json.dumps(memory["measured"])
    assert not [f for f in memory["documented"] if f["fact"] in measured]
    assert "gb10-facts" not in measured


def test_what_was_not_measured_is_null_with_its_problem(place):
    given = made.spark()
    given["hardware_baseline"]["data"]["gpu"]["devices"][0]["addressing_mode"] = None
    given["hardware_baseline"]["problems"] = [
        made.problem("gpu", "GPU 0: addressing_mode: too old", "not_supported")
    ]
    del given["benchmark"], given["environment"]
    report = place.store(given).judge()
    assert report["verdict"] == "FAILED"
    assert report["workstreams"]["WS-01"]["status"] == "COMPLETE"
    content = place.build()[1]

    (memory,) = content["model/unified_memory.json"]["measured"]["configurations"]
    assert memory["coherence"]["addressing_mode"] is memory["coherence"]["sums_agree"] is None
    told = [p["message"] for p in content["model/unified_memory.json"]["problems"]]
    assert "GPU 0: addressing_mode: too old" in told
    assert "coherence.addressing_mode: neither NVML nor nvidia-smi reports it" in told
    (versions,) = content["model/versions.json"]["configurations"]
    assert versions["torch"]["version"] is versions["measured_with"]["figures"] is None
    kinds = {p["probe"]: p["code"] for p in content["model/versions.json"]["problems"]}
    assert (kinds["environment"], kinds["benchmark"]) == ("missing", "missing")
    assert content["interface/performance.json"]["figures"] == {}
    assert content["interface/manifest.json"]["gate"]["verdict"] == "FAILED"


def test_a_figure_that_is_not_trusted_says_so_and_stays_out_of_the_range(place):
    slow, fast = made.spark("a"), made.spark("b")
    made.change(fast["benchmark"], "data.figures.cpu|triad.value", 500.0)
    place.store(slow, fast).judge()
    triad = place.build()[1]["interface/performance.json"]["figures"]["cpu.triad"]

    assert triad["hosts"]["host-01"]["trusted"] is True
    assert triad["hosts"]["host-02"]["trusted"] is False
    assert any("273" in fault for fault in triad["hosts"]["host-02"]["faults"])
    assert triad["trusted"]["hosts"] == 1
    assert triad["trusted"]["maximum"] < 120


@pytest.mark.parametrize(
    ("terminal", "bits", "sixel"),
    [
        ({"is_terminal": True, "term": "foot", "color_term": "truecolor", "sixel": True}, 24, True),
        ({"is_terminal": True, "term": "xterm-256color", "sixel": False}, 8, False),
        ({"is_terminal": True, "term": "xterm-direct", "sixel": None}, 24, None),
        ({"is_terminal": True, "term": "linux", "sixel": False}, None, False),
        ({"is_terminal": False, "term": "xterm-256color", "color_term": "24bit"}, None, None),
    ],
)
def test_the_terminal_says_what_it_can_show_and_how_that_was_asked(place, terminal, bits, sixel):
    given = made.spark()
    given["environment"]["data"]["terminal"] |= {"sixel_reason": "said so", **terminal}
    place.store(given).judge()
    content = place.build()[1]["interface/terminal.json"]

    (found,) = content["configurations"]
    assert (found["color_depth_bits"], found["sixel"]) == (bits, sixel)
    assert found["sixel_asked"].startswith("DA1")
    nulls = {name for name in ("color_depth_bits", "sixel") if found[name] is None}
    assert {p["message"].partition(":")[0] for p in content["problems"]} == nulls


def test_the_modes_of_a_gpu_that_reports_them(place):
    stored = runs.spark()
    made.change(stored["hardware_baseline"], "data.gpu.devices.0.ecc_mode", True)
    made.change(stored["hardware_baseline"], "data.gpu.devices.0.mig_mode", False)
    place.store(stored).judge()
    _, content = place.build()
    (gpu,) = content["model/hardware_baseline.json"]["configurations"][0]["gpus"]
    assert (gpu["ecc_mode"], gpu["mig_mode"]) == ("enabled", "disabled")


def test_hosts_that_are_alike_share_an_entry(place):
    names = [f"rack{number}-spark" for number in range(3)]
    odd = made.spark("odd-one")
    made.change(odd["hardware_baseline"], "data.software.docker.server_version", "29.0.0")
    place.store(*map(made.spark, names), odd).judge()
    content = place.build()[1]

    dockers = {
        one["container"]["docker"]: one["hosts"]
        for one in content["model/versions.json"]["configurations"]
    }
    assert dockers["29.0.0"] == ["host-01"]
    assert dockers["29.1.3"] == [f"host-{n:02}" for n in range(2, 5)]
    assert len(content["interface/cpu.json"]["configurations"]) == 1
    assert content["model/manifest.json"]["profiles"] == {"dgx_spark": 4}


def test_the_same_input_gives_the_same_bytes(place):
    place.store(made.spark("b"), made.spark("a")).judge()
    assert place.build()[0] == place.build()[0]


def planted(host):
    """A Spark's documents with everything in them that could tell whose it is."""
    given = made.spark(host)
    texts = (
        f"seen by alice@{host}.example.org below /home/alice/runs at 192.168.7.9 and fe80::1%eth0",
        "MAC 02:00:5e:10:00:01, 2001:db8::7, GPU-1234abcd-0000-4000-8000-00000000beef, "
        "hmac-sha256:0123456789abcdef0123456789abcdef",
        f"{host.upper()}: mounted from /srv/customers/acme at ~/work",
    )
    for document in given.values():
        document["problems"] = [
            made.problem(probe, text)
            for text in texts
            for probe in ("gpu", "memory", "cpu", "terminal", "benchmark", "software", "torch")
        ]
    benchmark = given["benchmark"]["data"]
    benchmark["figures"]["cpu.triad"]["method"] += f"; {texts[0]}"
    benchmark["skipped"] = [{"figure": "gemm.x", "reason": texts[1]}]
    memory = given["hardware_baseline"]["data"]["memory"]
    memory["architecture_evidence"] = texts[2]
    given["environment"]["data"]["terminal"]["sixel_reason"] = texts[0]
    return given


LEAKS = (
    *("alice", "acme", "example.org", "192.168", "fe80", "2001:db8", "02:00:5e", "1234abcd"),
    *("hmac", "0123456789abcdef", "GPU-0", "00000000-0000", "/home", "/srv", "~/"),
    *("serial", "boot_id", "mac_hash"),
)


@pytest.mark.parametrize("keep_names", [False, True])
def test_nothing_in_it_tells_whose_it_is(place, keep_names):
    place.store(planted("spark-of-alice"), planted("dgx1")).judge()
    text = b"".join(place.build(keep_names)[0].values()).decode()

    leaks = LEAKS if not keep_names else [leak for leak in LEAKS if leak != "alice"]
    assert [leak for leak in leaks if leak.lower() in text.lower()] == []
    names = [name for name in ("spark-of-alice", "dgx1") if name in text.lower()]
    assert names == (["spark-of-alice", "dgx1"] if keep_names else [])
    assert "seen by <user>" in text
    assert ("SPARK-OF-ALICE" in text) == keep_names


def test_ordinary_text_is_left_as_it_is():
    clean = redaction.Redaction(["spark-01"]).text
    for text in (
        "GB/s by torch.mm, 8192x8192, 10^9 bytes a GB; CPU/GPU n/a",
        "driver 580.95.05, NVML 13.580.178.04, VBIOS 9a.0b.10.00.00, GPU 0 (000f:01:00.0)",
        "not in /sys/class/dmi/id; /usr/local/cuda-13.0/bin/nvcc at 12:30:05",
        "spark-012 and my-spark-01 are other hosts",
    ):
        assert clean(text) == text
    assert clean("spark-01: SPARK-01.") == "host-01: host-01."


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ("10.0.0.5: Connection refused", "<address>: Connection refused"),
        ("10.0.0.5:22 and fe80::1: none", "<address>:22 and <address>: none"),
        ("10.0.0.5:/export/acme is full", "<address>:<path> is full"),
        ("02:00:5e:10:00:01: down", "<address>: down"),
        ("enx02005e100001 is down", "<interface> is down"),
        ("not in /usr/bin:/home/alice/bin", "not in <path>"),
        ("/etc/../home/alice and ~alice/runs", "<path> and <path>"),
        ("spark-01.lab.example.org is down", "host-05 is down"),
        (
            "dgx1, a host of its own, and DGX1.acme.example",
            "host-02, a host of its own, and host-02",
        ),
        ("node and node.a.example", "<host> and host-03"),
    ],
)
def test_forms_that_a_text_may_have(told, left):
    names = ["dgx1.acme.example", "bare", "spark-01", "node.a.example", "node.b.example"]
    assert redaction.Redaction(names).text(told) == left


def test_a_replayed_spark_gives_nothing_away(place, box, gb10_path):
    given = {}
    for command, kind in (("hardware", "hardware_baseline"), ("environment", "environment")):
        given[kind] = box.document(
            command, "--host", "spark-fa4e", root=GB10 / "root", path=gb10_path
        )
        given[kind]["collected_at"] = made.COLLECTED
    place.store(given).judge()
    found = place.load()
    # The captured box has the driver with the known fault: what it is made of counts here.
    found.report["workstreams"]["WS-01"]["status"] = "COMPLETE"
    files = bundle.build(found, RUSTC)
    text = b"".join(files.values()).decode().lower()

    assert [secret for secret in SECRETS if secret.lower() in text] == []
    assert not re.search(r"hmac|enx|([0-9a-f]{2}:){5}", text)
    (cpu,) = json.loads(files["interface/cpu.json"])["configurations"]
    assert cpu["rust"]["target_cpu"] == "gb10"
    adapters = json.loads(files["model/hardware_baseline.json"])["configurations"][0]
    assert {"pci_device_id": "15b3:1021", "driver": "mlx5_core", "functions": 4} in adapters[
        "network_adapters"
    ]


def test_refused_until_ws_01_is_complete(place):
    bad = made.spark("bad")
    made.change(bad["hardware_baseline"], "data.cpu.logical_cpus", 19)
    place.store(bad, made.spark("good")).judge()
    done = place.run("--documents", place.stored, "--gate", place.report)

    line = one_line_error(done, 1)
    assert "hand-off refused: WS-01 is INCOMPLETE" in line
    assert "missing: bad: cpu_cores (fail)" in line
    assert "good" not in line
    assert not (place.root / "handoff").exists()


def test_refused_without_hosts(place):
    place.stored.mkdir()
    place.judge()
    with pytest.raises(verified_report.RefusedError, match="no hosts were judged"):
        place.build()


def edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda p: edit(
                p.stored / "spark-01/hardware_baseline.json",
                lambda d: made.change(d, "data.cpu.logical_cpus", 19),
            ),
            "spark-01: cpu_known is pass with 20 in the report and pass with 19 when judged again",
        ),
        (
            lambda p: (p.stored / "spark-01/benchmark.json").unlink(),
            "and missing with no value|the stored one of no time",
        ),
        (
            lambda p: shutil.rmtree(p.stored / "spark-01"),
            "in the report and missing|the stored one of no time",
        ),
        (
            lambda p: edit(
                p.report, lambda r: r["workstreams"]["WS-03"].update(passed=1, status="INCOMPLETE")
            ),
            "WS-03 is INCOMPLETE with 1 of",
        ),
        (
            lambda p: edit(p.report, lambda r: r["hosts"]["spark-01"]["criteria"].pop()),
            "absent in the report",
        ),
    ],
)
def test_refused_when_the_report_is_of_another_state(place, change, says):
    place.store(made.spark()).judge()
    change(place)
    with pytest.raises(verified_report.RefusedError) as refused:
        place.load()
    assert "the gate report does not fit the documents: " in str(refused.value)
    assert re.search(says, str(refused.value))


def test_a_forged_complete_is_seen(place):
    bad = made.spark()
    made.change(bad["hardware_baseline"], "data.cpu.logical_cpus", 19)
    place.store(bad).judge()

    def forge(report):
        report["workstreams"]["WS-01"]["status"] = "COMPLETE"

    edit(place.report, forge)
    with pytest.raises(verified_report.RefusedError, match="WS-01 is COMPLETE with"):
        place.load()


def test_times_in_the_report_are_held_against_the_documents(place):
    """The report names the documents that it judged, from the release that does so on."""
    report = place.store(made.spark()).judge()
    kinds = [*store.COLLECTED_KINDS, store.LIVE_STATE]
    report["hosts"][made.HOST]["documents"] = dict.fromkeys(kinds, made.COLLECTED)
    stored = store.load_folder(place.stored)
    verified_report._refuse_other_times(report, stored)

    report["hosts"][made.HOST]["documents"]["benchmark"] = "2026-10-19T11:00:00Z"
    with pytest.raises(
        verified_report.RefusedError, match="the benchmark document that was judged is of"
    ):
        verified_report._refuse_other_times(report, stored)
    del report["hosts"][made.HOST]["documents"]["benchmark"]
    with pytest.raises(verified_report.RefusedError, match="no time, there was none"):
        verified_report._refuse_other_times(report, stored)


def test_a_waived_failure_fits_and_counts(place):
    bad = made.spark()
    made.change(bad["hardware_baseline"], "data.cpu.logical_cpus", 19)
    waivers = place.root / "waivers.yml"
    waivers.write_text(
        "- {host: spark-01, criterion: cpu_cores, reason: one core is off, expires: 2999-01-01}\n"
    )
    report = place.store(bad).judge(waivers_file=waivers)
    assert report["workstreams"]["WS-01"]["status"] == "COMPLETE"
    assert place.build()[0]


def test_a_profile_file_has_to_be_named(place):
    own = place.root / "rack.yml"
    own.write_text("name: rack\ntitle: Our rack\nextends: generic\ncriteria: []\n")
    place.store(made.spark()).judge(profile=str(own))
    with pytest.raises(ProfileError, match="name its file with --profile"):
        place.load()
    assert place.load(str(own)).choices == {made.HOST: str(own)}


def test_without_a_report_or_documents_there_is_nothing_to_say(place):
    assert "there is no gate report" in one_line_error(place.run(), 2)
    place.store(made.spark()).judge()
    with pytest.raises(DocumentError, match="not a gate report"):
        verified_report.load(place.stored, place.stored / "spark-01/environment.json")
    with pytest.raises(DocumentError, match="cannot be read"):
        verified_report.load(place.root / "no", place.report)


def test_the_command_writes_and_verifies_as_a_person_would(place):
    place.store(made.spark()).judge()
    done = place.run("--documents", place.stored, "--gate", place.report)
    assert (done.returncode, done.stderr) == (0, "")
    files = sorted(p.relative_to(place.root) for p in place.root.glob("handoff/*/*"))
    assert sorted(map(Path, done.stdout.split())) == files
    assert len(files) == 8

    done = place.run("--verify", "handoff")
    assert done.returncode == 0, done.stderr
    assert "model: 3 files as they were made; gate PASSED at 2026-10-20T12:00:00Z" in done.stdout
    (place.root / "handoff/model/versions.json").write_text("{}")
    line = one_line_error(place.run("--verify", "handoff"), 1)
    assert "handoff/model/versions.json: altered" in line
    (alone,) = folder.verify(place.root / "handoff/interface")
    assert alone["part"] == "interface"
    with pytest.raises(DocumentError, match="not a folder"):
        folder.verify(place.root / "elsewhere")


@pytest.fixture
def written(place):
    place.store(made.spark()).judge()
    files = place.build()[0]
    folder.write(files, place.root / "out")
    return files, place.root / "out"


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda out: (out / "interface/cpu.json").unlink(), "cpu.json: No such file"),
        (lambda out: (out / "interface/notes.txt").write_text("x"), "notes.txt: no manifest"),
        (lambda out: (out / "notes.txt").write_text("x"), "notes.txt: no manifest"),
        (lambda out: (out / "model/manifest.json").write_text("{"), "damaged or truncated JSON"),
        (lambda out: (out / "model/manifest.json").unlink(), "manifest.json: No such file"),
        (lambda out: shutil.rmtree(out / "model"), "manifest.json: No such file"),
        (
            lambda out: edit(out / "model/manifest.json", lambda m: m["files"].popitem()),
            "does not name the files of its part",
        ),
        (
            lambda out: edit(
                out / "model/manifest.json",
                lambda m: m["files"]["versions.json"].update(kind="handoff_cpu"),
            ),
            "versions.json: ",
        ),
        (
            lambda out: edit(out / "model/manifest.json", lambda m: m.update(hosts=9, notes=[])),
            None,
        ),
        (
            lambda out: edit(
                out / "model/manifest.json", lambda m: m.update(judged_at="2026-10-21T00:00:00Z")
            ),
            "two gate reports",
        ),
    ],
)
def test_damage_is_found(written, damage, says):
    _, out = written
    damage(out)
    if says is None:  # no signature: the sums are of the files, and are right
        assert folder.verify(out)
        return
    with pytest.raises(folder.DamagedError) as found:
        folder.verify(out)
    assert says in str(found.value)


def everything(root):
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in root.rglob("*")
    }


def test_the_old_one_is_replaced_as_a_whole(written):
    files, out = written
    changed = {**files, "model/versions.json": b"new\n"}
    assert folder.differences(files, out) == ""
    assert "+new" in folder.differences(changed, out)
    folder.write(changed, out)
    assert {p.relative_to(out).as_posix() for p in out.rglob("*.json")} == set(files)
    assert (out / "model/versions.json").read_bytes() == b"new\n"
    assert [p.name for p in out.parent.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize("failing", ["write", "first rename", "second rename", "interrupt"])
def test_a_failure_leaves_the_old_one_and_nothing_else(written, monkeypatch, failing):
    files, out = written
    before = everything(out.parent)
    rename, writes, renames = Path.rename, [], []

    def write(path, content):
        writes.append(path)
        if failing == "write" and len(writes) == 4:
            raise StorageError("no space left") from OSError(28, "No space left on device")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def fail(path, target):
        renames.append(target)
        if failing == "interrupt" and len(renames) == 2:
            raise KeyboardInterrupt
        if len(renames) == {"first rename": 1, "second rename": 2}.get(failing):
            raise OSError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(folder, "write_atomically", write)
    monkeypatch.setattr(Path, "rename", fail)
    expected = KeyboardInterrupt if failing == "interrupt" else StorageError
    with pytest.raises(expected) as raised:
        folder.write({**files, "model/versions.json": b"new\n"}, out)
    if failing != "interrupt":
        reason = "No space left on device" if failing == "write" else "Permission denied"
        assert f"{out}: cannot be written: {reason}" in str(raised.value)
    assert everything(out.parent) == before


def test_a_pipe_in_it_is_not_waited_for(written):
    _, out = written
    (out / "model/versions.json").unlink()
    os.mkfifo(out / "model/versions.json")
    with pytest.raises(folder.DamagedError, match=r"versions\.json: not a regular file"):
        folder.verify(out)


@pytest.mark.parametrize("name", ["model/manifest.json", "model/versions.json"])
def test_a_link_in_it_is_not_followed(written, name):
    _, out = written
    (out / name).unlink()
    (out / name).symlink_to("/dev/zero")
    with pytest.raises(folder.DamagedError, match=f"{name}: Too many levels of symbolic links"):
        folder.verify(out)


def test_no_more_of_a_file_is_read_than_a_document_has(written):
    _, out = written
    os.truncate(out / "model/versions.json", 2**40)
    with pytest.raises(folder.DamagedError, match=r"versions\.json: larger than 16 MiB"):
        folder.verify(out)


def test_a_folder_of_other_things_is_never_replaced(written, tmp_path):
    files, out = written
    (out / "model/notes.md").write_text("mine")
    with pytest.raises(verified_report.RefusedError, match=r"it holds model/notes\.md"):
        folder.write(files, out)
    mine = tmp_path / "mine"
    (mine / "model").mkdir(parents=True)
    (mine / "model/cpu.txt").write_text("mine")
    before = everything(tmp_path)
    with pytest.raises(verified_report.RefusedError, match="it is not a hand-off"):
        folder.write(files, mine)
    with pytest.raises(verified_report.RefusedError, match="not a folder"):
        folder.write(files, mine / "model/cpu.txt")
    assert everything(tmp_path) == before
    empty = tmp_path / "empty"
    empty.mkdir()
    folder.write(files, empty)
    assert folder.verify(empty)


def test_its_files_are_valid_by_the_command_for_all_documents(written):
    _, out = written
    for path in out.glob("*/*.json"):
        store.load(path)
    # The name that it shares with the host's document opens no way in for a foreign one.
    shutil.copy(out / "model/versions.json", out / "model/hardware_baseline.json")
    with pytest.raises(DocumentError, match="a foreign document"):
        store.load(out / "model/hardware_baseline.json")
