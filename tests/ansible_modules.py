"""The modules in library/ as Ansible reads them: their documentation and their arguments."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import get_docstring

PROJECT = Path(__file__).parents[1]
PASSED_ON = ("type", "elements", "choices", "default", "required", "no_log")
MODULES = sorted((PROJECT / "library").glob("*.py"))


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"loaded_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def documented(path: Path) -> dict[str, Any]:
    """The module's documentation with its fragments, as Ansible reads it."""
    fragment_loader.add_directory(str(PROJECT / "plugins/doc_fragments"))
    documentation, *_ = get_docstring(str(path), fragment_loader, is_module=True)
    return {"options": {}, **documentation}


def argument_spec(path: Path) -> dict[str, Any]:
    """What the module takes; an action plugin takes what the documentation says."""
    module = load(path)
    return dict(
        module.argument_spec() if hasattr(module, "argument_spec") else module_options(path)
    )


def module_options(path: Path) -> dict[str, Any]:
    """The options that the documentation gives, without their text."""
    return {
        name: {key: option[key] for key in PASSED_ON if key in option}
        for name, option in documented(path)["options"].items()
    }
