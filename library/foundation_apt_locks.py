#!/usr/bin/python
"""Ansible module: wait for apt's locks, and say who holds them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: foundation_apt_locks
short_description: Wait for the locks of apt and dpkg, and name who holds them
description:
  - Asks the kernel who holds the locks, without taking them, until nobody does or the time is up.
  - Changes nothing and needs root, to whom the lock files belong.
options:
  fail:
    description: Fail when somebody still holds a lock after O(timeout) seconds.
    type: bool
    default: true
  timeout:
    description: Seconds to wait.
    type: int
    default: 300
extends_documentation_fragment:
  - foundation.check_mode
  - foundation.host
"""

EXAMPLES = r"""
- name: Wait for the DGX dashboard to finish its updates
  foundation_apt_locks:
    host: "{{ inventory_hostname }}"
    timeout: 600
  become: true
"""

RETURN = r"""
holders:
  description: Who holds which lock.
  returned: always
  type: list
  elements: dict
  sample:
    - lock: /var/lib/dpkg/lock-frontend
      pid: 1234
      command: dgx-dashboard-admin
waited_seconds:
  description: How long it waited.
  returned: always
  type: float
  sample: 0.0
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule


def argument_spec() -> dict[str, Any]:
    """The options above."""
    return {
        "fail": {"type": "bool", "default": True},
        "host": {"type": "str", "required": True},
        "timeout": {"type": "int", "default": 300},
    }


def main() -> None:
    """Wait, then name the holders."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    from ansible.module_utils.python_probes.core import system
    from ansible.module_utils.python_probes.provisioning import apt_locks

    options = module.params
    try:
        held, waited = apt_locks.wait(system.System(), options["timeout"])
    except PermissionError as error:
        module.fail_json(
            msg=f"{options['host']}: found {error.filename} closed to this user, expected root; "
            "run the task with `become: true`"
        )
    answer = {"holders": held, "waited_seconds": round(waited, 1)}
    if held and options["fail"]:
        named = ", ".join(f"{h['command']} (process {h['pid']}) holds {h['lock']}" for h in held)
        module.fail_json(
            msg=f"{options['host']}: found that {named} after {waited:.0f} s, expected apt's locks "
            f"free within {options['timeout']} s; look at it with `ps -f {held[0]['pid']}`, let it "
            "finish, then run again, or wait longer with -e apt_lock_timeout=1800",
            **answer,
        )
    module.exit_json(changed=False, **answer)


if __name__ == "__main__":
    main()
