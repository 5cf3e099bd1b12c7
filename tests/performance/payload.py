"""Prints how many bytes Ansible sends to a host for a module, as gate_speed.py asks."""

from __future__ import annotations

import sys

from ansible.executor import module_common
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, module_loader
from ansible.template import Templar

init_plugin_loader()
built = module_common.modify_module(
    module_name=sys.argv[1],
    module_path=module_loader.find_plugin(sys.argv[1]),
    module_args={"host": "host"},
    templar=Templar(DataLoader()),
    task_vars={"ansible_python_interpreter": "/usr/bin/python3"},
    module_compression="ZIP_DEFLATED",
)
print(len(built.b_module_data))
