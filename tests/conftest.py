"""Fixtures shared by all tests; each plugin module says what it gives."""

import signal

pytest_plugins = ["benchmark_hosts", "box", "nvml_library", "runtime", "schema_growth"]

# A shell starts background jobs with SIGINT ignored, and their children inherit that: commands
# that the tests interrupt would not notice.
signal.signal(signal.SIGINT, signal.default_int_handler)
