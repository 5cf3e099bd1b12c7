#!/usr/bin/python
"""Ansible module: what provisioning needs to know of a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: foundation_host_state
short_description: Read what provisioning needs to know of a host
description:
  - Returns operating system, packages, NVIDIA driver, kernels, snaps, clock and
    free space in one task, so that roles ask a host once.
  - Reads only, changes nothing, judges nothing, and needs no root.
options:
  folders:
    description: The folders whose file systems' free space is wanted.
    type: list
    elements: path
    default: [/, /var, /usr]
  root:
    description: Read C(/proc), C(/sys), C(/etc) and the rest below this folder.
    type: path
    default: /
extends_documentation_fragment:
  - foundation.check_mode
  - foundation.host
"""

EXAMPLES = r"""
- name: Read what the host is
  foundation_host_state:
    host: "{{ inventory_hostname }}"
  register: answer

- name: Show the installed driver
  ansible.builtin.debug:
    var: answer.state.driver
"""

RETURN = r"""
state:
  description: What the host is; C(python_probes/provisioning/host_state.py) makes it.
  returned: success
  type: dict
  sample:
    architecture: aarch64
    driver:
      loaded_version: 580.95.05
      installed_version: 580.95.05
problems:
  description: What could not be read, as C(code) and C(message).
  returned: success
  type: list
  elements: dict
  sample: []
"""

import sys
from typing import Any

from ansible.module_utils.basic import AnsibleModule

MINIMUM_PYTHON = (3, 10)


def argument_spec() -> dict[str, Any]:
    """The options above."""
    return {
        "folders": {"type": "list", "elements": "path", "default": ["/", "/var", "/usr"]},
        "host": {"type": "str", "required": True},
        "root": {"type": "path", "default": "/"},
    }


def main() -> None:
    """Read and return."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    options = module.params
    if sys.version_info < MINIMUM_PYTHON:
        module.fail_json(
            msg=f"{options['host']}: found Python {sys.version.split()[0]} at {sys.executable}, "
            "expected 3.10 or newer; install one (sudo apt install python3) and set "
            "ansible_python_interpreter to it"
        )
    # Imported here so that an old Python gets the line above and not a syntax error.
    from ansible.module_utils.python_probes.core import system
    from ansible.module_utils.python_probes.provisioning import host_state

    problems: list[dict[str, str]] = []

    def note(code: str, message: str) -> None:
        problems.append({"code": code, "message": message})

    state = host_state.read(system.System(options["root"]), note, options["folders"])
    module.exit_json(changed=False, state=state, problems=problems)


if __name__ == "__main__":
    main()
