"""Fixtures shared by all tests; each plugin module says what it gives."""

pytest_plugins = ["box", "nvml_library", "runtime"]
