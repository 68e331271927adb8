"""`intellisense keep DIR`: protect a session from retention."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_intellisense.cli.exits import COMPLETE

NAME = "keep"
HELP = "Protect sessions from retention, also while they are being recorded."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directories", type=Path, nargs="+", metavar="DIR", help="a recorded session, such as captures/SESSION")
    parser.add_argument("--because", default="", metavar="TEXT", help="why, shown by 'sessions' and 'clean'")


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.housekeeping.capture_root import root_of
    from pytest_intellisense.housekeeping.keeping import keep

    for directory in arguments.directories:
        with root_of(directory) as (root, name):
            keep(root, name, arguments.because)
        print(f"{directory} is kept")
    return COMPLETE
