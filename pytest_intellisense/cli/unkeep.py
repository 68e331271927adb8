"""`intellisense unkeep DIR`: let retention have a session again."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_intellisense.cli.exits import COMPLETE

NAME = "unkeep"
HELP = "Let retention have sessions again."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directories", type=Path, nargs="+", metavar="DIR", help="a recorded session, such as captures/SESSION")


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.housekeeping.capture_root import root_of
    from pytest_intellisense.housekeeping.keeping import unkeep

    for directory in arguments.directories:
        with root_of(directory) as (root, name):
            was_kept = unkeep(root, name)
        print(f"{directory} is not kept any more" if was_kept else f"{directory} was not kept")
    return COMPLETE
