"""How the YAML of profiles is read: what extends, what is refused, with either parser."""

import importlib

import pytest
import yaml

from foundation.core.errors import ProfileError
from foundation.documents import yaml_files
from foundation.profiles.criteria import BUNDLED_FOLDER, load_profiles


def write_profile(tmp_path, text):
    path = tmp_path / "own.yml"
    path.write_text(text)
    return path


CRITERION = """
  - id: a
    workstream: WS-01
    title: A
    document: hardware_baseline
    path: data.cpu.logical_cpus
    type: number
    require: ">= 1"
    action: Do it
    source: Nobody
"""


@pytest.fixture(params=[True, False], ids=["libyaml", "PyYAML alone"])
def parser(request, monkeypatch):
    """Both ways that PyYAML may be installed."""
    monkeypatch.setattr(yaml, "__with_libyaml__", request.param)
    importlib.reload(yaml_files)
    assert issubclass(yaml_files._Loader, yaml.SafeLoader) != request.param
    yield
    monkeypatch.undo()
    importlib.reload(yaml_files)


@pytest.mark.parametrize("path", sorted(BUNDLED_FOLDER.glob("*.yml")), ids=lambda path: path.stem)
def test_both_parsers_read_the_same(parser, path):
    content = yaml_files.load(path, "profile", ProfileError)
    assert content == yaml.safe_load(path.read_text())


def test_an_own_profile_extends_and_replaces(tmp_path):
    text = "name: own\ntitle: Own\nextends: generic\ncriteria:" + CRITERION.replace(
        "id: a", "id: cpu_known"
    ).replace('">= 1"', '">= 64"')
    (profile,) = load_profiles(str(write_profile(tmp_path, text)))
    (generic,) = load_profiles("generic")
    assert [c.id for c in profile.criteria] == [c.id for c in generic.criteria]
    assert {c.id: c.required for c in profile.criteria}["cpu_known"] == ">= 64"
    assert profile.identity == generic.identity
    assert profile.note == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: own\ntitle: T\ncolour: red\ncriteria: []\n", "unknown key \"colour\""),
        ("name: own\ntitle: T\ncriteria: []\n", "must judge something"),
        ("name: own\ntitle: T\n", "required key \"criteria\" is absent"),
        ("name: own\nname: two\ntitle: T\ncriteria: []\n", "twice"),
        ("name: own\ntitle: &x T\nnote: *x\ncriteria: []\n", "aliases are not allowed"),
        ("name: [own\n", "line"),
        ("name: !!python/object/apply:os.getcwd []\n", "tags are not allowed"),
        ("name: !!bool x\n", "tags are not allowed"),
        ("? [name]\n: own\n", "a key must be a text"),
        ("name: own\ntitle: T\nvalidity: {maximum_age_days: .inf}\n", "no number below 1e18"),
        ("name: own\ntitle: T\nvalidity: {minimum_samples: {cpu: .nan}}\n", "no number below"),
        ("name: own\ntitle: T\nvalidity: {x: 1" + "0" * 400 + "}\n", "no number below"),
        ("name: own\ntitle: T\ncriteria: []\nvalidity: {maximum_age_days: 999999999}\n", "36500"),
        ("name: own\ntitle: T\nextends: nobody\ncriteria: []\n", "profile \"nobody\""),
        ("name: own\ntitle: T\ncriteria:" + CRITERION + CRITERION, "id appears twice"),
        ("name: own\ntitle: T\ncriteria:" + CRITERION.replace(">= 1", "=> 1"), "no operator"),
        ("name: own\ntitle: T\ncriteria:" + CRITERION.replace("data.cpu", "data..["), "path"),
        ("name: own\ntitle: T\ncriteria:" + CRITERION + "    against: data.x\n", "operator alone"),
        ("name: own\ntitle: T\ncriteria:" + CRITERION + "    figure: gemm.fp32\n", "$.criteria"),
        ("x" * (2**20 + 1), "larger than 1 MiB"),
        ("\udcff", "no UTF-8"),
    ],
)  # fmt: skip
def test_a_wrong_profile_is_one_clear_line(tmp_path, text, says, parser):
    path = tmp_path / "own.yml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ProfileError) as caught:
        load_profiles(str(path))
    message = str(caught.value)
    assert message.startswith(str(path)) or "nobody" in message
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize("choice", ["nobody", "no/such/file.yml"])
def test_an_unknown_profile_is_refused(choice):
    with pytest.raises(ProfileError):
        load_profiles(choice)
