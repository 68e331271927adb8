"""`intellisense compress DIR`: pack the logs that nobody writes any more."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_intellisense.cli.exits import COMPLETE

NAME = "compress"
HELP = "Compress the closed logs of sessions; every command reads them as before."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("directories", type=Path, nargs="*", default=[], metavar="DIR", help="a recorded session")
    which.add_argument("--all", type=Path, metavar="ROOT", help="every session in this folder, such as captures")


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.housekeeping.compression import Compressed, compress_session
    from pytest_intellisense.housekeeping.units import size_text

    done = Compressed()
    for directory in arguments.directories or _sessions_in(arguments.all):
        done += compress_session(directory)
    if done.files:
        print(f"{done.files} logs compressed: {size_text(done.before_bytes)} are {size_text(done.after_bytes)} now")
    else:
        print("nothing to compress")
    return COMPLETE


def _sessions_in(folder: Path) -> list[Path]:
    from pytest_intellisense.housekeeping.capture_root import CaptureRoot

    with CaptureRoot(folder) as root:
        return [root.path / session.session_id for session in root.sessions()]
