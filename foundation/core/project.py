"""Where this project's playbooks are."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""The checkout: relative paths in playbooks and variables start here."""
