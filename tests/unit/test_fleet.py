"""Hosts beside each other: twins, differences, consistency, outliers; waivers by group; merging."""

import copy
import json
from datetime import UTC, date, datetime, timedelta, timezone

import documents as made
import pytest

from foundation.core.errors import DocumentError, ProfileError, WaiverError
from foundation.documents import merge
from foundation.documents import store as stored
from foundation.evaluation import fleet, gate, host_result
from foundation.evaluation.waivers import Waiver, load_waivers
from foundation.profiles.criteria import load_profiles
from foundation.reports import terminal

AUTO = load_profiles("auto")
KERNEL = "6.17.0-1099-nvidia"


def sparks(count):
    return {f"spark-{n:02d}": made.spark(f"spark-{n:02d}") for n in range(count)}


def evaluate(hosts, waivers=(), profiles=AUTO, expected=None, now=made.NOW):
    report = gate.evaluate(profiles, hosts, waivers, now, expected)
    stored.validate(report, "gate_report")
    return report


def with_kernel(documents, kernel):
    made.change(documents["hardware_baseline"], "data.platform.kernel", kernel)
    for document in documents.values():
        document["identity"]["kernel"] = kernel
    return documents


def with_cuda(documents, version):
    made.change(documents["environment"], "data.torch.cuda_version", version)
    return documents


def outcome(report, host, criterion):
    return next(e for e in report["hosts"][host]["criteria"] if e["id"] == criterion)


def test_a_fleet_that_agrees_has_no_differences():
    report = evaluate(sparks(6))
    assert report["verdict"] == "PASSED"
    assert report["fleet"] == {"differences": [], "outliers": []}


def test_a_host_that_differs_is_named_with_its_value_and_passes():
    hosts = sparks(4)
    with_kernel(hosts["spark-02"], KERNEL)
    report = evaluate(hosts)
    assert report["verdict"] == "PASSED"
    (entry,) = report["fleet"]["differences"]
    assert entry == {
        "id": "kernel",
        "title": "Kernel",
        "majority": "6.17.0-1021-nvidia",
        "majority_hosts": 3,
        "hosts": {"spark-02": KERNEL},
    }
    text = terminal.render(report)
    assert "Kernel: 6.17.0-1021-nvidia on 3 hosts" in text
    assert f"{KERNEL}: spark-02" in text


@pytest.mark.parametrize(("count", "others"), [(2, 1), (4, 2)])
def test_without_a_majority_that_is_said_and_nobody_fails(count, others):
    hosts = sparks(count)
    for host in list(hosts)[:others]:
        with_kernel(hosts[host], KERNEL)
        with_cuda(hosts[host], "13.1")
    report = evaluate(hosts)
    for entry in report["fleet"]["differences"]:
        assert (entry["majority"], entry["majority_hosts"]) == ("no majority", 0)
        assert set(entry["hosts"]) == set(hosts)
    assert {e["id"] for e in report["fleet"]["differences"]} == {"kernel", "torch_cuda"}
    assert report["verdict"] == "PASSED"


def test_a_criterion_that_must_be_consistent_fails_the_host_that_differs():
    hosts = sparks(3)
    with_cuda(hosts["spark-01"], "13.1")
    report = evaluate(hosts)
    entry = outcome(report, "spark-01", "torch_cuda")
    assert (entry["outcome"], entry["measured"]) == ("fail", "13.1")
    assert "2 hosts of this profile have 13.0" in entry["message"]
    assert (entry["blocks"], entry["cause"]) == (True, {"fleet": "differs"})
    assert entry["counts"] == {"majority_hosts": 2}
    command = "ansible-playbook foundation.yml --limit spark-01 --tags WS-01"
    assert entry["remediation"]["command"] == command
    assert report["hosts"]["spark-01"]["verdict"] == "FAIL"
    assert report["hosts"]["spark-00"]["verdict"] == "PASS"
    assert report["workstreams"]["WS-02"]["status"] == "INCOMPLETE"
    waiver = Waiver("spark-01", "torch_cuda", "An early update of one", date(2027, 1, 1))
    assert evaluate(hosts, [waiver])["verdict"] == "PASSED"


