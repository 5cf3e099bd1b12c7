#!/usr/bin/python
"""Ansible module: a repository's key, installed only when its fingerprint is the expected one."""

from __future__ import annotations

DOCUMENTATION = r"""
module: foundation_apt_key
short_description: Install the key of an apt repository after checking its fingerprint
description:
  - Downloads the key, compares its fingerprint with the expected one, and only then writes it, as
    armor of this module's own making. What was received is never written, since apt may see a key
    in it that this module does not.
  - A file with anything beside one public key is refused, whatever the fingerprints in it.
  - A key that lies there with the right fingerprint is kept without a download.
  - C(ansible.builtin.deb822_repository) and C(get_url) write what they get without a look at it.
options:
  fingerprint:
    description: The fingerprint of the one key that is expected, 40 hexadecimal digits.
    type: str
    required: true
  path:
    description: Where the key goes. Its folder must exist.
    type: path
    required: true
  url:
    description: Where the key comes from, an https, http or file URL as the host sees it.
    type: str
    required: true
extends_documentation_fragment:
  - foundation.check_mode
  - foundation.host
attributes:
  diff_mode:
    description: Shows the file before and after.
    support: full
"""

EXAMPLES = r"""
- name: Trust NVIDIA's key for CUDA
  foundation_apt_key:
    host: "{{ inventory_hostname }}"
    url: https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2404/sbsa/3bf863cc.pub
    fingerprint: EB693B3035CD5710E231E123A4B469963BF863CC
    path: /etc/apt/keyrings/cuda.asc
  become: true
"""

RETURN = r"""
fingerprint:
  description: The fingerprint of the key in the file.
  returned: success
  type: str
  sample: EB693B3035CD5710E231E123A4B469963BF863CC
before:
  description: The one key that stood at O(path), armored anew; empty where there was none in order.
  returned: changed
  type: str
  sample: ""
"""

import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import fetch_url

MAXIMUM_BYTES = 2**20
SECONDS = 30


def argument_spec() -> dict[str, Any]:
    """The options above."""
    return {
        "fingerprint": {"type": "str", "required": True},
        "host": {"type": "str", "required": True},
        "path": {"type": "path", "required": True},
        "url": {"type": "str", "required": True},
    }


def main() -> None:
    """Keep the right key, fetch a missing one, refuse a wrong one."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    from ansible.module_utils.python_probes.provisioning import openpgp

    host, url = module.params["host"], module.params["url"]
    path = Path(module.params["path"])
    expected = module.params["fingerprint"].replace(" ", "").upper()

    earlier = path.read_bytes() if path.exists() else b""
    try:
        before = openpgp.certificate(earlier)
    except openpgp.KeyFileError:
        before = None
    key = before
    if key is None or key.fingerprint != expected:
        try:
            key = openpgp.certificate(_download(module, host, url, expected))
            found = key.fingerprint
        except openpgp.KeyFileError as error:
            found = f"that {error}"
        if found != expected:
            module.fail_json(
                msg=f"{host}: found {found} at {url}, expected the key {expected} alone; "
                "nothing was installed. If the owner of the repository announced a new key, set "
                "the fingerprint's variable to it; if not, somebody else answered: tell your "
                "administrator"
            )
    content = key.armored()
    if content == earlier:
        module.exit_json(changed=False, fingerprint=expected)
    if not module.check_mode:
        with tempfile.NamedTemporaryFile(dir=module.tmpdir, delete=False) as file:
            file.write(content)
        module.atomic_move(file.name, str(path))
        path.chmod(0o644)
    module.exit_json(
        changed=True,
        fingerprint=expected,
        before=before.armored().decode() if before else "",
        diff={
            "before": earlier.decode("ascii", "replace"),
            "after": content.decode(),
        },
    )


def _download(module: AnsibleModule, host: str, url: str, expected: str) -> bytes:
    response, information = fetch_url(module, url, timeout=SECONDS)
    if information["status"] not in (200, None) or response is None:
        module.fail_json(
            msg=f"{host}: found no key at {url} ({information['msg']}), expected one with "
            f"fingerprint {expected}; try `curl -I {url}` on the host, or point the "
            "repository's variables at a mirror that it can reach"
        )
    return bytes(response.read(MAXIMUM_BYTES))


if __name__ == "__main__":
    main()
