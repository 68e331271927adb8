"""`intellisense verify DIR`: every line and every image, against what was recorded."""

from __future__ import annotations

import argparse
from pathlib import Path

NAME = "verify"
HELP = "Check every line and every image of a recorded session, and list what is damaged, as file:line."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="a recorded session, such as captures/SESSION")


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.capture.reader import read_session
    from pytest_intellisense.capture.survey import survey_all
    from pytest_intellisense.cli.plain_text import plain
    from pytest_intellisense.cli.survey_text import damage_text, exit_code_of, loss_lines, state_text

    survey = survey_all(read_session(arguments.directory), contents=True)
    images = survey.images
    for place in survey.places:
        print(plain(str(arguments.directory / str(place))))
    print(plain(f"{survey.events:,} events read, state: {state_text(survey)}"))
    print(f"damage      {damage_text(survey.damage)}")
    print(f"images      {images.problems:,} not as recorded, {images.unreferenced():,} files that no line names")
    print("\n".join(map(plain, loss_lines(survey))))
    code = exit_code_of(survey)
    print({0: "complete", 3: "readable with losses", 1: "nothing readable"}[code])
    return code
