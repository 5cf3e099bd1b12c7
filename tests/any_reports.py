"""Gate reports made by hand, by the contract of schemas/gate_report.json. SYNTHETIC."""

from hypothesis import strategies as st

from foundation.reports.cases import plain

GENERATED = "2026-10-20T12:00:00Z"
WORKSTREAMS = {
    "WS-01": "Hardware Baselines",
    "WS-02": "Reproducibility Framework",
    "WS-03": "Benchmark Suite",
}
OUTCOMES = ("pass", "fail", "invalid", "missing", "skipped", "waived")
VERDICTS = ("PASS", "FAIL", "INVALID", "MISSING")
HOSTILE = (
    "]]></failure><testcase name='forged'/>",
    "</details><script>alert(1)</script><img src=x onerror=alert(1)>",
    "| a | b |\n|---|---|\n| c | d |",
    "``` `a` ```\n# heading",
    "@octocat please close #123, !45, GH-6, owner/repo#7 and FOUND-8",
    "[click](javascript:alert(1)) ![x](http://evil.example/x.png) <http://evil.example>",
    "http://evil.example www.evil.example mail@evil.example",
    "*bold* _em_ ~~gone~~ &lt;b&gt; \\| \\` :smile: $x$",
    'quote " backslash \\ line\nfeed\rreturn\ttab',
    "\x00\x1b[2J\x85\u2028\u202e\ufffe\uffff nul, escape, override, no characters",
    "} 1\nfoundation_gate_passed 1",
    "\U0001f600 ünïcödé \u0301",
    " ",
    "`",
)


def criterion(name="cpu_cores", outcome="fail", **changes):
    entry = {
        "id": name,
        "workstream": "WS-01",
        "title": "Every CPU is there",
        "outcome": outcome,
        "measured": "19",
        "required": "== 20",
        "message": "Every CPU is there: measured 19, required == 20",
        "blocks": outcome in ("fail", "invalid", "missing"),
        "warns": False,
        "cause": None,
        "figures": [],
        "action": "Look at lscpu, then ask the vendor",
        **changes,
    }
    return {"remediation": {"text": entry["action"], "command": None}, **entry}


def host(*criteria, verdict=None, **changes):
    outcomes = [entry["outcome"].upper() for entry in criteria]
    worst = next((one for one in VERDICTS[1:] if one in outcomes), "PASS")
    return {
        "verdict": verdict or worst,
        "profile": "dgx_spark",
        "criteria": list(criteria),
        "documents": {},
        "figures": {},
        **changes,
    }


def report(hosts, **changes):
    """A report whose totals and verdict follow from the hosts."""
    entries = [entry for one in hosts.values() for entry in one["criteria"]]
    workstreams = {}
    for name, title in WORKSTREAMS.items():
        mine = [entry for entry in entries if entry["workstream"] == name]
        passed = sum(not entry["blocks"] for entry in mine)
        status = "COMPLETE" if passed == len(mine) else "INCOMPLETE"
        workstreams[name] = {
            "title": title, "status": status, "passed": passed, "total": len(mine)
        }  # fmt: skip
    passes = bool(hosts) and all(one["status"] == "COMPLETE" for one in workstreams.values())
    return {
        "schema_version": "1.1",
        "kind": "gate_report",
        "generated_at": GENERATED,
        "verdict": "PASSED" if passes else "FAILED",
        "workstreams": workstreams,
        "hosts": hosts,
        "messages": [] if hosts else ["no hosts were judged: name hosts in the inventory"],
        "not_judged": [],
        "waivers": [],
        "fleet": {"differences": [], "outliers": []},
        **changes,
    }


def every_outcome():
    """One host with one criterion of each outcome, and the skip that keeps it from passing."""
    entries = [criterion(f"is_{outcome}", outcome) for outcome in OUTCOMES]
    message = "required by this profile, but not applicable: no GPU"
    entries.append(criterion("is_required", "skipped", blocks=True, message=message, measured=None))
    return report({"spark-01.lab.example": host(*entries)})