def test_hosts_of_another_profile_and_documents_that_are_blocked_are_not_compared():
    hosts = {**sparks(3), "plain": with_kernel(made.plain("plain"), KERNEL)}
    stale = with_kernel(hosts["spark-02"], KERNEL)
    stale["hardware_baseline"]["collected_at"] = "2026-09-01T00:00:00Z"
    assert evaluate(hosts)["fleet"]["differences"] == []


@pytest.mark.parametrize(
    ("key", "told"), [("gpu_uuids", "the same GPU"), ("serial_hash", "the same serial number")]
)
def test_one_machine_under_two_names_is_invalid_as_both(key, told):
    hosts = sparks(3)
    for document in hosts["spark-01"].values():
        document["identity"][key] = hosts["spark-02"]["live_state"]["identity"][key]
    report = evaluate(hosts)
    verdicts = {host: entry["verdict"] for host, entry in report["hosts"].items()}
    assert verdicts == {"spark-00": "PASS", "spark-01": "INVALID", "spark-02": "INVALID"}
    message = outcome(report, "spark-01", "cpu_cores")["message"]
    assert told in message
    assert "spark-02" in message
    figures = report["hosts"]["spark-02"]["figures"].values()
    assert not any(figure["trusted"] for figure in figures)


def test_a_name_that_no_longer_answers_is_no_twin():
    hosts = sparks(2)
    for kind, document in made.spark("spark-00").items():
        hosts["spark-01"][kind] = {**document, "host": "spark-01"}
    hosts["spark-01"]["live_state"] = made.live_state("spark-01", False, "no route to host")
    report = evaluate(hosts)
    assert report["hosts"]["spark-00"]["verdict"] == "PASS"
    assert report["hosts"]["spark-01"]["verdict"] == "MISSING"


def measuring(values, spread=0.0075, name="attention.bf16"):
    hosts = sparks(len(values))
    for documents, value in zip(hosts.values(), values, strict=True):
        figure = documents["benchmark"]["data"]["figures"][name]
        figure.update(value=value, samples=[value * f for f in (0.99, 1, 1.01, 1, 1.005, 0.995, 1)])
        figure["spread"] = spread
        made.own_samples(documents["benchmark"])
    return hosts


def test_a_figure_far_from_the_others_is_an_outlier_and_fails_nothing():
    report = evaluate(measuring([61, 61.2, 60.8, 61.1, 60.9, 52]))
    (entry,) = report["fleet"]["outliers"]
    assert entry["figure"] == "attention.bf16"
    assert list(entry["hosts"]) == ["spark-05"]
    assert entry["median"] == pytest.approx(60.95)
    # The deviations are .05 .05 .15 .15 .25 8.95: their median .15 is less than the noise,
    # half of 0.75 % of the median.
    assert entry["limit"] == pytest.approx(3.5 * 0.5 * 0.0075 * 60.95 / 0.6745)
    assert report["verdict"] == "PASSED"
    assert "attention.bf16: median 60.95 TFLOP/s" in terminal.render(report)


@pytest.mark.parametrize(
    "hosts",
    [
        measuring([61, 61, 61, 61, 61, 60.4]),  # no deviation at all, and 1 % is within the noise
        measuring([61, 61, 61, 61, 61.4], spread=None),  # nothing is known of the noise
        measuring([61, 61, 61, 52]),  # too few
        measuring([52, 55, 61, 64, 68, 49]),  # as wide as the fleet is
    ],
)
def test_what_is_no_outlier(hosts):
    assert evaluate(hosts)["fleet"]["outliers"] == []


def test_a_figure_that_is_not_trusted_is_no_outlier():
    hosts = measuring([61, 61.2, 60.8, 61.1, 60.9, 52])
    trace = hosts["spark-05"]["benchmark"]["data"]["figures"]["attention.bf16"]["trace"]
    trace["event_reasons"] = ["hw_slowdown"]
    report = evaluate(hosts)
    assert report["fleet"]["outliers"] == []
    assert report["hosts"]["spark-05"]["figures"]["attention.bf16"] == {
        "value": 52, "unit": "TFLOP/s", "trusted": False
    }  # fmt: skip


