"""Documentation of the action plugin plugins/action/foundation_status.py."""

DOCUMENTATION = r"""
module: foundation_status
short_description: Write how far the workstreams are and what blocks them
description:
  - Makes the status document from the gate's report and the status before it, writes it and prints
    it. Without a report, no workstream has started.
  - Is changed where more than the times of the document differ.
  - Posts nothing; says what was not posted to a webhook yet, by the memory that
    M(foundation_status_posted) keeps.
options:
  arm_check:
    description:
      - What C(foundation arm-check --json) wrote, for blockers about wheels; a relative path starts
        at the project's root.
      - Without it, what an earlier status says of wheels stays.
    type: str
  status:
    description: The document to write; a relative path starts at the project's root.
    type: str
    default: reports/status.json
extends_documentation_fragment:
  - foundation.check_mode
  - foundation.posted
  - foundation.report
attributes:
  diff_mode:
    description: Shows the document without its times.
    support: full
"""

EXAMPLES = r"""
- name: Write the status
  foundation_status:
    report: /srv/reports/gate.json
    status: /srv/reports/status.json
  register: current
"""

RETURN = r"""
finished:
  description: Whether every workstream is complete and nothing blocks.
  returned: success
  type: bool
  sample: false
memory:
  description: What M(foundation_status_posted) takes once the notification was posted.
  returned: success
  type: dict
  sample: {kind: status_posted, blockers: {}}
notification:
  description: What to post; null where nothing is new and nothing was resolved.
  returned: success
  type: dict
  sample: {kind: status_notification, new: [], resolved: []}
status:
  description: The document, on the controller.
  returned: success
  type: str
  sample: /home/operator/foundation/reports/status.json
"""