def fleet(hosts, criteria):
    """Many hosts, each with faults of its own."""
    return report(
        {
            f"spark-{number:03}": host(
                *[
                    criterion(
                        f"criterion_{index}",
                        "fail" if (number + index) % 7 == 0 else "pass",
                        message=f"measured {number} of {index}, which is a sentence of its length",
                        measured=str(number),
                        workstream=f"WS-0{index % 3 + 1}",
                    )
                    for index in range(criteria)
                ]
            )
            for number in range(hosts)
        }
    )


# What JSON can hold: any character but half a surrogate pair.
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
)
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
numbers = st.one_of(
    st.integers(-(2**63), 2**63),
    st.floats(-(2.0**63), 2.0**63),  # as the schema bounds them
)
_criteria = st.fixed_dictionaries(
    {
        "id": texts,
        "workstream": st.sampled_from(sorted(WORKSTREAMS)),
        "title": texts,
        "outcome": st.sampled_from(OUTCOMES),
        "measured": st.none() | texts | st.just(""),
        "required": texts,
        "message": texts,
        "action": texts,
        "blocks": st.booleans(),
        "warns": st.booleans(),
        "cause": st.none() | st.fixed_dictionaries({"rule": texts}),
        "figures": st.just([]),
        "remediation": st.fixed_dictionaries({"text": texts, "command": st.none() | texts}),
    }
)
_figure_names = st.from_regex(r"[a-z]{1,9}\.[a-z0-9_]{1,9}", fullmatch=True)
_figures = st.fixed_dictionaries(
    {
        "value": numbers,
        "unit": st.sampled_from(["GB/s", "TFLOP/s", "TOP/s", "IOPS", ""]) | texts,
        "trusted": st.booleans(),
    }
)
_hosts = st.fixed_dictionaries(
    {
        "verdict": st.sampled_from(VERDICTS),
        "profile": texts,
        # As in a profile, which names a criterion once.
        "criteria": st.lists(_criteria, max_size=4, unique_by=lambda one: plain(one["id"])),
        "documents": st.dictionaries(
            st.sampled_from(["benchmark", "live_state"]), st.just(GENERATED)
        ),
        "figures": st.dictionaries(_figure_names, _figures, max_size=3),
    }
)
_waivers = st.fixed_dictionaries(
    {
        "host": names | names.map("group {}".format),
        "criterion": texts,
        "reason": texts,
        "expires": st.just("2026-12-31"),
        "ticket": st.just("") | texts,
        "state": st.sampled_from(["used", "expired", "unused"]),
        "message": texts,
    }
)
_fleet = st.fixed_dictionaries(
    {
        "differences": st.lists(
            st.fixed_dictionaries(
                {
                    "id": texts,
                    "title": texts,
                    "majority": texts,
                    "majority_hosts": st.integers(0, 400),
                    "hosts": st.dictionaries(names, texts, max_size=3),
                }
            ),
            max_size=2,
        ),
        "outliers": st.lists(
            st.fixed_dictionaries(
                {
                    "figure": _figure_names,
                    "unit": texts | st.just(""),
                    "median": numbers,
                    "limit": st.floats(0, 2.0**63, exclude_min=True),
                    "hosts": st.dictionaries(names, numbers, max_size=3),
                }
            ),
            max_size=2,
        ),
    }
)
_counts = st.integers(0, 100000)


def _workstream(title):
    return st.fixed_dictionaries(
        {
            "title": title,
            "status": st.sampled_from(["COMPLETE", "INCOMPLETE"]),
            "passed": _counts,
            "total": _counts,
        }
    )


reports = st.fixed_dictionaries(
    {
        "schema_version": st.just("1.1"),
        "kind": st.just("gate_report"),
        "generated_at": st.just(GENERATED),
        "verdict": st.sampled_from(["PASSED", "FAILED"]),
        "workstreams": st.fixed_dictionaries({name: _workstream(texts) for name in WORKSTREAMS}),
        "hosts": st.dictionaries(names, _hosts, max_size=3),
        "messages": st.lists(texts, max_size=2),
        "not_judged": st.lists(names, max_size=2),
        "waivers": st.lists(_waivers, max_size=2),
        "fleet": _fleet,
    }
)
"""Any report that the schema lets through, whether a gate would write it or not."""
