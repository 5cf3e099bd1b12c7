"""Documents: what hosts reported. Schemas, files and merging; what is used most is here by name."""

from .store import load, load_folder, parse, read, validate, write

__all__ = ["load", "load_folder", "parse", "read", "validate", "write"]
