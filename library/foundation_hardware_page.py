"""Documentation of the action plugin plugins/action/foundation_hardware_page.py."""

DOCUMENTATION = r"""
module: foundation_hardware_page
short_description: Write one readable page of all hosts
description:
  - Renders every stored document below C(baseline_dir) to a Markdown page on the controller.
options:
  page:
    description: The page to write; a relative path starts at the project's root.
    type: str
    default: docs/hardware.md
extends_documentation_fragment:
  - foundation.check_mode
  - foundation.baseline_dir
"""

EXAMPLES = r"""
- name: Write the hardware page
  foundation_hardware_page:
    page: /srv/www/hardware.md
  run_once: true
"""

RETURN = r"""
path:
  description: The page, on the controller.
  returned: success
  type: str
  sample: /home/operator/foundation/docs/hardware.md
"""
