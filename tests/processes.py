"""What runs on this machine, for tests that end processes and look whether any is left."""

import contextlib
import time
from pathlib import Path


def processes(marker):
    """The processes that have `marker` among their arguments: their arguments by number."""
    found = {}
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            arguments = file.read_bytes()
            if marker.encode() in arguments:
                found[int(file.parent.name)] = arguments.split(b"\0")
    return found


def wait_until(condition, seconds=20):
    """Return when the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "still not so"
        time.sleep(0.01)
