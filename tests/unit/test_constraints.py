"""The constraint language: what it means, and what it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.profiles.constraints import (
    TYPES,
    ConstraintError,
    WrongTypeError,
    check,
    parse,
    render,
)

GIB = 2**30


@pytest.mark.parametrize(
    ("type_name", "text", "good", "bad"),
    [
        ("version", ">= 580.95.05", "580.126.09", "580.82.09"),
        ("version", ">= 580.95.05", "580.95.05-0ubuntu0.24.04.1", "570.1"),
        ("version", "== 580.95.05", "580.95.05-1", "580.95.06-1"),
        ("version", "== 12.1", "12.1", "12.0"),
        ("version", "< 590", "580.178.04", "590"),
        ("version", "!= 580.159.03", "580.159.04", "580.159.03"),
        ("version", ">= 24", "5:29.1.3-1~ubuntu.24.04~noble", "23.0.1"),
        ("version", "in 12.0, 12.1", "12.1", "9.0"),
        ("version", ">= 2.13", "2.13.0+cu130", "2.12.1+cu130"),
        ("text", "contains GB10", "NVIDIA GB10", "NVIDIA H100"),
        ("text", "excludes -64k", "6.17.0-nvidia", "6.17.0-nvidia-64k"),
        ("text", "== aarch64", "aarch64", "x86_64"),
        ("text", "!= tmpfs", "ext4", "tmpfs"),
        ("text", "in 22.04, 24.04", "24.04", "24.10"),
        ("text", "not in 7.0.0-1019-nvidia, x", "6.17.0", "7.0.0-1019-nvidia"),
        ("number", "== 20", 20, 19),
        ("number", ">= 60 TFLOP/s", 60.0, 59.99),
        ("number", "< 300 s", 299.9, 300),
        ("number", "not in 79, 119", 31, 119),
        ("number", "> -1.5", 0, -1.5),
        ("bytes", ">= 110 GiB", 110 * GIB, 110 * GIB - 1),
        ("bytes", "== 4 KiB", 4096, 65536),
        ("bytes", "<= 1.5 GB", 1_500_000_000, 1_500_000_001),
        ("bytes", "in 4 KiB, 2 MiB", 2 * 2**20, 8192),
        ("boolean", "is true", True, False),
        ("boolean", "is false", False, True),
        ("list", "contains a, b", ["b", "a", "c"], ["a"]),
        ("list", "contains any of a, b", ["c", "b"], ["c"]),
        ("list", "excludes 79, 119", [31], [31, 79]),
        ("list", "is known", [], None),
        ("text", "is known", "x", None),
    ],
)
def test_a_constraint_holds_and_does_not(type_name, text, good, bad):
    constraint = parse(text, type_name)
    assert check(constraint, good) is True
    assert check(constraint, bad) is False


@pytest.mark.parametrize(
    ("type_name", "text", "says"),
    [
        ("number", "=> 3", "no operator"),
        ("number", "3", "no operator"),
        ("number", "contains 3", "no operator of type number"),
        ("text", ">= a", "no operator of type text"),
        ("boolean", "== true", "is true"),
        ("boolean", "is true now", "takes no operand"),
        ("number", ">=", "needs an operand"),
        ("number", ">= three", "is not a number"),
        ("number", "in 3 s, 4 ms", "more than one unit"),
        ("bytes", ">= 110", "a unit is needed"),
        ("bytes", ">= 110 GIB", "a unit is needed"),
        ("version", ">= newest", "not a version"),
        ("text", "in 22.04,,24.04", "empty"),
        ("text", "is true", "no operator of type text"),
        ("colour", "== red", "unknown type"),
        ("text", "", "no operator"),
    ],
)
def test_a_wrong_constraint_is_one_clear_line(type_name, text, says):
    with pytest.raises(ConstraintError) as caught:
        parse(text, type_name)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("type_name", "text", "value"),
    [
        ("number", ">= 1", True),
        ("number", ">= 1", "12"),
        ("number", ">= 1", float("nan")),
        ("number", ">= 1", float("inf")),
        ("bytes", ">= 1 B", None),
        ("version", ">= 1", "N/A"),
        ("version", ">= 1", 12.1),
        ("text", "!= x", ""),
        ("text", "not in x", "[N/A]"),
        ("text", "!= x", "Not Supported"),
        ("boolean", "is true", 1),
        ("list", "excludes a", "b"),
    ],
)
def test_a_value_of_another_type_is_never_compared(type_name, text, value):
    with pytest.raises(WrongTypeError):
        check(parse(text, type_name), value)


@pytest.mark.parametrize(
    ("type_name", "text", "value", "shown"),
    [
        ("bytes", ">= 16.0 GiB", int(7.2 * GIB), "7.2 GiB"),
        ("bytes", "== 4 KiB", 65536, "64.0 KiB"),
        ("bytes", "> 0 B", 96 * GIB, "96.0 GiB"),
        ("bytes", "> 0 B", 12, "12 B"),
        ("number", ">= 60 TFLOP/s", 92.3456, "92.35 TFLOP/s"),
        ("number", "== 20", 20, "20"),
        ("boolean", "is true", False, "false"),
        ("list", "excludes a", [], "none"),
        ("list", "excludes a", [{"x": 1}], '{"x": 1}'),
        ("version", "== 12.1", ["12.1", "9.0"], "12.1, 9.0"),
        ("text", "== a", "a\x1b[2J\nb", "a [2J b"),
        ("text", "== a", None, "not known"),
    ],
)
def test_a_value_is_shown_in_the_unit_of_the_requirement(type_name, text, value, shown):
    assert render(parse(text, type_name), value) == shown


def test_an_open_constraint_takes_its_operand_later():
    constraint = parse("==", "version", allow_open=True)
    assert constraint.open
    closed = constraint.close("580.95.05-0ubuntu1")
    assert check(closed, "580.95.05")
    assert not check(closed, "580.95.06")
    with pytest.raises(WrongTypeError):
        constraint.close("nothing")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(text=st.text(max_size=30), type_name=st.sampled_from(TYPES), value=ANYTHING)
def test_no_text_and_no_value_crashes(text, type_name, value):
    try:
        constraint = parse(text, type_name)
        assert isinstance(check(constraint, value), bool)
    except (ConstraintError, WrongTypeError) as error:
        assert "\n" not in str(error)
    else:
        assert "\n" not in render(constraint, value)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_number_orders_are_those_of_python(operand, value):
    for name, expected in (
        (">=", value >= operand),
        ("<=", value <= operand),
        (">", value > operand),
        ("<", value < operand),
        ("==", value == operand),
        ("!=", value != operand),
    ):
        assert check(parse(f"{name} {operand}", "number"), value) is expected


@given(st.lists(st.integers(0, 999), min_size=1, max_size=4), st.integers(1, 50))
def test_a_later_version_is_greater(parts, step):
    text = ".".join(map(str, parts))
    later = ".".join(map(str, [*parts[:-1], parts[-1] + step]))
    assert check(parse(f"> {text}", "version"), later)
    assert not check(parse(f"> {later}", "version"), text)
    assert check(parse(f"== {text}", "version"), text)
