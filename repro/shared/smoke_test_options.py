"""The options that the launcher on the host passes on to the generator."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from python_probes.core.arguments import Parser, host_name

_MOST_IMAGES = 1000
_LONGEST_SECONDS = 86400


def shared_options(parser: Parser) -> None:
    """Add what says which images to make, where to, and within what time."""
    parser.add_argument(
        "--count",
        type=whole(1, _MOST_IMAGES),
        default=10,
        metavar="N",
        help="how many images, 1 to 1000 (10); fewer are the first of more",
    )
    parser.add_argument(
        "--seed", type=whole(0, 2**53 - 1), default=7, metavar="N", help="the seed, 0 or more (7)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("reproducibility"),
        metavar="DIR",
        help="where the files go (reproducibility)",
    )
    parser.add_argument(
        "--timeout",
        type=whole(1, _LONGEST_SECONDS),
        default=300,
        metavar="SECONDS",
        help="what all of it may take (300)",
    )
    parser.add_argument(
        "--host",
        type=host_name,
        default="localhost",
        metavar="NAME",
        help="the host's name in the documents (localhost)",
    )
    parser.add_argument(
        "--model",
        type=Path,
        metavar="PATH",
        help="a diffusers pipeline of your own instead of the repository's model",
    )


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    """An argument that is a whole number within limits."""

    def convert(text: str) -> int:
        if not re.fullmatch(r"\d{1,20}", text) or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number from {lowest} to {highest}"
            )
        return int(text)

    return convert
