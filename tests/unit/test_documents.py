"""Documents on disk: what is refused, and that a file is whole and new or untouched."""

import json
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import documents as made
import pytest
import runs
from hypothesis import given
from hypothesis import strategies as st

from foundation.core import files
from foundation.core.errors import DocumentError, StorageError, one_line, shorten
from foundation.documents import store

MAKERS = {
    "hardware_baseline": made.hardware_baseline,
    "environment": made.environment,
    "reproducibility": made.reproducibility,
    "benchmark": made.benchmark,
    "live_state": made.live_state,
    "benchmark_baseline": runs.accepted,
}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_document_comes_back_as_it_was_written(tmp_path, kind):
    path = store.path(tmp_path, made.HOST, kind)
    store.write(MAKERS[kind](), path)
    assert store.load(path, made.HOST) == MAKERS[kind]()
    assert stat.S_IMODE(path.stat().st_mode) & ~files.FILE_MODE == 0
    assert [entry.name for entry in path.parent.iterdir()] == [f"{kind}.json"]


def test_every_kind_has_a_schema():
    assert set(MAKERS) == set(store.HOST_KINDS)


GOOD = json.dumps(made.live_state())


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (GOOD[: len(GOOD) // 2].encode(), "damaged or truncated JSON: "),
        (b"", "damaged or truncated"),
        (b"\xff\xfe{}", "line 1 column 1"),
        (b'{"a": "\xff"}', "invalid unicode"),
        (b"[1, 2]", "not a JSON object"),
        (b'{"a": 1, "a": 2}', 'duplicate key "a"'),
        (b'{"a": NaN}', "line 1 column 7"),
        (b'{"a": -Infinity}', "line 1 column 8"),
        (b'{"a": ' + b"9" * 5000 + b"}", "out of range"),
        (b'{"a": "\\ud800"}', "hex escape"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "recursion"),
        (b" " * (store.MAXIMUM_BYTES + 1), "larger than 16 MiB"),
    ],
)
def test_a_damaged_file_is_one_clear_line(tmp_path, raw, says):
    path = tmp_path / "live_state.json"
    path.write_bytes(raw)
    with pytest.raises(DocumentError) as caught:
        store.load(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert says in message
    assert "\n" not in message
    assert "ansible-playbook" in message


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"1" + b"0" * 400, b"1e308"])
def test_a_number_that_is_too_large_is_refused_wherever_it_is(tmp_path, number):
    benchmark = made.full_benchmark()
    whole = json.dumps(benchmark)
    for place in ('"duration_seconds": ', '"value": ', '"bursts": '):
        start = whole.index(place) + len(place)
        end = min(whole.index(sign, start) for sign in ",}")
        path = tmp_path / "benchmark.json"
        path.write_bytes(whole[:start].encode() + number + whole[end:].encode())
        with pytest.raises(DocumentError, match=r"where the schema wants (max|min)imum"):
            store.load(path)


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        ("host", "spark 01", '$.host: found "spark 01"'),
        ("host", "../etc", "$.host"),
        ("schema_version", "9.9", "$.schema_version"),
        ("collected_at", "yesterday", "$.collected_at"),
        ("collected_at", "2026-02-30T00:00:00Z", "$.collected_at"),
        ("identity.serial_hash", "SN1234", "$.identity.serial_hash"),
        ("data.reachable", "yes", "$.data.reachable"),
        ("data.colour", "red", 'unknown key "colour"'),
        ("kind", "weather", "foreign document"),
        ("kind", "benchmark", "foreign document"),
    ],
)
def test_a_document_against_its_schema_says_where(tmp_path, place, value, says):
    path = tmp_path / "live_state.json"
    path.write_text(json.dumps(made.change(made.live_state(), place, value)))
    with pytest.raises(DocumentError) as caught:
        store.load(path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_key_is_named():
    document = made.live_state()
    del document["identity"]["driver"]
    with pytest.raises(DocumentError, match=r'\$\.identity: required key "driver" is absent'):
        store.validate(document)


def test_an_unknown_kind_is_named_whatever_the_file_is_called(tmp_path):
    path = tmp_path / "some.json"
    path.write_text('{"kind": ["live_state"]}')
    with pytest.raises(DocumentError, match=r"\$\.kind: found"):
        store.load(path)


def test_a_document_of_another_host_is_foreign(tmp_path):
    path = tmp_path / "live_state.json"
    path.write_text(GOOD)
    assert store.load(path)["host"] == made.HOST
    with pytest.raises(DocumentError, match="a foreign document"):
        store.load(path, "spark-02")


def test_an_absent_file_is_told(tmp_path):
    with pytest.raises(DocumentError, match="cannot be read: No such file"):
        store.load(tmp_path / "live_state.json")


@pytest.mark.parametrize(
    "host", ["..", ".", "", "a/b", "/etc", "a\nb", "a\n", "-x", "é", "x" * 300]
)
def test_no_host_name_leaves_the_folder(tmp_path, host):
    with pytest.raises(DocumentError, match="host name"):
        store.folder(tmp_path, host)


def test_an_unknown_kind_has_no_file(tmp_path):
    with pytest.raises(DocumentError, match="kind"):
        store.path(tmp_path, "a", "../x")


def test_an_invalid_document_touches_nothing(tmp_path):
    path = store.path(tmp_path, made.HOST, "live_state")
    store.write(made.live_state(), path)
    before = path.read_bytes()
    for broken in (
        made.change(made.live_state(), "host", ""),
        made.change(made.benchmark(), "data.figures.gemm|bf16.value", float("nan")),
    ):
        with pytest.raises(DocumentError):
            store.write(broken, path)
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 1


def test_a_folder_in_the_way_is_told_and_nothing_is_left(tmp_path):
    path = tmp_path / "live_state.json"
    path.mkdir()
    with pytest.raises(StorageError, match="cannot be written"):
        store.write(made.live_state(), path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_where_a_folder_should_be_is_told(tmp_path):
    (tmp_path / "spark-01").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        store.write(made.live_state(), tmp_path / "spark-01" / "live_state.json")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_at_any_step_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "live_state.json"
    path.write_text("old")

    def refuse(*_):
        raise OSError(28, "No space left on device")

    target = files.os if step == "fsync" else Path
    monkeypatch.setattr(target, step, refuse)
    with pytest.raises(StorageError, match="No space left on device"):
        store.write(made.live_state(), path)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["live_state.json"]


_WRITER = """
import resource, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
import documents as made
from foundation.documents import store
from foundation.core.errors import StorageError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
document = made.benchmark()
resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))
try:
    store.write(document, Path(sys.argv[1]))
except StorageError as error:
    print(error)
    sys.exit(3)
"""


def test_text_that_cannot_be_encoded_is_refused_before_anything_is_written(tmp_path):
    document = made.live_state(reason="\ud800")
    with pytest.raises(DocumentError, match="no JSON"):
        store.write(document, tmp_path / "live_state.json")
    assert not list(tmp_path.iterdir())


def test_a_pipe_or_device_is_not_replaced_by_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="not a regular file"):
        store.write(made.live_state(), tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()
    assert [entry.name for entry in tmp_path.iterdir()] == ["pipe"]


def test_a_disk_that_takes_no_more_leaves_the_old_file(tmp_path):
    """The kernel itself refuses: RLIMIT_FSIZE ends the write as a full disk would."""
    path = tmp_path / "benchmark.json"
    path.write_text("old")
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", _WRITER, str(path), str(tests), str(tests.parent)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 3, done.stderr
    assert "File too large" in done.stdout
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["benchmark.json"]


def test_the_umask_can_narrow_the_mode(tmp_path):
    before = os.umask(0o077)
    try:
        store.write(made.live_state(), tmp_path / "live_state.json")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "live_state.json").stat().st_mode) == 0o600


