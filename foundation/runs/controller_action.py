"""What the Ansible action plugins in plugins/action/ share.

They run on the controller and need no connection. Each hands its options, which the documentation
in library/ specifies, to a function of this package; an error of this package becomes the task's
one-line failure.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import get_docstring

from ..core.errors import FoundationError
from ..core.project import PROJECT
from ..profiles.criteria import is_path


class ControllerAction(ActionBase):  # type: ignore[misc]
    """An action plugin that works on the controller's files."""

    _requires_connection = False

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Check the options and act; relative paths start at the project's root."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        module = PROJECT / "library" / f"{self._task.action}.py"
        documentation, *_ = get_docstring(str(module), fragment_loader)
        _, options = self.validate_argument_spec(documentation.get("options", {}))
        try:
            # `changed` speaks of the managed host (docs/adr/0004): nothing here alters one.
            result.update({"changed": False, **self.act(options, task_vars or {})})
        except FoundationError as error:
            # Without the cause: Ansible would append its text, and the line says it already.
            raise AnsibleActionFail(str(error)) from None
        return result

    def act(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Do it and return what the task's result says; raises FoundationError."""
        raise NotImplementedError

    @staticmethod
    def path(value: str) -> Path:
        """A path of the task's: a relative one starts at the project's root."""
        return PROJECT / value

    @staticmethod
    def profile_choice(value: object) -> str:
        """A profile's name, or its file below the project's root where the value is a path."""
        choice = str(value)  # an inventory may hold anything: load_profiles refuses the rest
        return str(PROJECT / choice) if is_path(choice) else choice
