"""The gate: outcomes, verdicts, identities, waivers, and that damage never becomes a pass."""

import copy
import json
from datetime import date

import documents as made
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.core.errors import DocumentError
from foundation.documents import store as stored
from foundation.evaluation import gate
from foundation.evaluation.waivers import Waiver
from foundation.profiles.criteria import load_profiles
from foundation.reports import terminal

AUTO = load_profiles("auto")


def evaluate(documents, waivers=(), now=made.NOW, expected=None, profiles=AUTO):
    report = gate.evaluate(profiles, documents, waivers, now, expected)
    stored.validate(report, "gate_report")
    json.dumps(report, allow_nan=False)
    return report


def one(documents, **options):
    report = evaluate({made.HOST: documents}, **options)
    host = report["hosts"][made.HOST]
    return report, host, {entry["id"]: entry for entry in host["criteria"]}


def asked_of(kind):
    """The Spark's criteria over a document, less those for hardware that this one has not."""
    return [
        c.id for c in AUTO[0].criteria
        if c.document == kind and (c.when is None or c.when.document == kind)
    ]  # fmt: skip


def test_a_healthy_spark_passes():
    documents = made.spark()
    documents["benchmark"] = made.full_benchmark()
    report, host, criteria = one(documents)
    assert criteria.pop("storage_read_phison")["outcome"] == "skipped"
    assert (report["verdict"], host["verdict"], host["profile"]) == ("PASSED", "PASS", "dgx_spark")
    assert {entry["outcome"] for entry in criteria.values()} == {"pass"}
    assert [(w["status"], w["passed"] == w["total"]) for w in report["workstreams"].values()] == [
        ("COMPLETE", True)
    ] * 3
    assert report["messages"] == []
    assert list(report["hosts"][made.HOST]["criteria"][0]) == [
        "id", "workstream", "title", "outcome", "blocks", "warns", "cause", "measured", "required",
        "message", "action", "remediation", "figures",
    ]  # fmt: skip


def test_a_plain_machine_passes_as_generic_and_is_told_what_that_means():
    report, host, _ = one(made.plain())
    assert (report["verdict"], host["profile"]) == ("PASSED", "generic")
    assert any("not a DGX Spark acceptance" in message for message in report["messages"])


def test_no_hosts_is_a_failure():
    for report in (evaluate({}), evaluate({made.HOST: made.spark()}, expected=[])):
        assert report["verdict"] == "FAILED"
        assert {w["status"] for w in report["workstreams"].values()} == {"INCOMPLETE"}
        assert any("no hosts" in message for message in report["messages"])


def test_a_host_without_documents_is_missing():
    report = evaluate({made.HOST: made.spark()}, expected=[made.HOST, "spark-02"])
    assert report["verdict"] == "FAILED"
    assert report["hosts"]["spark-02"]["verdict"] == "MISSING"
    assert report["hosts"][made.HOST]["verdict"] == "PASS"


def test_a_host_that_is_not_expected_is_named_and_not_judged():
    report = evaluate({"a": made.spark("a"), "b": made.spark("b")}, expected=["b"])
    assert list(report["hosts"]) == ["b"]
    assert "not judged, since not expected: a" in report["messages"]


def test_an_unreachable_host_is_missing_whatever_is_stored():
    documents = made.spark()
    made.change(documents["hardware_baseline"], "data.cpu.logical_cpus", 1)
    documents["live_state"] = made.live_state(reachable=False, reason="ssh: no route to host")
    _, host, criteria = one(documents)
    assert host["verdict"] == "MISSING"
    assert {entry["outcome"] for entry in criteria.values()} == {"missing"}
    assert "no route to host" in criteria["cpu_cores"]["message"]


