"""Rust's flags for a host: a GB10 as owners captured it, older compilers, x86, and what is odd."""

import json
import subprocess
from pathlib import Path

import capture_rustc
import pytest
from box import GB10

from foundation.handoff import rust_flags, rust_names, toolchain
from foundation.handoff.rust_names import (
    AARCH64,
    FLAGS,
    KERNEL_ONLY,
    OPT_IN,
    X86_64,
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "rustc"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
OLD = """\
#!/bin/sh
cd {folder} || exit 1
case "$*" in
  -vV) cat version.txt ;;
  *target-cpus*) cat target-cpus.txt ;;
  *target-feature=*) cat cfg-generic.txt ;;
  *target-cpu=*) cat "cfg-${{6#target-cpu=}}.txt" ;;
  *) exit 9 ;;
esac
"""
ONLY_ITS_VERSION = """\
#!/bin/sh
case "$*" in
  -vV) cat {folder}/version.txt ;;
  *) {other} ;;
esac
"""


def gb10(**changes):
    line = next(
        line
        for line in (GB10 / "root/proc/cpuinfo").read_text().splitlines()
        if line.startswith("Features")
    )
    return {
        "architecture": "aarch64",
        "flags": line.partition(":")[2].split(),
        "clusters": [{"name": "Cortex-X925"}, {"name": "Cortex-A725"}],
        **changes,
    }


@pytest.fixture
def put_rustc(tmp_path, monkeypatch):
    """Put a script on PATH as the only rustc."""

    def put(script):
        commands = tmp_path / "commands"
        commands.mkdir(exist_ok=True)
        path = commands / "rustc"
        path.write_text(script)
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{commands}:/usr/bin:/bin")

    return put


def switches(flags):
    """By sign, what a RUSTFLAGS says of features."""
    listed = flags.partition("target-feature=")[2].split(",")
    return {sign: {one[1:] for one in listed if one[:1] == sign} for sign in "+-"}


def test_a_gb10_gets_its_own_name_and_only_what_its_kernel_reports():
    advice, why = rust_flags.advise(gb10(), toolchain.Captured())

    assert why is None
    assert (advice["target_triple"], advice["target_cpu"]) == (AARCH64, "gb10")
    assert advice["cargo_variable"] == "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS"
    assert {"neon", "sve2", "sve2-aes", "i8mm", "bf16", "lse"} <= set(advice["features"])
    told = switches(advice["rustflags"])
    # LLVM's gb10 has both; the captured kernel reports neither.
    assert told["-"] == {"mte", "ssbs"}
    assert told["+"] == {"sve2-aes", "sve2-bitperm", "sve2-sha3", "sve2-sm4"}
    assert [one["target_cpu"] for one in advice["candidates"]] == [
        "gb10",
        "cortex-x925",
        "cortex-x4",
        "neoverse-v2",
        "generic",
    ]
    assert all(one["rustflags"] for one in advice["candidates"])


def test_no_flags_enable_what_the_host_lacks():
    known = toolchain.Captured()
    advice, _ = rust_flags.advise(gb10(), known)
    for one in advice["candidates"]:
        told = switches(one["rustflags"])
        enabled = (known.features(AARCH64, one["target_cpu"]) | told["+"]) - told["-"]
        assert enabled - KERNEL_ONLY <= set(advice["features"]), one["target_cpu"]


def test_a_kernel_that_hides_sve_gets_the_generic_name_with_its_features():
    flags = [flag for flag in gb10()["flags"] if not flag.startswith("sve")]
    advice, _ = rust_flags.advise(gb10(flags=flags), toolchain.Captured())

    assert advice["target_cpu"] == "generic"
    assert "this host lacks sve, sve2" in advice["candidates"][0]["reason"]
    assert "sve" not in advice["rustflags"]
    assert "+i8mm" in advice["rustflags"]


def test_an_older_rustc_gets_the_next_name_that_it_knows(put_rustc):
    put_rustc(OLD.format(folder=FIXTURES / "1.85.0"))
    asked = toolchain.find()
    advice, why = rust_flags.advise(gb10(), asked)

    assert why is None
    assert advice["checked"] == {"by": "rustc", "rustc": "1.85.0", "llvm": "19.1.7"}
    first, second = advice["candidates"][:2]
    assert first["rustflags"] is None
    assert "rustc 1.85.0 (LLVM 19.1.7) does not know it: LLVM 21 is the first" in first["reason"]
    assert advice["target_cpu"] == second["target_cpu"] == "cortex-x925"
    # This LLVM's cortex-x925 has SVE bit permutation already; the newer one's has not.
    assert switches(advice["rustflags"])["+"] == {
        *("aes", "sha2", "sha3", "sm4", "sve2-aes", "sve2-sha3", "sve2-sm4")
    }


def test_features_that_rustc_calls_unstable_are_left_out(put_rustc):
    warning = FIXTURES / "unstable-1.95.0.txt"
    put_rustc(ONLY_ITS_VERSION.format(folder=FIXTURES / "1.85.0", other=f"cat {warning} >&2"))
    asked = toolchain.Rustc()
    assert asked.refused(AARCH64, "generic", ["+aes", "+ecv", "+lse2"]) == ["+ecv", "+lse2"]
    with pytest.raises(toolchain.ToolchainError, match="rustc warns of the flags"):
        asked.refused(AARCH64, "generic", ["+aes"])


@pytest.mark.parametrize(
    "script",
    [None, "#!/bin/sh\nexit 1\n", "#!/bin/sh\necho no version\n", "#!/bin/sh\nkill -9 $$\n"],
)
def test_without_a_rustc_that_answers_the_captured_list_decides(put_rustc, monkeypatch, script):
    if script is None:
        monkeypatch.setenv("PATH", "/nowhere")
    else:
        put_rustc(script)
    advice, why = rust_flags.advise(gb10(), toolchain.find())
    assert why is None
    assert advice["checked"]["by"] == "captured list"
    assert advice["target_cpu"] == "gb10"


def test_a_rustc_that_fails_midway_is_a_reason_and_no_traceback(put_rustc):
    broken = "echo broken >&2; exit 1"
    put_rustc(ONLY_ITS_VERSION.format(folder=FIXTURES / "1.85.0", other=broken))
    advice, why = rust_flags.advise(gb10(), toolchain.find())
    assert advice["rustflags"] is None
    assert why == (
        "rust: no target-cpu can be used: any 64-bit Arm, with the features of this one added; "
        "rustc ended with status 1: broken"
    )


@pytest.mark.parametrize("example", ["cpu", "h200"])
def test_an_x86_host_gets_the_highest_level_that_it_reaches(example):
    document = json.loads((EXAMPLES / example / "hardware_baseline.json").read_text())
    cpu = document["data"]["cpu"]
    advice, why = rust_flags.advise(cpu, toolchain.Captured())
    assert why is None
    assert (advice["target_triple"], advice["target_cpu"]) == (X86_64, "x86-64-v4")

    flags = [flag for flag in cpu["flags"] if not flag.startswith("avx512")]
    advice, _ = rust_flags.advise({**cpu, "flags": flags}, toolchain.Captured())
    assert advice["target_cpu"] == "x86-64-v3"
    assert "avx512" not in advice["rustflags"]
    assert "this host lacks avx512bw" in advice["candidates"][0]["reason"]


def test_another_arm_machine_gets_the_name_of_its_cores():
    known = toolchain.Captured()
    enabled = known.features(AARCH64, "neoverse-n1") - KERNEL_ONLY
    flags = [flag for name in enabled for flag in FLAGS[AARCH64][name]]
    cpu = gb10(clusters=[{"name": "Neoverse-N1"}], flags=flags)
    assert rust_flags.advise(cpu, known)[0]["target_cpu"] == "neoverse-n1"
    cpu = gb10(clusters=[{"name": None}], flags=flags)
    assert rust_flags.advise(cpu, known)[0]["target_cpu"] == "generic"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"architecture": "riscv64"}, "no Rust target is known here for the architecture riscv64"),
        ({"architecture": None}, "no Rust target is known here"),
        ({"flags": []}, "the CPU's flags were not read"),
    ],
)
def test_what_is_not_known_is_null_with_the_reason(changes, says):
    advice, why = rust_flags.advise(gb10(**changes), toolchain.Captured())
    assert advice["rustflags"] is advice["target_cpu"] is advice["features"] is None
    assert says in why


