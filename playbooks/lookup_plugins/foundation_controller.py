"""Lookup plugin: whether this Ansible can run this project, asked while a playbook is parsed.

It lies beside the playbooks since Ansible looks there without any ansible.cfg, and imports this
project only once it was found, since that may be what is missing: docs/adr/0019-controller.md.
"""

from __future__ import annotations

import importlib.util
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from ansible import constants
from ansible.plugins.lookup import LookupBase

DOCUMENTATION = """
    name: foundation_controller
    short_description: End the run with one line where this Ansible cannot run this project
    version_added: "0.1.0"
    description:
      - Returns its terms where the Python that runs Ansible has this project's package and Ansible
        the folders that this project's C(ansible.cfg) names, and where hosts can't set variables
        and have names that documents can be kept under.
      - Ends ansible-playbook with one line otherwise.
    options:
      _terms:
        description: What to return.
    author:
      - The DGX Spark foundation authors
"""

PROJECT = Path(__file__).resolve().parents[2]
HERE = shlex.quote(str(PROJECT))  # for a shell
# By the setting of Ansible that names its folder, a thing that the playbooks need.
NEEDED = {
    "DEFAULT_ACTION_PLUGIN_PATH": "foundation_gate.py",
    "DOC_FRAGMENT_PLUGIN_PATH": "foundation.py",
    "DEFAULT_MODULE_PATH": "foundation_probe.py",
    "DEFAULT_MODULE_UTILS_PATH": "python_probes",
    "DEFAULT_ROLES_PATH": "probe_runtime",
}


class LookupModule(LookupBase):  # type: ignore[misc]
    """Ends the process itself: Ansible would quote a playbook, in which nothing is wrong."""

    def run(self, terms: list[Any], variables: Any = None, **options: Any) -> list[Any]:
        """Return the terms; raises SystemExit with the line to show."""
        if importlib.util.find_spec("foundation") is None:
            _end(
                f"an Ansible without this project's packages ({sys.executable})",
                f"the one in {PROJECT / '.venv'}",
                f"cd {HERE} && make setup && . .venv/bin/activate",
            )
        for setting, name in NEEDED.items():
            if not any(Path(folder, name).exists() for folder in getattr(constants, setting)):
                _end(
                    f"that Ansible uses {constants.CONFIG_FILE or 'no ansible.cfg'}",
                    f"{PROJECT / 'ansible.cfg'}, which it leaves out where the current folder is "
                    "another one or world-writable",
                    f"export ANSIBLE_CONFIG={HERE}/ansible.cfg",
                )
        if constants.INJECT_FACTS_AS_VARS:
            _end(
                "that Ansible makes variables of what hosts answer (inject_facts_as_vars)",
                "variables of the inventory and the command line alone",
                "export ANSIBLE_INJECT_FACT_VARS=false",
            )
        _require_host_names((variables or {}).get("ansible_play_hosts_all", ()))
        return terms


def _require_host_names(hosts: Iterable[str]) -> None:
    """Raise SystemExit for the first name that no document can have."""
    from foundation.core.errors import DocumentError  # noqa: PLC0415 - as above
    from foundation.documents import store  # noqa: PLC0415

    try:
        for host in hosts:
            store.folder(PROJECT, host)
    except DocumentError as error:
        raise SystemExit(f"this inventory: {error}; no host was asked") from None


def _end(found: str, expected: str, command: str) -> NoReturn:
    raise SystemExit(
        f"this machine: found {found}, expected {expected}; "
        f"run `{command}`, then the same command again"
    )