@pytest.mark.parametrize("kind", stored.COLLECTED_KINDS)
@pytest.mark.parametrize(
    ("damage", "outcome"),
    [
        (lambda d, k: d.pop(k), "missing"),
        (lambda d, k: d.update({k: DocumentError("line 3: truncated")}), "invalid"),
        (lambda d, k: d.update({k: []}), "invalid"),
        (lambda d, k: d[k].update(host="spark-02"), "invalid"),
        (lambda d, k: d[k].update(kind="live_state"), "invalid"),
        (lambda d, k: d[k].update(collected_at="2026-09-01T00:00:00Z"), "invalid"),
        (lambda d, k: d[k].update(collected_at="2026-10-20T13:30:00Z"), "invalid"),
        (lambda d, k: d[k].update(collected_at="2026-13-20T13:30:00Z"), "invalid"),
        (lambda d, k: d[k].update(collected_at="2016-12-31T23:59:60Z"), "invalid"),
        (lambda d, k: d[k]["data"].update(extra=1), "invalid"),
    ],
)
def test_a_document_that_cannot_be_used_answers_nothing(kind, damage, outcome):
    documents = made.spark()
    damage(documents, kind)
    _, host, criteria = one(documents, profiles=load_profiles("dgx_spark"))
    assert {criteria[name]["outcome"] for name in asked_of(kind)} == {outcome}
    assert host["verdict"] == outcome.upper()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("gpu_uuids", ["GPU-other"]),
        ("gpu_uuids", None),
        ("serial_hash", "hmac-sha256:" + "f" * 32),
        ("machine_id_hash", None),
        ("kernel", "6.17.0-1099-nvidia"),
        ("driver", "580.126.09"),
        ("boot_id", "another"),
    ],
)
@pytest.mark.parametrize("kind", stored.COLLECTED_KINDS)
def test_figures_of_another_state_of_the_host_are_invalid(key, value, kind):
    documents = made.spark()
    documents[kind]["identity"][key] = value
    _, host, criteria = one(documents)
    mine = [criteria[name] for name in asked_of(kind)]
    assert {entry["outcome"] for entry in mine} == {"invalid"}
    assert all(key in entry["message"] for entry in mine)
    assert host["verdict"] == "INVALID"


def test_without_a_live_state_the_documents_must_agree_with_the_baseline():
    documents = made.spark()
    del documents["live_state"]
    assert one(documents)[1]["verdict"] == "PASS"
    documents["benchmark"]["identity"]["driver"] = "580.95.05"
    assert one(documents)[1]["verdict"] == "INVALID"


def test_documents_that_nothing_ties_to_the_host_are_invalid():
    documents = made.spark()
    for document in documents.values():
        document["identity"] = dict.fromkeys(document["identity"])
    _, host, criteria = one(documents)
    assert host["verdict"] == "INVALID"
    assert "nothing ties it" in criteria["gemm_bf16"]["message"]


@pytest.mark.parametrize(
    "live", [DocumentError("live_state.json: truncated"), {**made.live_state(), "host": "other"}]
)
def test_a_damaged_live_state_lets_nothing_pass(live):
    documents = {**made.spark(), "live_state": live}
    _, host, criteria = one(documents)
    assert host["verdict"] == "INVALID"
    assert {entry["outcome"] for entry in criteria.values()} == {"invalid"}


def test_an_old_live_state_lets_nothing_pass():
    documents = made.spark()
    documents["live_state"]["collected_at"] = "2026-09-01T00:00:00Z"
    assert one(documents)[1]["verdict"] == "INVALID"


def test_age_is_counted_from_now():
    assert one(made.spark(), now=made.later(29))[1]["verdict"] == "PASS"
    assert one(made.spark(), now=made.later(30))[1]["verdict"] == "INVALID"


def test_a_missing_value_quotes_what_the_probe_said():
    documents = made.spark()
    baseline = documents["hardware_baseline"]
    made.change(baseline, "data.memory.total_bytes", None)
    baseline["problems"] = [
        made.problem("gpu", "no answer"),
        made.problem("memory", "page_size: getconf is absent"),
        made.problem("memory", "total_bytes: /proc/meminfo has no MemTotal", "unreadable"),
    ]
    _, host, criteria = one(documents)
    assert host["verdict"] == "MISSING"
    assert criteria["memory_total"]["measured"] is None
    assert "has no MemTotal (unreadable)" in criteria["memory_total"]["message"]


def test_a_section_that_did_not_finish_is_missing():
    documents = made.spark()
    baseline = documents["hardware_baseline"]
    for name in baseline["data"]:
        baseline["data"][name] = None
        baseline["problems"].append(made.problem(name, "no answer in 20 s", "timeout"))
    _, host, criteria = one(documents)
    assert host["verdict"] == "MISSING"
    mine = [e for e in criteria.values() if e["workstream"] == "WS-01"]
    optional = {"xid_events", "cma_accounting", "connectx", "dcgm"}
    assert {e["id"] for e in mine if e["outcome"] != "missing"} <= optional
    assert "20 s" in criteria["cpu_cores"]["message"]