def test_a_report_names_documents_and_who_was_left_out():
    report = evaluate(sparks(3), expected=["spark-01", "gone"])
    assert report["not_judged"] == ["spark-00", "spark-02"]
    assert report["hosts"]["spark-01"]["documents"] == dict.fromkeys(made.spark(), made.COLLECTED)
    assert report["hosts"]["gone"]["documents"] == {}
    assert report["hosts"]["gone"]["figures"] == {}


# Copies.


def samples_of(documents, figure, samples=None):
    entry = documents["benchmark"]["data"]["figures"][figure]
    if samples is not None:
        entry.update(samples=list(samples), value=samples[len(samples) // 2], spread=None)
    return entry["samples"]


def test_figures_of_another_host_are_invalid_for_both_whatever_the_identity_says():
    hosts = sparks(3)
    mine, theirs = (hosts[host]["benchmark"]["data"] for host in ("spark-01", "spark-02"))
    own = mine["figures"]["cpu.triad"]
    mine["figures"] = {**copy.deepcopy(theirs["figures"]), "cpu.triad": own}
    report = evaluate(hosts)
    verdicts = {host: entry["verdict"] for host, entry in report["hosts"].items()}
    assert verdicts == {"spark-00": "PASS", "spark-01": "INVALID", "spark-02": "INVALID"}
    for host, other in (("spark-01", "spark-02"), ("spark-02", "spark-01")):
        for criterion in ("gemm_bf16", "figures_valid"):
            entry = outcome(report, host, criterion)
            assert entry["outcome"] == "invalid"
            assert f"the very samples of {other} (copied)" in entry["message"]
        assert outcome(report, host, "cpu_triad")["outcome"] == "pass"
        figures = report["hosts"][host]["figures"]
        assert (figures["gemm.bf16"]["trusted"], figures["cpu.triad"]["trusted"]) == (False, True)
    assert "the very samples of" in terminal.render(report)


def test_one_figure_is_enough_and_no_waiver_helps():
    hosts = sparks(2)
    theirs = samples_of(hosts["spark-01"], "gemm.bf16")
    hosts["spark-00"]["benchmark"]["data"]["figures"]["gemm.bf16"]["samples"] = theirs
    waiver = Waiver("spark-00", "gemm_bf16", "A copy is a copy", date(2027, 1, 1))
    report = evaluate(hosts, [waiver])
    assert [entry["verdict"] for entry in report["hosts"].values()] == ["INVALID", "INVALID"]


@pytest.mark.parametrize(
    ("figure", "first", "second"),
    [
        ("storage.random_read", [4850.0, 4851.0, 4852.0, 4853.0] * 2, None),  # whole requests
        ("storage.read", [n * 2**20 / 1e9 for n in (5722, 5723, 5724, 5725)] * 2, None),
        (
            "gemm.bf16",
            [92.1, 92.2, 92.1, 92.2, 92.1, 92.2, 92.1],
            None,
        ),  # chance
        (
            "gemm.bf16",
            [92.1, 92.2, 92.3, 92.2, 92.1, 92.2, 92.3],
            [92.1, 92.2, 92.3, 92.2, 92.1, 92.3, 92.2],
        ),
    ],
)
def test_what_chance_may_repeat_is_no_copy(figure, first, second):
    hosts = sparks(2)
    samples_of(hosts["spark-00"], figure, first)
    samples_of(hosts["spark-01"], figure, second or first)
    report = evaluate(hosts)
    assert report["verdict"] == "PASSED", terminal.render(report)


# Waivers for groups.


def small(host, groups=()):
    documents = made.with_memory(made.spark(host), 96 * made.GIB)
    documents["live_state"]["data"]["groups"] = list(groups)
    return documents


def group_waiver(group="loan", until=date(2027, 1, 1)):
    return Waiver("", "memory_total", "Loan units of a fair", until, "OPS-1", group)


def test_a_waiver_for_a_group_covers_its_hosts_and_no_other():
    hosts = {"a": small("a", ["loan"]), "b": small("b"), "c": small("c", ["loan", "x"])}
    report = evaluate(hosts, [group_waiver()])
    verdicts = [entry["verdict"] for entry in report["hosts"].values()]
    assert verdicts == ["PASS", "FAIL", "PASS"]
    assert outcome(report, "a", "memory_total")["message"].startswith("waived until 2027-01-01, O")
    (entry,) = report["waivers"]
    assert (entry["host"], entry["state"], entry["message"]) == (
        "group loan",
        "used",
        "covers a, c",
    )
    assert "group loan, memory_total: covers a, c, until 2027-01-01" in terminal.render(report)


def test_a_group_of_everything_is_told_as_blanket():
    report = evaluate({h: small(h, ["loan"]) for h in "ab"}, [group_waiver()])
    assert report["verdict"] == "PASSED"
    assert any("blanket: its group is every one of the 2" in line for line in report["messages"])


@pytest.mark.parametrize(
    ("waiver", "state", "says"),
    [
        (group_waiver(until=date(2026, 10, 19)), "expired", "expired on 2026-10-19"),
        (group_waiver("nobody"), "unused", "no host of the group was judged"),
    ],
)
def test_a_group_waiver_without_effect_is_told(waiver, state, says):
    report = evaluate({"a": small("a", ["loan"])}, [waiver])
    assert report["verdict"] == "FAILED"
    assert (report["waivers"][0]["state"], report["waivers"][0]["message"]) == (state, says)
    assert any(says in line for line in report["messages"])


def test_a_host_s_own_waiver_goes_before_its_group_s():
    own = Waiver("a", "memory_total", "Its own reason here", date(2027, 1, 1))
    report = evaluate({"a": small("a", ["loan"]), "b": small("b")}, [own, group_waiver()])
    assert "Its own reason" in outcome(report, "a", "memory_total")["message"]
    assert [entry["state"] for entry in report["waivers"]] == ["used", "unused"]


def test_a_waiver_ends_with_its_day_in_utc_wherever_the_clock_stands():
    hosts = {"a": small("a", ["loan"])}
    waiver = group_waiver(until=made.NOW.date())
    end = datetime(2026, 10, 20, 23, 30, tzinfo=UTC)
    for minutes, verdict in ((0, "PASSED"), (60, "FAILED")):
        for hours in (-11, 0, 13):
            now = (end + timedelta(minutes=minutes)).astimezone(timezone(timedelta(hours=hours)))
            assert evaluate(hosts, [waiver], now=now)["verdict"] == verdict


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("host: all, criterion: b", "not for everything"),
        ("group: all, criterion: b", "not for everything"),
        ("group: ungrouped, criterion: b", "not for everything"),
        ("group: '*', criterion: b", "$[0].group"),
        ("host: a, criterion: '*'", "$[0].criterion"),
        ("host: a, group: b, criterion: c", "oneOf"),
        ("criterion: c", "required"),
    ],
)
def test_blanket_waivers_are_refused(tmp_path, line, says):
    path = tmp_path / "waivers.yml"
    path.write_text(f"- {{{line}, reason: long enough, expires: 2027-01-01}}\n")
    with pytest.raises(WaiverError) as caught:
        load_waivers(path)
    assert says in str(caught.value), caught.value


