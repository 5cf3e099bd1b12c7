#!/usr/bin/python
# Copyright: the DGX Spark foundation authors
"""Ansible module: how fast a host is."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: foundation_benchmark
short_description: Measure how fast a host is
version_added: "0.1.0"
description:
  - Runs the benchmark suite in the probe runtime and returns the C(benchmark) document.
  - Loads the host while it runs, changes nothing, judges nothing. A figure that cannot be measured
    here is named with the reason in the document.
options:
  directory:
    description:
      - The folder whose disk is measured. A file is made there and removed again.
      - The home of the user that connects, when not given.
    type: path
  host:
    description: The name that the document carries, usually C(inventory_hostname).
    type: str
    required: true
  interpreter:
    description: The Python of the probe runtime, which has torch.
    type: path
    required: true
  level:
    description: How thorough; C(quick) takes about a minute.
    type: str
    choices: [quick]
    default: quick
  timeout:
    description: Seconds that the whole run may take; figures that no longer fit are left out.
    type: int
    default: 300
attributes:
  check_mode:
    description: Measures nothing in check mode and says so.
    support: full
requirements:
  - Python 3.10 on the host
author:
  - The DGX Spark foundation authors
"""

EXAMPLES = r"""
- name: Measure for about a minute
  foundation_benchmark:
    host: "{{ inventory_hostname }}"
    interpreter: "{{ probe_runtime_executable }}"
    directory: /var/tmp
  register: measured
"""

RETURN = r"""
document:
  description: The document; C(docs/documents.md) describes it.
  returned: success, except in check mode
  type: dict
  sample:
    kind: benchmark
    host: spark-01
    data: {}
    problems: []
"""

import sys

from ansible.module_utils.basic import AnsibleModule

MINIMUM_PYTHON = (3, 10)
# What may pass between the inner time-out and the end: the figure under way, cleaning up.
GRACE_SECONDS = 60


def argument_spec() -> dict:
    """The module's arguments."""
    return {
        "directory": {"type": "path"},
        "host": {"type": "str", "required": True},
        "interpreter": {"type": "path", "required": True},
        "level": {"type": "str", "choices": ["quick"], "default": "quick"},
        "timeout": {"type": "int", "default": 300},
    }


def main() -> None:
    """Run the suite in a process of its own and return its document."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    wanted = module.params
    if module.check_mode:
        module.exit_json(
            changed=False, skipped=True, msg=f"would run the {wanted['level']} benchmark"
        )
    if sys.version_info < MINIMUM_PYTHON:
        module.fail_json(
            msg=f"Python {sys.version.split()[0]} on the host is too old: the probes need 3.10; "
            "install it and set ansible_python_interpreter"
        )
    # Imported here so that an old Python gets the line above and not a syntax error. What the
    # process runs is named so that Ansible ships it.
    from ansible.module_utils.python_probes import benchmark_worker, cli, launch  # noqa: F401

    arguments = ["benchmark", "--level", wanted["level"], "--host", wanted["host"]]
    if wanted["directory"]:
        arguments += ["--directory", wanted["directory"]]
    try:
        document = launch.run_package(
            wanted["interpreter"],
            [*arguments, "--timeout", str(wanted["timeout"])],
            timeout=wanted["timeout"] + GRACE_SECONDS,
        )
    except launch.LaunchError as error:
        module.fail_json(msg=f"{wanted['host']}: {error}")
    module.exit_json(changed=False, document=document)


if __name__ == "__main__":
    main()