def test_a_figure_that_was_skipped_is_missing_with_its_reason():
    documents = made.spark()
    data = documents["benchmark"]["data"]
    del data["figures"]["gemm.bf16"]
    data["skipped"] = [{"figure": "gemm.bf16", "reason": "the product is wrong"}]
    _, host, criteria = one(documents)
    assert criteria["gemm_bf16"]["outcome"] == "missing"
    assert "the product is wrong" in criteria["gemm_bf16"]["message"]
    assert host["verdict"] == "MISSING"


def test_the_installed_driver_must_be_known_to_compare():
    documents = made.spark()
    made.change(documents["hardware_baseline"], "data.software.driver.installed_version", None)
    entry = one(documents)[2]["driver_loaded"]
    assert (entry["outcome"], entry["measured"]) == ("missing", "580.178.04")
    made.change(documents["hardware_baseline"], "data.software.driver.installed_version", "x")
    assert one(documents)[2]["driver_loaded"]["outcome"] == "invalid"


def test_what_the_host_was_held_to_is_named_by_its_value():
    documents = made.spark()
    made.change(documents["hardware_baseline"], "data.software.driver.installed_version", "580.142")
    entry = one(documents)[2]["driver_loaded"]
    assert (entry["outcome"], entry["required"]) == ("fail", "== 580.142")


def test_one_bad_gpu_of_two_is_enough():
    documents = made.spark()
    devices = documents["hardware_baseline"]["data"]["gpu"]["devices"]
    devices.append({**made.gpu_device(), "index": 1, "compute_capability": None})
    assert one(documents)[2]["compute_capability"]["outcome"] == "missing"
    devices[1]["compute_capability"] = "9.0"
    entry = one(documents)[2]["compute_capability"]
    assert (entry["outcome"], entry["measured"]) == ("fail", "12.1, 9.0")


def test_whether_a_criterion_applies_must_be_known():
    documents = made.plain()
    made.change(documents["hardware_baseline"], "data.gpu.present", None)
    entry = one(documents)[2]["gpu_answers"]
    assert entry["outcome"] == "missing"
    assert "whether this applies" in entry["message"]


def test_a_gpu_that_is_seen_but_silent_fails_as_generic_too():
    documents = made.plain()
    made.change(documents["hardware_baseline"], "data.gpu.present", True)
    _, host, criteria = one(documents)
    assert host["verdict"] == "FAIL"
    assert criteria["gpu_answers"]["outcome"] == "fail"
    assert criteria["gpu_was_measured"]["outcome"] == "fail"


def test_a_skip_that_the_profile_does_not_allow_blocks(tmp_path):
    path = tmp_path / "own.yml"
    path.write_text(
        "name: own\ntitle: Own\nextends: generic\ncriteria:\n- {id: needs_gpu, workstream: WS-01, "
        "title: GPU, document: hardware_baseline, path: length(data.gpu.devices), type: number, "
        "require: '>= 1', remediation: Add one, source: Test, when: {document: hardware_baseline, "
        "path: data.gpu.present, type: boolean, require: is true}}\n"
    )
    profiles = load_profiles(str(path))
    report, host, criteria = one(made.plain(), profiles=profiles)
    assert criteria["needs_gpu"]["outcome"] == "skipped"
    assert (report["verdict"], host["verdict"]) == ("FAILED", "MISSING")
    assert "needs_gpu" in terminal.render(report)
    assert one(made.spark(), profiles=profiles)[0]["verdict"] == "PASSED"


def test_the_worst_outcome_is_the_verdict():
    documents = made.spark()
    made.change(documents["hardware_baseline"], "data.platform.kernel", None)
    assert one(documents)[1]["verdict"] == "MISSING"
    made.change(documents["benchmark"], "data.figures.gemm|bf16.trace", None)
    assert one(documents)[1]["verdict"] == "INVALID"
    made.change(documents["hardware_baseline"], "data.cpu.logical_cpus", 19)
    assert one(documents)[1]["verdict"] == "FAIL"


def too_small():
    return made.with_memory(made.spark(), 96 * made.GIB)


WAIVER = Waiver(made.HOST, "memory_total", "Loan unit, returned in November", date(2026, 10, 20))


def test_a_waived_failure_passes_through_its_last_day():
    report, host, criteria = one(too_small(), waivers=[WAIVER])
    assert (report["verdict"], host["verdict"]) == ("PASSED", "PASS")
    entry = criteria["memory_total"]
    assert (entry["outcome"], entry["measured"]) == ("waived", "96.0 GiB")
    assert "Loan unit" in entry["message"]
    report, host, _ = one(too_small(), waivers=[WAIVER], now=made.later(1))
    assert host["verdict"] == "FAIL"
    assert any("expired on 2026-10-20" in message for message in report["messages"])


