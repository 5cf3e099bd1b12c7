"""Documentation of the action plugin plugins/action/foundation_handoff.py."""

DOCUMENTATION = r"""
module: foundation_handoff
short_description: Make what the Model and Interface teams build on
description:
  - Makes the hand-off of all hosts in the gate's report from their stored documents and puts it in
    place as a whole.
  - Fails until WS-01 is C(COMPLETE) in the report, and where the report is not about the documents
    as they are stored now.
options:
  handoff_dir:
    description:
      - The folder of the hand-off; a relative path starts at the project's root.
      - One that holds anything else is not replaced.
    type: str
    default: handoff
  profile:
    description: What the gate judged by, needed where that is a profile file.
    type: str
  redact:
    description:
      - Whether hosts get aliases such as C(host-01).
      - What else identifies a host or its owner stays behind in any case.
    type: bool
    default: true
extends_documentation_fragment:
  - foundation.check_mode
  - foundation.baseline_dir
  - foundation.report
attributes:
  diff_mode:
    description: Shows what is new in each file.
    support: full
"""

EXAMPLES = r"""
- name: Make the hand-off
  foundation_handoff:
    handoff_dir: /srv/handoff
  run_once: true
"""

RETURN = r"""
files:
  description: The files, by their path below the folder.
  returned: success
  type: list
  sample: [model/versions.json, model/manifest.json]
path:
  description: The folder, on the controller.
  returned: success
  type: str
  sample: /home/operator/foundation/handoff
"""
