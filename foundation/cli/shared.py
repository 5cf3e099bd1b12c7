"""What several commands have in common: options, and one line for what goes wrong."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..core import defaults
from ..core.errors import DocumentError, one_line


def add_documents(parser: argparse.ArgumentParser) -> None:
    """`--documents`: the folder of stored documents."""
    parser.add_argument(
        "--documents",
        type=Path,
        default=defaults.DOCUMENTS,
        metavar="DIR",
        help="the folder of stored documents",
    )


def add_gate_report(parser: argparse.ArgumentParser, option: str = "--gate") -> None:
    """`--gate`: the gate's report, as its playbook or `foundation gate --json` wrote it."""
    parser.add_argument(
        option, type=Path, default=defaults.GATE_REPORT, metavar="FILE", help="the gate's report"
    )


def add_profile(parser: argparse.ArgumentParser) -> None:
    """`--profile`: what hosts are judged by."""
    parser.add_argument(
        "--profile",
        default=defaults.PROFILE,
        metavar="NAME|FILE",
        help="the profile's name or file; auto picks by what each host is",
    )


def add_verified(parser: argparse.ArgumentParser) -> None:
    """The options that say which documents and which verdict on them."""
    add_documents(parser)
    add_gate_report(parser)
    parser.add_argument(
        "--profile", metavar="NAME|FILE", help="needed where the gate judged by a profile file"
    )


def add_hosts(parser: argparse.ArgumentParser) -> None:
    """`--host`: only some of the hosts that have documents."""
    parser.add_argument(
        "--host",
        action="append",
        metavar="HOST",
        help="only this host; may be given again (default: every host with documents)",
    )


def hosts(options: argparse.Namespace) -> list[str]:
    """The hosts that are named, or all that have documents. Raises DocumentError."""
    from ..documents import store

    found = list(store.load_folder(options.documents))
    unknown = [host for host in options.host or () if host not in found]
    if unknown:
        raise DocumentError(f"{options.documents}: no documents of {', '.join(unknown)}")
    named: list[str] = options.host or found
    if not named:
        raise DocumentError(
            f"{options.documents}: no documents of any host: run ansible-playbook foundation.yml"
        )
    return named


def complain(error: object) -> None:
    """Say on stderr, in one line, what went wrong."""
    print(f"foundation: {one_line(str(error), 1000)}", file=sys.stderr)