@pytest.mark.parametrize(
    ("waiver", "documents", "says"),
    [
        (Waiver("elsewhere", "memory_total", "r" * 10, date(2027, 1, 1)), {}, "this host was not"),
        (Waiver(made.HOST, "nothing", "r" * 10, date(2027, 1, 1)), {}, "by this criterion"),
        (Waiver(made.HOST, "memory_total", "r" * 10, date(2027, 1, 1)), made.spark(), "is pass"),
        (Waiver(made.HOST, "gemm_bf16", "r" * 10, date(2027, 1, 1)), {}, "is missing"),
    ],
)
def test_a_waiver_without_effect_is_named(waiver, documents, says):
    report, _, _ = one(documents, waivers=[waiver])
    assert any(says in message for message in report["messages"]), report["messages"]


def test_a_host_can_have_its_own_profile():
    report = gate.evaluate(
        AUTO, {made.HOST: made.spark()}, (), made.NOW,
        host_profiles={made.HOST: load_profiles("generic")},
    )  # fmt: skip
    assert report["hosts"][made.HOST]["profile"] == "generic"


def places(node, path=()):
    """Every place in a document."""
    yield path
    if isinstance(node, dict):
        children = node.items()
    else:
        children = enumerate(node) if isinstance(node, list) else ()
    for key, value in children:
        yield from places(value, (*path, key))


SPARK = made.spark()
PLACES = [path for path in places(SPARK) if path]
DAMAGE = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=12),
    st.just([]), st.just({}), st.lists(st.none() | st.text(max_size=3), max_size=3),
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(PLACES), DAMAGE), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_damage_crashes_the_gate(changes):
    documents = copy.deepcopy(SPARK)
    for path, value in changes:
        node = documents
        try:
            for key in path[:-1]:
                node = node[key]
            node[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change removed the place
    report = evaluate({made.HOST: documents}, expected=[made.HOST])
    text = terminal.render(report)
    assert "Phase Gate" in text
    blocking = {e["outcome"] for e in report["hosts"][made.HOST]["criteria"]}
    assert (report["verdict"] == "PASSED") == (blocking <= {"pass", "skipped", "waived"})


REQUIRED = [
    (kind, path)
    for kind, path in [
        ("hardware_baseline", "data.cpu.architecture"),
        ("hardware_baseline", "data.cpu.logical_cpus"),
        ("hardware_baseline", "data.memory.total_bytes"),
        ("hardware_baseline", "data.memory.architecture"),
        ("hardware_baseline", "data.memory.page_size_bytes"),
        ("hardware_baseline", "data.gpu.driver_version"),
        ("hardware_baseline", "data.gpu.devices.0.uuid"),
        ("hardware_baseline", "data.gpu.devices.0.compute_capability"),
        ("hardware_baseline", "data.platform.kernel"),
        ("hardware_baseline", "data.platform.operating_system.version_id"),
        ("hardware_baseline", "data.platform.time_synchronized"),
        ("hardware_baseline", "data.software.driver.installed_version"),
        ("hardware_baseline", "data.software.docker.snap"),
        ("hardware_baseline", "data.software.docker.nvidia_runtime_registered"),
        ("hardware_baseline", "data.storage.file_systems.0.available_bytes"),
        ("environment", "data.torch.cuda_version"),
        ("environment", "data.torch.arch_list"),
        ("environment", "data.source.revision"),
        ("reproducibility", "data.repeated"),
        ("reproducibility", "data.images"),
        ("reproducibility", "data.total_seconds"),
        ("benchmark", "data.figures.gemm|bf16.value"),
        ("benchmark", "data.figures.gemm|bf16.trace.sm_clock_mhz"),
        ("benchmark", "data.figures.memory|copy.samples"),
        ("benchmark", "data.build.arch_list"),
    ]
]
NO_ANSWER = st.one_of(
    st.none(), st.just(""), st.just("N/A"), st.just(0), st.just(float("nan")), st.just([]),
    st.just({}), st.just(-1), st.just("[N/A]"),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "place"), REQUIRED)
@given(value=NO_ANSWER)
@settings(max_examples=10, deadline=None)
def test_a_required_value_that_is_no_answer_never_passes(kind, place, value):
    documents = copy.deepcopy(SPARK)
    made.change(documents[kind], place, value)
    assert evaluate({made.HOST: documents})["verdict"] == "FAILED"


