"""Documentation of the action plugin plugins/action/foundation_plots.py."""

DOCUMENTATION = r"""
module: foundation_plots
short_description: Draw what a host measured
description:
  - Draws the stored benchmark document of this host and its history as PNG files,
    C(<plots_dir>/<inventory_hostname>/*.png), on the controller. Figures that are not valid under
    the profile are grey and hatched; its targets are lines.
  - A picture of what this run did not measure stays as an earlier run drew it; its title has the
    date.
options:
  plots_dir:
    description: The folder of the pictures; a relative path starts at the project's root.
    type: str
    default: reports/plots
extends_documentation_fragment:
  - foundation.check_mode
  - foundation.baseline_dir
  - foundation.profile
"""

EXAMPLES = r"""
- name: Draw the figures
  foundation_plots:
    plots_dir: /srv/www/plots
"""

RETURN = r"""
paths:
  description: The pictures, on the controller.
  returned: success
  type: list
  elements: str
  sample: [/home/operator/foundation/reports/plots/spark-01/throughput.png]
"""
