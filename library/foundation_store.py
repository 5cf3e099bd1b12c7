"""Documentation of the action plugin plugins/action/foundation_store.py."""

DOCUMENTATION = r"""
module: foundation_store
short_description: Keep documents of a host on the controller
description:
  - Checks each document against its schema and that it speaks of this host, then writes it
    atomically to C(<baseline_dir>/<inventory_hostname>/<kind>.json).
  - A document that does not validate is refused and the one on disk stays, and so is all of an
    answer with a kind of document that hosts do not collect, such as C(benchmark_baseline).
  - A benchmark document also becomes a line of C(benchmark_history.jsonl) beside it, once for each
    C(collected_at), which says which figures were valid under O(profile).
options:
  documents:
    description: The documents by kind, as M(foundation_probe) returns them.
    type: dict
    required: true
extends_documentation_fragment:
  - foundation.check_mode
  - foundation.baseline_dir
  - foundation.profile
"""

EXAMPLES = r"""
- name: Keep the documents
  foundation_store:
    documents: "{{ probed.documents }}"
"""

RETURN = r"""
paths:
  description: The files, on the controller.
  returned: success
  type: list
  elements: str
  sample: [/home/operator/foundation/bench/baselines/spark-01/hardware_baseline.json]
"""
