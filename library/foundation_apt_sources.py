#!/usr/bin/python
"""Ansible module: which of apt's sources name a repository already."""

from __future__ import annotations

DOCUMENTATION = r"""
module: foundation_apt_sources
short_description: Find the sources of apt that name a repository
description:
  - Asks apt itself, so that one repository is one however its sources are written. Two sources of
    one repository with different keys stop every C(apt-get update).
  - Reads only, changes nothing.
options:
  content:
    description: The deb822 source that is wanted. Left out, only RV(conflict) is answered.
    type: str
  path:
    description: The file that the wanted source has or will have; it does not count as another.
    type: path
requirements:
  - apt-get
extends_documentation_fragment:
  - foundation.check_mode
  - foundation.host
"""

EXAMPLES = r"""
- name: Look for other sources of Docker's repository
  foundation_apt_sources:
    host: "{{ inventory_hostname }}"
    path: /etc/apt/sources.list.d/dgx-spark-foundation-docker.sources
    content: |
      Types: deb
      URIs: https://download.docker.com/linux/ubuntu
      Suites: noble
      Components: stable
  become: true # some sources only root may read
"""

RETURN = r"""
conflict:
  description: Why apt cannot read its sources, with the files that it means; empty where it can.
  returned: success
  type: str
  sample: ""
lacking:
  description: Other files that name the repository, but not all that O(content) wants of it.
  returned: success
  type: list
  elements: str
  sample: []
serving:
  description: Other files that name all that O(content) wants of the repository.
  returned: success
  type: list
  elements: str
  sample: [/etc/apt/sources.list.d/docker.list]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule


def argument_spec() -> dict[str, Any]:
    """The options above."""
    return {
        "content": {"type": "str"},
        "host": {"type": "str", "required": True},
        "path": {"type": "path"},
    }


def main() -> None:
    """Ask apt and return what it says."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    from ansible.module_utils.python_probes.core.system import CommandError, System
    from ansible.module_utils.python_probes.provisioning import apt_sources

    options = module.params
    system = System()
    found = apt_sources.Naming([], [])
    if options["content"]:
        try:
            found = apt_sources.naming(system, options["content"], options["path"])
        except CommandError as error:
            module.fail_json(
                msg=f"{options['host']}: found that apt cannot read the source that is to be "
                f"{options['path']} ({error}), expected it to; correct the repository's variables, "
                "then run again"
            )
    module.exit_json(changed=False, conflict=apt_sources.conflict(system), **found._asdict())


if __name__ == "__main__":
    main()
