"""What the documentation of several modules in library/ shares."""

from __future__ import annotations


class ModuleDocFragment:
    """Each attribute is a fragment, named in `extends_documentation_fragment`."""

    BASELINE_DIR = r"""
options:
  baseline_dir:
    description: The folder of the documents; a relative path starts at the project's root.
    type: str
    default: bench/baselines
"""

    CHECK_MODE = r"""
attributes:
  check_mode:
    description: Checks, reads and prints as otherwise, and writes nothing.
    support: full
"""

    HOST = r"""
options:
  host:
    description: The host's name in documents and messages, usually C(inventory_hostname).
    type: str
    required: true
requirements:
  - Python 3.10 on the host
"""

    POSTED = r"""
options:
  posted:
    description: The memory of what was posted; a relative path starts at the project's root.
    type: str
    default: reports/status_posted.json
"""

    PROFILE = r"""
options:
  profile:
    description: C(auto), the name of a profile, or the path of a profile file.
    type: str
    default: auto
"""

    REPORT = r"""
options:
  report:
    description: The gate's report; a relative path starts at the project's root.
    type: str
    default: reports/gate.json
"""

    WAIVERS = r"""
options:
  waivers:
    description: A YAML file of waivers; a relative path starts at the project's root.
    type: str
"""