def test_every_name_in_the_tables_is_one_that_rustc_knows():
    """Against what rustc 1.95 said: a misspelt name would never be found out."""
    known = toolchain.Captured()
    for triple, candidates in (
        (AARCH64, (*rust_names.GB10, rust_names.GENERIC)),
        (X86_64, rust_names.X86_LEVELS),
    ):
        assert {one.cpu for one in candidates} <= set(toolchain.known_cpus(triple))
        cpus = toolchain.known_cpus(triple)
        everything = frozenset().union(*(known.features(triple, cpu) for cpu in cpus))
        assert everything - set(FLAGS[triple]) - KERNEL_ONLY - OPT_IN == set()


def test_the_captured_list_is_what_this_rustc_says_where_it_is_the_same():
    try:
        asked = toolchain.Rustc()
    except toolchain.ToolchainError:
        pytest.skip("no rustc on PATH")
    known = toolchain.Captured()
    if (asked.version, asked.llvm) != (known.version, known.llvm):
        pytest.skip(f"rustc {asked.version} is another than the captured one")
    for cpu in ("gb10", "cortex-x925", "generic"):
        assert asked.features(AARCH64, cpu) == known.features(AARCH64, cpu)
    assert asked.features(AARCH64, "cortex-x99") is None
    wanted = switches(rust_flags.advise(gb10(), known)[0]["rustflags"])
    listed = [f"{sign}{name}" for sign, names in wanted.items() for name in names]
    assert asked.refused(AARCH64, "gb10", listed) == []
    assert asked.refused(AARCH64, "gb10", ["+ecv"]) == ["+ecv"] == known.refused(
        AARCH64, "gb10", ["+ecv"]
    )  # fmt: skip


def test_the_list_can_be_made_anew(put_rustc):
    put_rustc(OLD.format(folder=FIXTURES / "1.85.0"))
    made = capture_rustc.capture({AARCH64: ("generic", "cortex-x925", "gb10")})
    assert (made["rustc"], made["llvm"]) == ("1.85.0", "19.1.7")
    assert set(made["targets"][AARCH64]["cpus"]) == {"generic", "cortex-x925"}
    assert "sve2" in made["targets"][AARCH64]["cpus"]["cortex-x925"].split()
    assert subprocess.run(["rustc", "-vV"], check=True, capture_output=True).stdout