def test_a_folder_gives_hosts_and_keeps_faults_as_values(tmp_path):
    for host in ("b", "a"):
        store.write(made.live_state(host), store.path(tmp_path, host, "live_state"))
    (tmp_path / "a" / "benchmark.json").write_text("{")
    (tmp_path / "a" / "notes.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "readme.md").write_text("")
    found = store.load_folder(tmp_path)
    assert list(found) == ["a", "b"]
    assert len(found) == 2
    assert isinstance(found["a"]["benchmark"], DocumentError)
    assert found["b"] == {"live_state": made.live_state("b")}
    with pytest.raises(KeyError):
        found["empty"]


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DocumentError, match="run ansible-playbook"):
        store.load_folder(tmp_path / "none")


def test_messages_are_short_and_on_one_line():
    assert one_line("a\n\x1b[31mb\t c") == "a [31mb c"
    assert len(one_line("x" * 1000)) == 400
    assert len(shorten({"x": "y" * 1000})) == 80
    assert shorten(object()).startswith('"<object')
    nested: list = []
    nested.append(nested)
    assert shorten(nested) == "a list"


NUMBERS = st.one_of(
    st.floats(),
    st.integers(),
    st.sampled_from([1e-5, 1.2e-5, 9.9e-5, 1e-4, 1e16, 1e-300, 2**63, 2**64, 10**30, -0.0]),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(), st.sampled_from(["e-5,", "\ud800"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("e-5,"), inner),
    max_leaves=12,
)


def _once(pairs):
    if len(dict(pairs)) != len(pairs):
        raise ValueError
    return dict(pairs)


@given(content=VALUES, indent=st.sampled_from([2, None]), ascii=st.booleans(), data=st.data())
def test_what_is_read_is_what_the_standard_library_reads(content, indent, ascii, data):
    text = json.dumps({"a": content}, indent=indent, ensure_ascii=ascii) + "\n"
    lines = text.splitlines(keepends=True)
    twice = data.draw(st.integers(0, len(lines) - 1)) if data.draw(st.booleans()) else 0
    raw = "".join([*lines[: twice + 1], *lines[twice:]] if twice else lines)
    raw = raw.encode("utf-8", "surrogatepass")
    try:
        found = store.parse(raw)
    except DocumentError:
        return
    assert repr(json.loads(raw, object_pairs_hook=_once)) == repr(found)


def test_small_numbers_are_read_as_they_were_written(tmp_path):
    document = made.full_benchmark()
    figure = next(iter(document["data"]["figures"].values()))
    figure["parameters"].update(checked_error=9.7e-06, error_limit=1.25e-05, step=-1e-05)
    store.write(document, tmp_path / "benchmark.json")
    assert store.load(tmp_path / "benchmark.json") == document


def test_a_deep_list_takes_no_memory_to_speak_of(tmp_path):
    deep = b'{"x": ' + b"[" * 250 + b"0," * 4_000_000 + b"0" + b"]" * 250 + b"}"
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "environment.json").write_bytes(deep)
    done = subprocess.run(
        [sys.executable, "-m", "foundation", "gate", "--documents", tmp_path],
        capture_output=True, text=True, check=False, timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2 * 10**9, 2 * 10**9)),
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "INVALID" in done.stdout
