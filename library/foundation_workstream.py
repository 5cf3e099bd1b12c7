"""Documentation of the action plugin plugins/action/foundation_workstream.py."""

DOCUMENTATION = r"""
module: foundation_workstream
short_description: Say whether a workstream failed on this host
description:
  - Asks the gate about the stored documents of one host and one workstream.
  - Only proven failures count. A missing or an invalid document is not a failure, so a workstream
    that never ran holds nothing up.
options:
  workstream:
    description: The workstream.
    type: str
    choices: [WS-01, WS-02, WS-03]
    required: true
extends_documentation_fragment:
  - foundation.check_mode
  - foundation.baseline_dir
  - foundation.profile
  - foundation.waivers
"""

EXAMPLES = r"""
- name: Ask the gate whether WS-01 failed here
  foundation_workstream:
    workstream: WS-01
  register: hardware
"""

RETURN = r"""
failures:
  description: What failed, each as its title and message.
  returned: success
  type: list
  elements: str
  sample: ["Page size: 65536 was measured, == 4096 is required"]
"""
