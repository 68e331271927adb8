"""`intellisense reindex DIR`: make searching a session quick."""

from __future__ import annotations

import argparse
from pathlib import Path

NAME = "reindex"
HELP = "Write the index of a recorded session anew, which makes searching it quick."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="a recorded session, such as captures/SESSION")


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.capture.index import write_index
    from pytest_intellisense.capture.paths import INDEX
    from pytest_intellisense.capture.reader import read_session
    from pytest_intellisense.capture.recovery import in_use
    from pytest_intellisense.capture.state import is_held
    from pytest_intellisense.cli.exits import COMPLETE, NOTHING_READABLE, READABLE_WITH_LOSSES
    from pytest_intellisense.cli.survey_text import damage_text

    session = read_session(arguments.directory)
    session.facts()
    if is_held(arguments.directory):
        raise in_use(arguments.directory)
    number = write_index(session)
    print(f"{arguments.directory / INDEX}: {number:,} events, damage: {damage_text(session.damage)}")
    if session.damage.lossless:
        return COMPLETE
    return READABLE_WITH_LOSSES if number else NOTHING_READABLE
