"""The roles docker and container_toolkit: what becomes of daemon.json."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

PROJECT = Path(__file__).parents[2]
ROTATION = {"log-driver": "json-file", "log-opts": {"max-file": "3", "max-size": "10m"}}
LOCAL = {"log-driver": "local", "log-opts": {"max-file": "2"}}
JOURNALD = {"log-driver": "journald"}
TAGGED = {"log-opts": {"tag": "{{.Name}}"}}
RUNTIME = {"path": "nvidia-container-runtime", "args": []}


def value(role: str, name: str, **variables: Any) -> Any:
    """What a variable of a role comes to."""
    loader = DataLoader()
    for folder in ("defaults", "vars"):
        path = str(PROJECT / "roles" / role / folder / "main.yml")
        variables = loader.load_from_file(path, trusted_as_template=True) | variables
    return Templar(loader, variables).template(variables[name])


@pytest.mark.parametrize(
    ("current", "settings", "rotation", "wanted"),
    [
        ({}, {}, ROTATION, ROTATION),
        ({"debug": True}, {}, ROTATION, ROTATION | {"debug": True}),
        (JOURNALD, {}, ROTATION, JOURNALD),
        ({}, JOURNALD, ROTATION, JOURNALD),
        (ROTATION | {"debug": True}, JOURNALD, ROTATION, JOURNALD | {"debug": True}),
        (ROTATION, LOCAL, ROTATION, LOCAL),
        (JOURNALD | TAGGED, {"log-driver": "json-file"}, ROTATION, ROTATION),
        (JOURNALD | TAGGED, JOURNALD, ROTATION, JOURNALD | TAGGED),
        (TAGGED, {}, LOCAL, LOCAL),
        (TAGGED, JOURNALD, ROTATION, JOURNALD),
        ({"debug": True}, TAGGED, {}, TAGGED | {"debug": True}),
    ],
)
def test_options_of_one_log_driver_never_go_to_another(
    current: dict[str, Any], settings: dict[str, Any], rotation: dict[str, Any], wanted: Any
) -> None:
    assert wanted == value(
        *("docker", "docker_daemon_wanted"),
        docker_daemon_current=current,
        docker_daemon_settings=settings,
        docker_log_rotation=rotation,
    )


@pytest.mark.parametrize(
    ("mode", "current", "left"),
    [
        ("runtime", {"runtimes": {"nvidia": RUNTIME}, "default-runtime": "nvidia"}, {}),
        ("runtime", {"runtimes": {"nvidia": RUNTIME, "runsc": {}}}, {"runtimes": {"runsc": {}}}),
        ("runtime", {"features": {"cdi": True}}, {"features": {"cdi": True}}),
        ("cdi", {"features": {"cdi": True}, "runtimes": {"nvidia": RUNTIME}}, {}),
        ("cdi", {"features": {"cdi": True, "x": True}}, {"features": {"x": True}}),
        ("cdi", {"features": {"cdi": False}}, {"features": {"cdi": False}}),
    ],
)
def test_removal_takes_out_what_registration_put_in(
    mode: str, current: dict[str, Any], left: dict[str, Any]
) -> None:
    assert left == value(
        *("container_toolkit", "container_toolkit_daemon_left"),
        container_toolkit_mode=mode,
        container_toolkit_daemon=current,
    )


@pytest.mark.parametrize("text", ['{"a": 1,}', '{"a": 1 "b": 2}', "[]", "{}", None])
def test_settings_that_are_no_json_object_are_named(tmp_path: Path, text: str | None) -> None:
    settings = tmp_path / "daemon.json"
    if text is not None:
        settings.write_text(text)
    role = {"name": "docker", "tasks_from": "read"}
    play = {"hosts": "localhost", "gather_facts": False}
    play |= {"tasks": [{"name": "Read", "ansible.builtin.import_role": role}]}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    variables = {"docker_daemon_file": str(settings), "ansible_become": False}
    variables["ansible_python_interpreter"] = sys.executable
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("ansible-playbook"), tmp_path / "play.yml"),
            *("--inventory", "localhost,", "--connection", "local"),
            *("--extra-vars", json.dumps(variables)),
        ],
        cwd=PROJECT,
        env={**os.environ, "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode == 0) is (text in ("{}", None)), done.stdout
    if done.returncode:
        message = " ".join(done.stdout.rpartition("FAILED!")[2].split())
        assert f"localhost: found {settings} that is no JSON object, expected" in message
        assert "python3 -m json.tool" in message
