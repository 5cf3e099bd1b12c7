"""Documentation of the action plugin plugins/action/foundation_source.py."""

DOCUMENTATION = r"""
module: foundation_source
short_description: Pack the part of this project that runs on hosts
description:
  - Packs C(python_probes/) and C(repro/) on the controller into an archive named by its content.
  - C(repro/training/), which made the weights, is left out.
  - An archive of the same content is left as it is.
attributes:
  check_mode:
    description: Packs in check mode too; no host is touched.
    support: full
"""

EXAMPLES = r"""
- name: Pack the sources
  foundation_source: {}
  run_once: true
  register: source
"""

RETURN = r"""
archive:
  description: The archive, on the controller.
  returned: success
  type: str
  sample: /home/operator/foundation/.foundation/sources-0123456789abcdef.tar.gz
revision:
  description: What C(git describe --always --dirty) says of this project; empty outside a checkout.
  returned: success
  type: str
  sample: 0123456789abcdef0123456789abcdef01234567-dirty
sha256:
  description: The SHA-256 of what the archive holds.
  returned: success
  type: str
  sample: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
"""
