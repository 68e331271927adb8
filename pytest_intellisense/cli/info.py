"""`intellisense info DIR`: what a recorded session holds."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pytest_intellisense.cli.exits import COMPLETE

NAME = "info"
HELP = "Show what a recorded session holds."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="a recorded session, such as captures/SESSION")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.capture.reader import read_session

    print(json.dumps(read_session(arguments.directory).facts(), indent=2))
    return COMPLETE
