"""What readers of the gate report decide by: typed keys, never the words of a message."""

import json
from datetime import date

import documents as made
import pytest
import runs

from foundation.core.errors import DocumentError
from foundation.documents import store
from foundation.evaluation import gate, verified_report
from foundation.evaluation.waivers import Waiver
from foundation.profiles.criteria import load_profiles
from foundation.profiles.remediation import for_hosts
from foundation.reports import completion_summary, terminal, writer
from foundation.reports.formats import FORMATS
from foundation.status.status_report import status

AUTO = load_profiles("auto")
UUIDS = ["GPU-00000000-0000-4000-8000-000000000001"]
COLLECT = "ansible-playbook foundation.yml --limit spark-01"


def judged(documents, profiles=AUTO, waivers=()):
    """The entries of one host by id, of a report that is valid by its schema."""
    report = gate.evaluate(profiles, {made.HOST: documents}, waivers, made.NOW)
    store.validate(report, "gate_report")
    return {entry["id"]: entry for entry in report["hosts"][made.HOST]["criteria"]}


def changed(kind, path, value):
    given = made.spark()
    made.change(given[kind], path, value)
    return given


def without(kind):
    given = made.spark()
    del given[kind]
    return given


def unread():
    given = changed("hardware_baseline", "data.platform.kernel", None)
    given["hardware_baseline"]["problems"] = [
        made.problem("platform", "kernel: uname does not answer", "command_failed")
    ]
    return given


def skipped():
    given = made.spark()
    del given["benchmark"]["data"]["figures"]["memory.copy"]
    given["benchmark"]["data"]["skipped"].append({"figure": "memory.copy", "reason": "no room"})
    return given


def throttled():
    trace = "data.figures.gemm|bf16.trace.event_reasons"
    return changed("benchmark", trace, ["hw_thermal_slowdown"])


def foreign():
    given = made.spark()
    given["live_state"] = made.live_state(made.HOST, True, "another machine answers")
    return given


def silent():
    given = made.spark()
    given["live_state"] = made.live_state(made.HOST, False, "no route to host")
    return given


PROBE = {"probe": "platform", "code": "command_failed", "message": "kernel: uname does not answer"}


@pytest.mark.parametrize(
    ("given", "criterion", "cause", "command"),
    [
        (changed("hardware_baseline", "data.cpu.logical_cpus", 19), "cpu_cores", None,
         f"{COLLECT} --tags WS-01"),
        (throttled(), "gemm_bf16", {"rule": "throttled"}, f"{COLLECT} --tags WS-03"),
        (throttled(), "figures_valid", {"rule": "throttled"}, f"{COLLECT} --tags WS-03"),
        (unread(), "kernel_known_bad", PROBE, f"{COLLECT} --tags WS-01"),
        (skipped(), "memory_copy", {"document": "benchmark", "code": "not_measured"},
         f"{COLLECT} --tags WS-03"),
        (without("reproducibility"), "ten_images",
         {"document": "reproducibility", "code": "missing"}, f"{COLLECT} --tags WS-02"),
        (made.spark() | {"environment": DocumentError("not JSON")}, "torch_cuda",
         {"document": "environment", "code": "invalid"}, f"{COLLECT} --tags WS-01"),
        (changed("benchmark", "collected_at", "2026-09-01T00:00:00Z"), "gemm_bf16",
         {"document": "benchmark", "code": "stale"}, f"{COLLECT} --tags WS-03"),
        (changed("benchmark", "identity.driver", "1.2"), "gemm_bf16",
         {"document": "benchmark", "code": "other_state"}, f"{COLLECT} --tags WS-03"),
        (foreign(), "cpu_cores", {"document": "live_state", "code": "other_machine"},
         "ansible-playbook gate.yml"),
        (silent(), "cpu_cores", {"document": "live_state", "code": "unreachable"},
         "ansible-playbook gate.yml"),
    ],
)  # fmt: skip
def test_what_blocks_has_its_cause_and_the_command_for_this_host(given, criterion, cause, command):
    entry = judged(given)[criterion]
    assert (entry["blocks"], entry["warns"], entry["cause"]) == (True, False, cause)
    assert entry["remediation"] == {"text": entry["action"], "command": command}


def test_the_figures_concerned_are_named():
    entries = judged(throttled())
    assert entries["gemm_bf16"]["figures"] == ["gemm.bf16"]
    assert "gemm.bf16" in entries["figures_valid"]["figures"]
    figures = throttled()["benchmark"]["data"]["figures"]
    assert entries["figures_valid"]["counts"] == {"figures": len(figures)}
    assert entries["cpu_cores"]["figures"] == []


def test_what_passes_asks_for_nothing_unless_it_warns():
    entries = judged(made.with_memory(made.spark(), 112 * made.GIB))
    assert entries["cpu_cores"]["remediation"]["command"] is None
    warned = entries["memory_total"]
    assert (warned["outcome"], warned["blocks"], warned["warns"]) == ("pass", False, True)
    assert warned["remediation"]["command"] == f"{COLLECT} --tags WS-01"


def test_a_waived_failure_no_longer_blocks():
    given = changed("hardware_baseline", "data.cpu.logical_cpus", 19)
    waiver = Waiver(made.HOST, "cpu_cores", "one core is away", date(2027, 1, 1))
    assert judged(given)["cpu_cores"]["blocks"]
    assert not judged(given, waivers=[waiver])["cpu_cores"]["blocks"]


