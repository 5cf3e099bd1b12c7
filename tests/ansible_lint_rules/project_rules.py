"""This project's own rules for ansible-lint; `.ansible-lint` enables each by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ansiblelint.rules import AnsibleLintRule

if TYPE_CHECKING:
    from ansiblelint.file_utils import Lintable
    from ansiblelint.utils import Task


def within(folder: str, file: Lintable | None) -> bool:
    return file is not None and folder in file.path.absolute().parts


def module_of(task: Task) -> str:
    return str(task["action"]["__ansible_module__"]).removeprefix("ansible.builtin.")


class ProjectRule(AnsibleLintRule):
    """What the rules here have in common; without an id it is not loaded."""

    severity = "HIGH"
    tags: ClassVar = ["foundation"]
    version_changed = "26.0.0"  # of ansible-lint, which asks for one


class NoShellRule(ProjectRule):
    """Use ansible.builtin.command with `argv`, or a module: a shell splits, expands and hides."""

    id = "no-shell"
    description = "Neither shell nor raw, but for tests that prepare a host."

    def matchtask(self, task: Task, file: Lintable | None = None) -> bool | str:
        return not within("molecule", file) and module_of(task) in ("shell", "raw")


class NoHiddenFailureRule(ProjectRule):
    """Say with `failed_when` or `rescue` which failures are expected, not `ignore_errors`.

    Stricter than ansible-lint's `ignore-errors`, which lets it pass with `register`.
    """

    id = "no-hidden-failure"
    description = "No ignore_errors, registered or not."

    def matchtask(self, task: Task, file: Lintable | None = None) -> bool | str:
        return bool(task.get("ignore_errors"))


class RootForTasksRule(ProjectRule):
    """Set `become` on the tasks that need it: a block of root's does more as root than it needs."""

    id = "root-for-tasks"
    description = "In a role, no become on a block."

    def matchtask(self, task: Task, file: Lintable | None = None) -> bool | str:
        return within("roles", file) and "block" in task.raw_task and "become" in task.raw_task


class FailureMessageRule(ProjectRule):
    """Say which host it is, what was found, what was expected, and what to do."""

    id = "failure-message"
    description = (
        "In a role, `fail` and `assert` say `{{ inventory_hostname }}: found ..., expected ...; "
        "what to type`. A message that another task made may be passed on as it is."
    )

    def matchtask(self, task: Task, file: Lintable | None = None) -> bool | str:
        action = task["action"]
        if not within("roles", file) or module_of(task) not in ("fail", "assert"):
            return False
        text = " ".join(str(action.get("fail_msg") or action.get("msg") or "").split())
        passed_on = text.startswith("{{") and text.endswith(".msg }}") and text.count("{{") == 1
        complete = text.startswith("{{ inventory_hostname }}: found ") and "expected" in text
        return not (passed_on or complete)