# Merging.


def at(document, time):
    return {**document, "collected_at": time}


def test_the_newest_valid_document_wins_and_damage_beside_it_is_named():
    old, new = made.live_state(), at(made.live_state(), "2026-10-20T11:30:00Z")
    sources = [
        ("a", {"live_state": new}),
        ("b", {"live_state": old, "benchmark": made.benchmark()}),
    ]
    merged, conflicts = merge.merge(made.HOST, sources)
    assert (merged["live_state"], conflicts) == (new, [])
    assert set(merged) == {"live_state", "benchmark"}
    for damaged in (at({**new, "extra": 1}, "2026-10-20T11:50:00Z"), DocumentError("truncated")):
        merged, (conflict,) = merge.merge(made.HOST, [*sources, ("c", {"live_state": damaged})])
        assert merged["live_state"] == new
        assert "invalid in c" in conflict


def test_what_does_not_fit_together_is_named():
    one, other = made.benchmark(), copy.deepcopy(made.benchmark())
    other["data"]["level"] = "full"
    merged, (conflict,) = merge.merge(
        made.HOST, [("a", {"benchmark": one}), ("b", {"benchmark": other})]
    )
    assert merged["benchmark"] is one
    assert "differ and are equally old; judged is that of a" in conflict
    other["identity"]["gpu_uuids"] = ["GPU-other"]
    _, (conflict,) = merge.merge(
        made.HOST, [("a", {"benchmark": one}), ("b", {"benchmark": other})]
    )
    assert "of different machines (another GPU)" in conflict
    same = copy.deepcopy(one)
    assert merge.merge(made.HOST, [("a", {"benchmark": one}), ("b", {"benchmark": same})])[1] == []


