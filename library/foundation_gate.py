"""Documentation of the action plugin plugins/action/foundation_gate.py."""

DOCUMENTATION = r"""
module: foundation_gate
short_description: Give one verdict over hosts
description:
  - Keeps what the hosts answered as their C(live_state) documents, judges all stored documents of
    these hosts, prints the verdict, and writes the report.
  - Fails unless the verdict is C(PASSED). A host without an answer is MISSING, never left out.
  - Runs with C(run_once), since one evaluation is of all hosts.
options:
  answers:
    description:
      - By host, the result that M(foundation_probe) gave for C(live_state).
      - A host without an answer is MISSING, one whose answer is invalid or another's INVALID.
    type: dict
    default: {}
  formats:
    description:
      - What to write next to O(report) once it is there, named as it is.
      - For C(gate.json) these are C(gate.xml), C(gate.ctrf.json), C(gate.prom), C(gate.md) and
        C(gate.html).
      - One that cannot be written fails the task and leaves the verdict as it is.
    type: list
    elements: str
    choices: [junit, ctrf, prometheus, markdown, html]
    default: [junit, ctrf, prometheus, markdown, html]
  hosts:
    description: The hosts to judge. None is a failure.
    type: list
    elements: str
    required: true
  inventory:
    description:
      - By group, its hosts, as Ansible's C(groups) has them.
      - Hosts that are not judged are named in the report, and waivers may name a group.
    type: dict
    default: {}
  profiles:
    description: By host, C(auto), the name of a profile, or the path of a profile file.
    type: dict
    default: {}
extends_documentation_fragment:
  - foundation.check_mode
  - foundation.baseline_dir
  - foundation.report
  - foundation.waivers
"""

EXAMPLES = r"""
- name: Judge
  foundation_gate:
    hosts: "{{ ansible_play_hosts_all }}"
    answers:
      spark-01: "{{ hostvars['spark-01'].answer }}"
    profiles:
      spark-01: dgx_spark
    inventory: "{{ groups }}"
  run_once: true
"""

RETURN = r"""
report:
  description: The report, on the controller.
  returned: success
  type: str
  sample: /home/operator/foundation/reports/gate.json
verdict:
  description: C(PASSED) or C(FAILED).
  returned: success
  type: str
  sample: PASSED
"""
