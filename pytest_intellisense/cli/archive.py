"""`intellisense archive DIR --to FOLDER`: move a session to another folder or disk."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_intellisense.cli.exits import COMPLETE

NAME = "archive"
HELP = "Move sessions to another folder: copy, sync, compare by hash, and only then remove here."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directories", type=Path, nargs="+", metavar="DIR", help="a recorded session, such as captures/SESSION")
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="a folder that exists, best on another disk")


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.housekeeping.archive import archive_session
    from pytest_intellisense.housekeeping.capture_root import root_of
    from pytest_intellisense.housekeeping.units import size_text

    for directory in arguments.directories:
        with root_of(directory) as (root, name):
            archived = archive_session(root, name, arguments.to)
        size = size_text(archived.size_bytes)
        print(f"{directory} is now {archived.directory}: {archived.files} files, {size}, compared by hash")
    return COMPLETE
