"""The one version of this project; pyproject.toml takes it from here."""

VERSION = "0.1.0"
