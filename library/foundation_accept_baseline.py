"""Documentation of the action plugin plugins/action/foundation_accept_baseline.py."""

DOCUMENTATION = r"""
module: foundation_accept_baseline
short_description: Hold later benchmark runs of a host against the stored one
description:
  - Makes the stored benchmark document of this host its baseline,
    C(<baseline_dir>/<inventory_hostname>/benchmark_baseline.json), with those figures that break
    no validity rule of the profile. From then on the gate compares every run with it.
  - A baseline that is there already is kept, and what the run would change in it is shown, unless
    C(replace) is set.
  - Fails when the run is stale, of another state of the host, or without a valid figure.
options:
  replace:
    description: Whether the run takes the place of an existing baseline.
    type: bool
    default: false
extends_documentation_fragment:
  - foundation.check_mode
  - foundation.baseline_dir
  - foundation.profile
"""

EXAMPLES = r"""
- name: Accept the run as the host's baseline
  foundation_accept_baseline:
    replace: true
"""

RETURN = r"""
figures:
  description: The figures that are valid and so are in the baseline.
  returned: success
  type: list
  elements: str
  sample: [gemm.bf16, memory.copy]
left_out:
  description: By figure, why it is not in the baseline.
  returned: success
  type: dict
  sample: {gemm.fp16: "the GPU slowed down: hw_slowdown (throttled)"}
outcome:
  description: C(accepted), C(unchanged) where this run was the baseline already, or C(kept).
  returned: success
  type: str
  sample: accepted
path:
  description: The baseline, on the controller.
  returned: success
  type: str
  sample: /home/operator/foundation/bench/baselines/spark-01/benchmark_baseline.json
"""