def test_folders_are_judged_as_one(tmp_path):
    for folder, hosts in (("a", sparks(2)), ("b", {"spark-01": made.spark("spark-01")})):
        for host, documents in hosts.items():
            for kind, document in documents.items():
                stored.write(document, stored.path(tmp_path / folder, host, kind))
    (tmp_path / "b/spark-01/benchmark.json").write_text("{")
    report = gate.judge_folder([tmp_path / "a", tmp_path / "b"], now=made.NOW)
    assert report["verdict"] == "PASSED"
    (message,) = report["messages"]
    assert message.startswith("conflict: spark-01, benchmark: invalid in ")


def test_a_folder_that_is_not_there_is_no_source_even_for_hosts_that_are_expected(tmp_path):
    for kind, document in made.spark("a").items():
        stored.write(document, stored.path(tmp_path / "here", "a", kind))
    roots = [tmp_path / "here", tmp_path / "mistyped"]
    with pytest.raises(DocumentError, match="mistyped: cannot be read"):
        gate.judge_folder(roots, expected=["a"], now=made.NOW)
    nothing = gate.judge_folder(roots[1], expected=["a"], now=made.NOW)
    assert nothing["hosts"]["a"]["verdict"] == "MISSING"


@pytest.mark.parametrize("stored_first", [True, False])
def test_a_host_on_which_the_gate_fails_is_invalid_and_the_others_are_judged(
    tmp_path, monkeypatch, stored_first
):
    def fails(criterion, evidence, profile, judge=host_result.judge):
        if evidence.host == "h1" and evidence.readable:
            raise OverflowError("date value out of range")
        return judge(criterion, evidence, profile)

    monkeypatch.setattr(host_result, "judge", fails)
    documents = {host: made.spark(host) for host in ("h0", "h1", "h2")}
    if stored_first:
        for host, given in documents.items():
            for kind, document in given.items():
                stored.write(document, stored.path(tmp_path, host, kind))
        report = gate.judge_folder(tmp_path, now=made.NOW)
    else:
        report = gate.evaluate(AUTO, documents, (), made.NOW)
    stored.validate(report, "gate_report")
    verdicts = {name: host["verdict"] for name, host in report["hosts"].items()}
    assert verdicts == {"h0": "PASS", "h1": "INVALID", "h2": "PASS"}
    (message,) = {entry["message"] for entry in report["hosts"]["h1"]["criteria"]}
    assert message.startswith(
        "the gate failed on this host, which is a fault of its own: report it"
    )
    assert "(OverflowError in test_fleet.py:" in message


def test_a_large_report_is_written_as_it_is(tmp_path):
    report = gate.evaluate(
        AUTO, {f"h{n:03d}": made.spark(f"h{n:03d}") for n in range(120)}, (), made.NOW
    )
    gate.write_report(report, tmp_path / "gate.json")
    assert json.loads((tmp_path / "gate.json").read_text()) == json.loads(json.dumps(report))
    report["hosts"]["h119"]["verdict"] = "FINE"
    with pytest.raises(DocumentError, match="h119"):
        gate.write_report(report, tmp_path / "other.json")
    assert not (tmp_path / "other.json").exists()


def test_a_fact_and_a_consistent_criterion_of_one_name_are_refused(tmp_path):
    path = tmp_path / "own.yml"
    path.write_text(
        "name: own\ntitle: Own\ncompare: [{id: a, title: A, document: environment, path: b}]\n"
        "criteria:\n- {id: a, workstream: WS-01, title: A, document: environment, path: b, "
        "type: text, require: is known, remediation: Do, source: Test, consistent: true}\n"
    )
    with pytest.raises(ProfileError, match="is compared already"):
        load_profiles(str(path))


def test_many_names_are_counted():
    assert fleet.named(["b", "a"]) == "a, b"
    assert fleet.named([f"{n:02d}" for n in range(25)]).endswith("19 and 5 more")
