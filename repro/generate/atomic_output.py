"""Files that appear whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any


def write(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step. Raises OSError, and leaves no part behind."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Put a document at `path` in one step. Raises OSError."""
    write(path, (json.dumps(content, indent=2) + "\n").encode())
