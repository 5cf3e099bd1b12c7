"""`python -m foundation`, and the `foundation` command: the same."""

from __future__ import annotations

import sys

from .core.exit_status import ExitStatus


def main() -> int:
    """Run the command; return its exit status."""
    try:
        from .cli.main import main as command  # noqa: PLC0415 - Ctrl-C may come while it is loaded

        return command()
    except KeyboardInterrupt:
        print("foundation: interrupted", file=sys.stderr)
        return ExitStatus.INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
