"""Documentation of the action plugin plugins/action/foundation_status_posted.py."""

DOCUMENTATION = r"""
module: foundation_status_posted
short_description: Remember what was posted to a webhook
description:
  - Keeps on the controller which blockers were posted, so that M(foundation_status) does not ask to
    post them again. To be called once the post has arrived.
options:
  memory:
    description: The C(memory) that M(foundation_status) returned.
    type: dict
    required: true
extends_documentation_fragment:
  - foundation.check_mode
  - foundation.posted
"""

EXAMPLES = r"""
- name: Remember what was posted
  foundation_status_posted:
    memory: "{{ current.memory }}"
"""

RETURN = r"""
posted:
  description: The memory, on the controller.
  returned: success
  type: str
  sample: /home/operator/foundation/reports/status_posted.json
"""
