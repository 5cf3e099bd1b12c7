"""`foundation handoff`: what the Model and Interface teams build on, once WS-01 is complete."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..core import defaults
from ..core.exit_status import ExitStatus
from . import shared


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    shared.add_verified(parser)
    parser.add_argument(
        "--out", type=Path, default=defaults.HANDOFF, metavar="DIR", help="the bundle's folder"
    )
    parser.add_argument(
        "--no-redact", action="store_true", help="keep the hosts' names of the inventory"
    )
    parser.add_argument(
        "--verify", type=Path, metavar="DIR", help="check the sums of a hand-off and nothing else"
    )


def run(options: argparse.Namespace) -> ExitStatus:
    """Write the bundle, or check the one that --verify names."""
    from ..evaluation import verified_report
    from ..handoff import bundle, folder, toolchain

    if options.verify is not None:
        for manifest in folder.verify(options.verify):
            print(_verified(manifest))
        return ExitStatus.OK
    found = verified_report.load(options.documents, options.gate, options.profile)
    files = bundle.build(found, toolchain.find(), keep_names=options.no_redact)
    folder.write(files, options.out)
    for name in files:
        print(options.out / name)
    return ExitStatus.OK


def _verified(manifest: dict[str, Any]) -> str:
    summary = (
        f"{manifest['part']}: {len(manifest['files'])} files as they were made; gate "
        f"{manifest['gate']['verdict']} at {manifest['judged_at']} over {manifest['hosts']} hosts "
        f"({', '.join(manifest['profiles'])})"
    )
    return "; ".join([summary, *manifest["notes"]])
