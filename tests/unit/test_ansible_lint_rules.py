"""Our own rules for ansible-lint, as `.ansible-lint` enables them: what they find and what not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
ANSIBLE_LINT = Path(sys.executable).with_name("ansible-lint")

BAD = {
    "no-shell": """
- name: Count the packages
  ansible.builtin.shell: dpkg -l | wc -l
  changed_when: false
""",
    "no-hidden-failure": """
- name: Look for the toolkit
  ansible.builtin.command:
    argv: [nvcc, --version]
  register: example_nvcc
  changed_when: false
  ignore_errors: true
""",
    "root-for-tasks": """
- name: Install
  become: true
  block:
    - name: Make the folder
      ansible.builtin.file:
        path: /etc/example
        state: directory
        mode: "0755"
""",
    "failure-message": """
- name: Require a GPU
  ansible.builtin.assert:
    that: example_gpus > 0
    fail_msg: There is no GPU
""",
}
GOOD = """---
- name: Install
  block:
    - name: Look for the toolkit
      ansible.builtin.command:
        argv: [nvcc, --version]
      register: example_nvcc
      changed_when: false
      failed_when: example_nvcc.rc not in [0, 127]
      become: true
  rescue:
    - name: Pass on what it said
      ansible.builtin.fail:
        msg: "{{ ansible_failed_result.msg }}"

- name: Require a GPU
  ansible.builtin.assert:
    that: example_gpus > 0
    fail_msg: >-
      {{ inventory_hostname }}: found no GPU, expected one; look with `lspci`, then run again
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """By role, the rules that it breaks."""
    roles = tmp_path_factory.mktemp("project") / "roles"
    for name, tasks in {**{rule.replace("-", "_"): f"---{bad}" for rule, bad in BAD.items()},
                        "good": GOOD}.items():  # fmt: skip
        path = roles / name / "tasks/main.yml"
        path.parent.mkdir(parents=True)
        path.write_text(tasks)
    finished = subprocess.run(
        [ANSIBLE_LINT, "--offline", "--config-file", PROJECT / ".ansible-lint",
         "--format", "json", *sorted(roles.glob("*/tasks/main.yml"))],
        cwd=roles.parent, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert finished.returncode == 2, finished.stderr
    broken: dict[str, set[str]] = {path.name: set() for path in roles.iterdir()}
    for match in json.loads(finished.stdout):
        role = Path(match["location"]["path"]).parts[-3]
        broken[role].add(match["check_name"].partition("[")[0])
    return broken


@pytest.mark.parametrize("rule", BAD)
def test_a_rule_finds_its_fault(rule: str, found: dict[str, set[str]]) -> None:
    assert rule in found[rule.replace("-", "_")]


def test_good_tasks_break_none(found: dict[str, set[str]]) -> None:
    assert found["good"] == set()