# The terminal's text.


def test_the_four_lines_of_a_pass():
    report, _, _ = one(made.spark())
    assert terminal.render(report).splitlines()[:4] == [
        "✅ WS-01: Hardware Baselines - COMPLETE",
        "✅ WS-02: Reproducibility Framework - COMPLETE",
        "✅ WS-03: Benchmark Suite - COMPLETE",
        "✅ Phase Gate: PASSED - Model/Interface can proceed",
    ]


def test_a_failure_says_measured_required_and_what_to_do(tmp_path):
    report, _, _ = one(too_small())
    text = terminal.render(report, tmp_path / "gate.json")
    lines = text.splitlines()
    assert lines[0] == "❌ WS-01: Hardware Baselines - INCOMPLETE"
    assert lines[1] == "✅ WS-02: Reproducibility Framework - COMPLETE"
    assert lines[3].startswith("❌ Phase Gate: FAILED")
    assert f"{made.HOST} (dgx_spark): FAIL" in text
    assert "measured 96.0 GiB, required >= 110 GiB" in text
    assert "do: Compare grep MemTotal" in text
    assert text.endswith(f"Report: {tmp_path / 'gate.json'}\n")


def test_fifty_hosts_with_one_fault_are_one_block():
    hosts = {f"spark-{n:02d}": made.spark(f"spark-{n:02d}") for n in range(5)}
    for name, documents in hosts.items():
        if name != "spark-00":
            documents["live_state"] = made.live_state(name, False, "connection timed out")
    report = evaluate(hosts)
    text = terminal.render(report)
    assert text.count("MISSING") == 1
    assert "spark-01, spark-02, spark-03, spark-04 (dgx_spark): MISSING" in text
    assert "1 of 5 hosts pass: spark-00" in text


def test_two_failures_told_as_one_still_say_what_was_measured():
    documents = made.spark()
    for cluster in documents["hardware_baseline"]["data"]["cpu"]["clusters"]:
        cluster["cores"] = 9
    text = terminal.render(one(documents)[0])
    assert "2 criteria [cpu_x925, cpu_a725]" in text
    assert "9 was measured, == 10 is required" in text


def test_a_warning_and_a_waiver_are_shown():
    documents = too_small()
    made.change(documents["environment"], "data.source.dirty", True)
    report, _, _ = one(documents, waivers=[WAIVER])
    text = terminal.render(report)
    assert "  warning  Source has local changes" in text
    assert "  waived   Memory" in text


def test_text_of_a_host_cannot_move_the_cursor():
    documents = made.spark()
    made.change(
        documents["hardware_baseline"], "data.platform.operating_system.id", "\x1b[2Jevil\nline"
    )
    text = terminal.render(one(documents)[0])
    assert "\x1b" not in text
    assert "evil line" in text


def test_the_reason_is_that_of_the_section_not_of_a_word_in_another():
    given = made.spark()
    hardware = given["hardware_baseline"]
    hardware["data"]["gpu"]["devices"] = []
    hardware["problems"] = [
        {"probe": "software", "code": "missing", "message": "dcgm: no datacenter-gpu-manager"},
        {"probe": "gpu", "code": "no_devices", "message": "nvidia-smi: No devices were found"},
    ]
    report = gate.evaluate(load_profiles("dgx_spark"), {made.HOST: given}, (), made.NOW)
    found = {e["id"]: e for e in report["hosts"][made.HOST]["criteria"]}["compute_capability"]
    assert found["outcome"] == "missing"
    assert "No devices were found" in found["message"]


@pytest.mark.parametrize(
    ("kind", "path", "value", "outcome"),
    [
        ("live_state", "data.reason", "", "INVALID"),
        ("live_state", "data.reason", "\x1b\n", "INVALID"),
        ("hardware_baseline", "data.gpu.driver_version", "9" * 5000, "INVALID"),
        ("benchmark", "data.build.cuda", "9" * 5000, "INVALID"),
        ("benchmark", "data.device.compute_capability", "12." + "9" * 5000, "INVALID"),
    ],
)
def test_what_a_host_says_can_be_judged_and_written_whatever_it_is(
    tmp_path, kind, path, value, outcome
):
    documents = made.spark()
    made.change(documents[kind], path, value)
    report = evaluate({made.HOST: documents})
    gate.write_report(report, tmp_path / "gate.json")
    assert report["hosts"][made.HOST]["verdict"] == outcome
