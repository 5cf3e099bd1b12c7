"""`foundation handoff`: make the bundle for the Model and Interface teams, or check one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..core.errors import one_line
from ..evaluation import verified_report
from ..handoff import bundle, folder, toolchain

_OK, _NOT_DONE = 0, 1


def register(commands: Any) -> None:
    """Add the command to the parser's sub-commands."""
    parser = commands.add_parser(
        "handoff", help="what the Model and Interface teams build on, once WS-01 is complete"
    )
    add_inputs(parser)
    parser.add_argument(
        "--out", type=Path, default=Path("handoff"), metavar="DIR", help="default handoff"
    )
    parser.add_argument(
        "--no-redact", action="store_true", help="keep the hosts' names of the inventory"
    )
    parser.add_argument(
        "--verify", type=Path, metavar="DIR", help="check the sums of a hand-off and nothing else"
    )
    parser.set_defaults(command=_handoff)


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """The options that say which documents and which verdict on them."""
    parser.add_argument(
        "--documents",
        type=Path,
        default=Path("bench/baselines"),
        metavar="DIR",
        help="default bench/baselines",
    )
    parser.add_argument(
        "--gate",
        type=Path,
        default=Path("reports/gate.json"),
        metavar="FILE",
        help="the gate's report on them (reports/gate.json)",
    )
    parser.add_argument(
        "--profile", metavar="NAME|FILE", help="needed where the gate judged by a profile file"
    )


def _handoff(options: argparse.Namespace) -> int:
    try:
        if options.verify is not None:
            for manifest in folder.verify(options.verify):
                print(_verified(manifest))
            return _OK
        found = verified_report.load(options.documents, options.gate, options.profile)
        files = bundle.build(found, toolchain.find(), keep_names=options.no_redact)
        folder.write(files, options.out)
    except (verified_report.RefusedError, folder.DamagedError) as error:
        print(f"foundation: {one_line(str(error), 1000)}", file=sys.stderr)
        return _NOT_DONE
    for name in files:
        print(options.out / name)
    return _OK


def _verified(manifest: dict[str, Any]) -> str:
    told = (
        f"{manifest['part']}: {len(manifest['files'])} files as they were made; gate "
        f"{manifest['gate']['verdict']} at {manifest['judged_at']} over {manifest['hosts']} hosts "
        f"({', '.join(manifest['profiles'])})"
    )
    return "; ".join([told, *manifest["notes"]])
