"""Where this package is imported from: a checkout, or the zip file that Ansible ships it in."""

from __future__ import annotations

from pathlib import Path

PACKAGE = (__package__ or "python_probes.core").rpartition(".")[0]
"""The dotted name of the whole package, `ansible.module_utils.python_probes` in a module."""

ENTRY = str(Path(__file__).parents[PACKAGE.count(".") + 2])
"""The entry of sys.path below which it lies, for another interpreter's PYTHONPATH."""
