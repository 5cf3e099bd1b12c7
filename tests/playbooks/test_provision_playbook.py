"""foundation.yml leaves hosts alone that nobody asked it to provision, whatever the tags."""

from __future__ import annotations

import itertools

import pytest

LOCAL = """
all:
  vars:
    ansible_python_interpreter: "{{{{ ansible_playbook_python }}}}"
  hosts:
    box: {{ansible_connection: local{}}}
"""
LOOK = "Require a host that the roles know"
ROLE = "base : Provide the base"


def tasks(finished):
    """The names of the tasks that ran on a host."""
    lines = finished.stdout.splitlines()
    return [
        line[6:].partition("]")[0]
        for line, following in itertools.pairwise(lines)
        if line.startswith("TASK [") and following.startswith(("ok:", "changed:", "fatal:", "["))
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "arguments"),
    [
        ("", ["--tags", "WS-01"]),
        (", provision: true", ["--tags", "WS-01"]),
        (", provision: true", ["--tags", "provision,WS-01", "-e", "provision=false"]),
    ],
)
def test_a_host_is_left_alone(ansible_playbook, inventory, variables, arguments):
    path = inventory(LOCAL.format(variables))
    finished = ansible_playbook("foundation.yml", "-i", path, "--check", *arguments)
    assert finished.returncode == 0, finished.stdout
    ran = tasks(finished)
    assert "Read what the host is" in ran
    assert LOOK not in ran
    assert ROLE not in ran


@pytest.mark.parametrize(
    ("variables", "arguments"),
    [
        ("", ["--tags", "provision"]),
        (", provision: true", ["--tags", "docker"]),
        (", provision: true", ["--skip-tags", "docker"]),
    ],
)
def test_a_host_that_is_to_be_provisioned_is_looked_at_first(
    ansible_playbook, inventory, variables, arguments
):
    """With so much free space wanted that nothing else is done."""
    path = inventory(LOCAL.format(variables))
    finished = ansible_playbook(
        "foundation.yml", "-i", path, "--check", *arguments, provision_free_gib=10**6
    )
    assert finished.returncode == 2
    assert "box: found" in finished.stdout
    assert "expected 1000000 GiB" in " ".join(finished.stdout.split())
    assert ROLE not in tasks(finished)


def test_a_variable_that_no_role_knows_is_named(ansible_playbook, inventory):
    path = inventory(LOCAL.format(", cuda_instal_driver: true"))
    finished = ansible_playbook("playbooks/provision.yml", "-i", path, "--check")
    assert finished.returncode == 2
    assert "found the variable cuda_instal_driver" in " ".join(finished.stdout.split())


def test_a_value_that_no_role_takes_is_named(ansible_playbook, inventory):
    path = inventory(LOCAL.format(", docker_engine: moby"))
    finished = ansible_playbook("playbooks/provision.yml", "-i", path, "--check")
    assert finished.returncode == 2
    assert "docker_engine must be one of: docker-ce, docker.io" in " ".join(finished.stdout.split())
