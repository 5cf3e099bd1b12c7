#!/usr/bin/python
"""Ansible module: what a host is."""

from __future__ import annotations

DOCUMENTATION = r"""
module: foundation_probe
short_description: Read what a host is
description:
  - Returns documents that describe the host as it is, all of them in one task.
  - Reads only, changes nothing, judges nothing. What could not be read is named in the document's
    C(problems), so the module fails only where there is no document at all.
  - Serial numbers, MAC addresses and the machine-id are returned as keyed hashes.
options:
  documents:
    description: The documents to make.
    type: list
    elements: str
    choices: [hardware, environment, live_state]
    default: [hardware, environment]
  interpreter:
    description:
      - The Python of the probe runtime, which has pynvml and torch; C(live_state) takes its pynvml
        and needs no more.
      - Where it does not exist, the module's own Python is used and the documents name what it
        could not read for that reason.
    type: path
  root:
    description: Read C(/proc), C(/sys) and C(/etc) below this folder.
    type: path
    default: /
  source_revision:
    description: The revision of this project, as C(git describe --always --dirty) prints it.
    type: str
  timeout:
    description: Seconds that one probe may take.
    type: int
    default: 20
extends_documentation_fragment:
  - foundation.check_mode
  - foundation.host
"""

EXAMPLES = r"""
- name: Read hardware and environment
  foundation_probe:
    host: "{{ inventory_hostname }}"
    interpreter: "{{ probe_runtime_executable }}"
  register: probed

- name: Show the GPUs
  ansible.builtin.debug:
    var: probed.documents.hardware_baseline.data.gpu.devices
"""

RETURN = r"""
documents:
  description: The documents by kind; C(docs/documents.md) describes them.
  returned: success
  type: dict
  sample:
    hardware_baseline:
      kind: hardware_baseline
      host: spark-01
      data: {}
      problems: []
"""

import sys

from ansible.module_utils.basic import AnsibleModule

MINIMUM_PYTHON = (3, 10)
# What one document may take beyond its probes: interpreter start, torch import.
OVERHEAD_SECONDS = 60


def argument_spec() -> dict:
    """The module's arguments."""
    return {
        "documents": {
            "type": "list",
            "elements": "str",
            "choices": ["hardware", "environment", "live_state"],
            "default": ["hardware", "environment"],
        },
        "host": {"type": "str", "required": True},
        "interpreter": {"type": "path"},
        "root": {"type": "path", "default": "/"},
        "source_revision": {"type": "str"},
        "timeout": {"type": "int", "default": 20},
    }


def _shipped() -> None:
    """Never called: what `launch` runs is named here so that Ansible ships it with the module."""
    from ansible.module_utils.python_probes import cli  # noqa: F401


def main() -> None:
    """Run the probes in a process of their own and return their documents."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    if sys.version_info < MINIMUM_PYTHON:
        module.fail_json(
            msg=f"Python {sys.version.split()[0]} on the host is too old: the probes need 3.10; "
            "install it and set ansible_python_interpreter"
        )
    # Imported here so that an old Python gets the line above and not a syntax error.
    from ansible.module_utils.python_probes import launch

    options = module.params
    interpreter = launch.choose_interpreter(options["interpreter"])
    environment = {}
    if options["source_revision"]:
        environment["FOUNDATION_SOURCE_REVISION"] = options["source_revision"]
    documents = {}
    for name in options["documents"]:
        host, root, timeout = options["host"], options["root"], options["timeout"]
        arguments = [name, "--host", host, "--root", root, "--timeout", str(timeout)]
        try:
            if name == "live_state":  # the gate waits for it, and it needs no torch
                document = launch.live_state(interpreter, host, root, timeout)
            else:
                document = launch.run_package(
                    interpreter,
                    arguments,
                    timeout=timeout + OVERHEAD_SECONDS,
                    environment=environment,
                )
        except launch.LaunchError as error:
            module.fail_json(msg=f"{options['host']}: {error}", documents=documents)
        documents[document["kind"]] = document
    module.exit_json(changed=False, documents=documents)


if __name__ == "__main__":
    main()