def test_two_names_of_one_machine_are_the_cause_of_everything():
    twins = {name: made.spark(name) for name in ("a", "b")}
    for document in [one for host in twins.values() for one in host.values()]:
        document["identity"]["gpu_uuids"] = UUIDS
    report = gate.evaluate(AUTO, twins, (), made.NOW)
    entries = [entry for host in report["hosts"].values() for entry in host["criteria"]]
    assert {entry["cause"]["fleet"] for entry in entries} == {"one_machine"}
    commands = {entry["remediation"]["command"] for entry in report["hosts"]["b"]["criteria"]}
    assert commands == {"ansible-playbook foundation.yml --limit b"}


OWN = """
name: own
title: Own
extends: generic
criteria:
- {id: needs_gpu, workstream: WS-01, title: GPU, document: hardware_baseline,
   path: length(data.gpu.devices), type: number, require: '>= 1', KEY: VALUE, source: Test,
   when: {document: hardware_baseline, path: data.gpu.present, type: boolean, require: is true}}
"""


def own(folder, key="remediation", value="Add one"):
    """A profile whose criterion may not be skipped."""
    path = folder / "own.yml"
    path.write_text(OWN.replace("KEY", key).replace("VALUE", value))
    return str(path)


@pytest.mark.parametrize(
    ("key", "value", "command"),
    [
        ("remediation", "Add one", f"{COLLECT} --tags WS-01"),
        ("action", "Add one", f"{COLLECT} --tags WS-01"),
        ("remediation", "{text: Add one, command: 'order {host}'}", "order spark-01"),
        ("remediation", "{text: Add one, command: null}", None),
    ],
)  # fmt: skip
def test_a_profile_names_the_command_or_leaves_it(tmp_path, key, value, command):
    entry = judged(made.plain(), load_profiles(own(tmp_path, key, value)))["needs_gpu"]
    assert entry["outcome"] == "skipped"
    assert (entry["blocks"], entry["cause"]) == (
        True,
        {"document": "hardware_baseline", "code": "not_applicable"},
    )
    assert entry["remediation"] == {"text": "Add one", "command": command}


def test_a_host_that_only_a_required_skip_blocks_is_named_by_all_who_refuse(tmp_path):
    runs.store(tmp_path / "documents", made.plain())
    profile = own(tmp_path)
    report = gate.judge_folder(tmp_path / "documents", profile, now=made.NOW)
    gate.write_report(report, tmp_path / "gate.json")
    found = verified_report.load(tmp_path / "documents", tmp_path / "gate.json", profile)
    with pytest.raises(verified_report.RefusedError) as refused:
        found.require_complete("WS-01", "hand-off")
    assert "spark-01: needs_gpu (skipped)" in str(refused.value)
    assert "no hosts were judged" not in str(refused.value)
    hardware = next(iter(completion_summary.render(found).values()))
    assert "skipped: `needs_gpu`" in hardware.partition("## What was not met")[2]
    (blocker,) = status(report, None, made.NOW)["blockers"]
    assert blocker["criteria"] == ["needs_gpu"]


def test_a_report_of_version_1_0_still_loads_and_is_shown(tmp_path):
    given = {made.HOST: changed("hardware_baseline", "data.cpu.logical_cpus", 19)}
    report = gate.evaluate(AUTO, given, (), made.NOW)
    new = ("blocks", "warns", "cause", "figures", "counts", "remediation")
    for entry in report["hosts"][made.HOST]["criteria"]:
        for key in new:
            entry.pop(key, None)
    report["schema_version"] = "1.0"
    path = tmp_path / "gate.json"
    path.write_text(json.dumps(report))
    loaded = writer.load(path)
    for form in FORMATS.values():
        assert form.render(loaded)
    assert "do: Look for isolated" in terminal.render(loaded)
    assert [one["criteria"] for one in status(loaded, None, made.NOW)["blockers"]] == [
        ["cpu_cores"]
    ]


def test_hosts_with_one_finding_share_a_command():
    both = {name: f"play --limit {name} --tags x" for name in ("a", "a-2")}
    assert for_hosts(both) == "play --limit a,a-2 --tags x"
    assert for_hosts({"a": "play --limit a", "b": None}) is None
    assert for_hosts({"a": "play one", "b": "play two"}) is None
    many = [f"h{number}" for number in range(21)]
    assert for_hosts({name: f"play --limit {name}" for name in many}) is None
    assert for_hosts(dict.fromkeys(many, "play")) == "play"
    slow = {}
    for name in ("spark-01", "spark-02"):
        slow[name] = made.spark(name)
        made.change(slow[name]["hardware_baseline"], "data.cpu.logical_cpus", 19)
    text = terminal.render(gate.evaluate(AUTO, slow, (), made.NOW))
    assert "foundation.yml --limit spark-01,spark-02 --tags WS-01" in text


def test_an_entry_is_one_line_of_the_file(tmp_path):
    report = gate.evaluate(AUTO, {made.HOST: throttled()}, (), made.NOW)
    gate.write_report(report, tmp_path / "gate.json")
    lines = (tmp_path / "gate.json").read_text().splitlines()
    entries = [json.loads(line.rstrip(",")) for line in lines if '"id": ' in line]
    assert entries == report["hosts"][made.HOST]["criteria"]
