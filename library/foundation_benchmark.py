#!/usr/bin/python
"""Ansible module: how fast a host is."""

from __future__ import annotations

DOCUMENTATION = r"""
module: foundation_benchmark
short_description: Measure how fast a host is
description:
  - Runs the benchmark suite in the probe runtime and returns the C(benchmark) document.
  - Loads the host while it runs, changes nothing, judges nothing. A figure that cannot be measured
    here is named with the reason in the document.
  - What is measured is kept on the host after every figure until the run is complete, so that a run
    that ended early can be resumed.
  - While it runs, each figure is displayed as it begins and as it ends.
options:
  directory:
    description:
      - The folder whose disk is measured. A file is made there and removed again.
      - The home of the user that connects, when not given.
    type: path
  interpreter:
    description: The Python of the probe runtime, which has torch.
    type: path
    required: true
  level:
    description:
      - How thorough. C(quick) takes about a minute and has figures of every family, C(full) has
        every figure and takes some minutes, C(soak) loads the GPU for O(soak_minutes).
    type: str
    choices: [quick, full, soak]
    default: quick
  resume:
    description:
      - Take over what an earlier run that ended early has measured, where the host's GPU, kernel,
        driver and torch are still the same and it is younger than a day, also across a reboot.
    type: bool
    default: false
  soak_minutes:
    description: How long the level C(soak) loads the GPU.
    type: int
    default: 10
  state:
    description:
      - The file on the host that keeps what is measured so far. Two runs with the same file cannot
        run at once. Name one on a disk of the host's own where hosts share home folders.
    type: path
    default: ~/.local/share/dgx-spark-foundation/benchmark.json
  timeout:
    description:
      - Seconds that the whole run may take; figures that no longer fit are left out.
      - By the level when not given, 300 for C(quick), 900 for C(full), and the minutes of the soak
        and 300 seconds for C(soak).
    type: int
extends_documentation_fragment:
  - foundation.host
attributes:
  check_mode:
    description: Measures nothing in check mode and says so.
    support: full
"""

EXAMPLES = r"""
- name: Measure for about a minute
  foundation_benchmark:
    host: "{{ inventory_hostname }}"
    interpreter: "{{ probe_runtime_executable }}"
    directory: /var/tmp
  register: measured

- name: Load the GPU for half an hour
  foundation_benchmark:
    host: "{{ inventory_hostname }}"
    interpreter: "{{ probe_runtime_executable }}"
    level: soak
    soak_minutes: 30
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
        "level": {"type": "str", "choices": ["quick", "full", "soak"], "default": "quick"},
        "resume": {"type": "bool", "default": False},
        "soak_minutes": {"type": "int", "default": 10},
        "state": {
            "type": "path",
            "default": "~/.local/share/dgx-spark-foundation/benchmark.json",
        },
        "timeout": {"type": "int"},
    }


def main() -> None:
    """Run the suite in a process of its own and return its document."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    options = module.params
    if module.check_mode:
        module.exit_json(
            changed=False, skipped=True, msg=f"would run the {options['level']} benchmark"
        )
    if sys.version_info < MINIMUM_PYTHON:
        module.fail_json(
            msg=f"Python {sys.version.split()[0]} on the host is too old: the probes need 3.10; "
            "install it and set ansible_python_interpreter"
        )
    # Imported here so that an old Python gets the line above and not a syntax error. What the
    # process runs is named so that Ansible ships it.
    from ansible.module_utils.python_probes import cli, launch  # noqa: F401
    from ansible.module_utils.python_probes.benchmark import levels, worker  # noqa: F401

    timeout = options["timeout"] or levels.default_timeout(
        options["level"], options["soak_minutes"]
    )
    arguments = ["benchmark", "--level", options["level"], "--host", options["host"]]
    arguments += ["--soak-minutes", str(options["soak_minutes"]), "--state", options["state"]]
    if options["directory"]:
        arguments += ["--directory", options["directory"]]
    if options["resume"]:
        arguments += ["--resume"]
    try:
        document = launch.run_package(
            options["interpreter"],
            [*arguments, "--timeout", str(timeout)],
            timeout=timeout + GRACE_SECONDS,
        )
    except launch.LaunchError as error:
        module.fail_json(msg=f"{options['host']}: {error}")
    module.exit_json(changed=False, document=document)


if __name__ == "__main__":
    main()
