"""What is made of the roles' argument specs: their READMEs, and the list of those that provision.

`make docs` writes them anew; a test checks that they are current. What was written by hand stays.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).parents[1]
ROLES = PROJECT / "roles"
PROVISIONING = PROJECT / "docs/provisioning.md"
BY_HAND = (
    "<!-- Above: made from meta/argument_specs.yml by tests/role_pages.py. Below: by hand. -->"
)
ROLE_TABLE = "<!-- The table is made from meta/argument_specs.yml by tests/role_pages.py. -->"


def page(role: Path) -> str:
    """The text that the role's README should have."""
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]
    lines = [f"# {role.name}", ""]
    for name, spec in specs.items():
        if name != "main":
            lines += [f"## `tasks_from: {name}`", ""]
        lines += [_text(spec["short_description"]) + ".", ""]
        for paragraph in _list(spec["description"]):
            lines += [_text(paragraph), ""]
        if spec["options"]:
            lines += ["| variable | default | meaning |", "|---|---|---|"]
            lines += [_row(variable, option) for variable, option in spec["options"].items()]
            lines.append("")
    readme = role / "README.md"
    by_hand = readme.read_text().partition(BY_HAND)[2] if readme.exists() else "\n"
    return "\n".join(lines) + BY_HAND + (by_hand or "\n")


def provisioning() -> str:
    """The text that docs/provisioning.md should have: its table has the roles in their order."""
    play = yaml.safe_load((PROJECT / "playbooks/provision.yml").read_text())[-1]
    rows = ["| role | what it does | way back |", "|---|---|---|"]
    for role in (one["role"] for one in play["roles"]):
        specs = yaml.safe_load((ROLES / role / "meta/argument_specs.yml").read_text())
        described = _text(specs["argument_specs"]["main"]["short_description"])
        rows.append(
            f"| [{role}](../roles/{role}/README.md) | {described} | `{role}_state=absent` |"
        )
    before, mark, rest = PROVISIONING.read_text().partition(ROLE_TABLE)
    return before + mark + "\n" + "\n".join(rows) + "\n\n" + rest.partition("\n\n")[2]


def _row(variable: str, option: dict[str, Any]) -> str:
    meaning = " ".join(_text(paragraph) for paragraph in _list(option["description"]))
    if "choices" in option:
        meaning += " One of " + ", ".join(f"`{choice}`" for choice in option["choices"]) + "."
    default = option.get("default")
    shown = "required" if option.get("required") else "empty" if default in ("", []) else None
    if shown is None:
        text = default if isinstance(default, str) else json.dumps(default)
        shown = f"`{text}`"
    return (
        "| "
        + " | ".join(cell.replace("|", "\\|") for cell in (f"`{variable}`", shown, meaning))
        + " |"
    )


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _text(value: str) -> str:
    """Ansible's markup as Markdown."""
    return re.sub(r"[CVO]\(([^)]*)\)", r"`\1`", " ".join(value.split()))


def main() -> None:
    """Write all of them."""
    for role in sorted(ROLES.iterdir()):
        (role / "README.md").write_text(page(role))
    PROVISIONING.write_text(provisioning())


if __name__ == "__main__":
    main()
