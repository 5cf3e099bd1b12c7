"""What the command lines of this package share: exit statuses, and arguments that are checked.

Like cli.py, this file must run under a Python that is too old for the rest.
"""

import argparse
import math
import re
from typing import NoReturn

SUCCESS, FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
DEFAULT_HOST = "localhost"
"""Never the host's own name: a Spark's holds part of its serial number."""

_HOST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_LONGEST_TIMEOUT = 86400.0


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """End with the message and the status for a usage error."""
        self.exit(UNUSABLE, f"{self.prog}: {message}; see --help\n")


def host_name(text: str) -> str:
    """An argument that is an inventory host name. Raises ArgumentTypeError."""
    if not _HOST_NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"'{text}' is not an inventory host name")
    return text


def seconds(text: str) -> float:
    """An argument that is a time-out. Raises ArgumentTypeError."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number <= _LONGEST_TIMEOUT:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a number of seconds between 0 and {_LONGEST_TIMEOUT:g}"
        )
    return number
