"""The one version of this project; a test compares it with pyproject.toml."""

VERSION = "0.1.0"
