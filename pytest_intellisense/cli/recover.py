"""`intellisense recover DIR`: put a killed session in order."""

from __future__ import annotations

import argparse
from pathlib import Path

NAME = "recover"
HELP = "End a killed session: cut torn tails (kept beside the log), write session.json from what the logs hold."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="a recorded session, such as captures/SESSION")
    parser.add_argument("--output", type=Path, metavar="NEW", help="leave DIR as it is and put a copy in order")


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.capture.recovery import copy_session, recover
    from pytest_intellisense.cli.survey_text import exit_code_of, survey_damage_text

    directory: Path = arguments.directory
    if arguments.output is not None:
        copy_session(directory, arguments.output)
        directory = arguments.output
    recovery = recover(directory)
    survey = recovery.after
    for cut in recovery.cuts:
        print(f"{directory / cut.log}: {cut.size_bytes:,} bytes of a torn tail cut off, kept in {cut.kept_in}")
    for removed in recovery.removed:
        print(f"{directory / removed}: removed, a file that was never finished")
    done = f"nothing to do, {survey.state}" if recovery.nothing_to_do else str(survey.state)
    print(f"{directory}: {done}, {survey.events:,} events readable, damage: {survey_damage_text(survey)}")
    return exit_code_of(survey)
