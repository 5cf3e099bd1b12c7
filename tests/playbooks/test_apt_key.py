"""library/foundation_apt_key.py: what comes to lie in a key file, run as a task of Ansible."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from python_probes.provisioning.openpgp import Certificate, certificate

# Two keys of four octets each: what they are made of is not looked at here.
OURS, FOREIGN = (Certificate("", b"\x98\x05\x04" + text) for text in (b"ours", b"them"))
PIN = certificate(OURS.packets).fingerprint


def test_only_the_expected_key_comes_to_lie_there(
    ansible_playbook: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    received = OURS.armored().replace(b"\n\n", b"\nComment: as received\n\n", 1)
    contents = {
        "received": received,
        "binary": OURS.packets,
        "both": received + FOREIGN.armored(),
        "foreign": FOREIGN.armored(),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)

    steps: list[dict[str, Any]] = []

    def step(there: str | None, url: str, path: str, expected: str, **settings: Any) -> None:
        """What lies there already, what the URL answers, and what holds of the result."""
        if there:
            steps.append({"copy": {"src": str(tmp_path / there), "dest": str(tmp_path / path)}})
        wanted = {"host": "box", "fingerprint": PIN, "path": str(tmp_path / path)}
        task = {"foundation_apt_key": {**wanted, "url": f"file://{tmp_path}/{url}"}}
        steps.append({**task, "register": "key", "failed_when": False, **settings})
        steps.append({"assert": {"that": expected}})

    step(None, "received", "foretold", "key is changed", check_mode=True)
    step(None, "received", "new", "key is changed")
    step(None, "nowhere", "new", "key is not changed and 'msg' not in key")
    step("received", "nowhere", "earlier", "key is changed")  # of an earlier version
    step("binary", "nowhere", "by_hand", "key is changed")
    step("both", "received", "two", "key is changed and key.before == ''")
    step("foreign", "received", "other", "key is changed and 'BEGIN' in key.before")
    step(None, "both", "refused", "'found that the file' in key.msg")
    step(None, "foreign", "refused", f"'the key {PIN} alone' in key.msg")
    step(None, "nowhere", "refused", "'found no key at' in key.msg")
    play = {"hosts": "localhost", "gather_facts": False, "tasks": steps}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    finished = ansible_playbook(str(tmp_path / "play.yml"))
    assert finished.returncode == 0, finished.stdout
    for name in ("new", "earlier", "by_hand", "two", "other"):
        assert (tmp_path / name).read_bytes() == OURS.armored()
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o644
    assert not (tmp_path / "refused").exists()
    assert not (tmp_path / "foretold").exists()
