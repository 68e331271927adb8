"""`intellisense info DIR`: what a recorded session holds, also of one that was killed or is being recorded."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

NAME = "info"
HELP = "Report what a recorded session holds: state, counts, times, losses, damage, sizes."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="a recorded session, such as captures/SESSION")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.capture.reader import read_session
    from pytest_intellisense.capture.survey import OnDisk, survey_all
    from pytest_intellisense.cli.plain_text import plain
    from pytest_intellisense.cli.survey_text import as_json, exit_code_of, info_lines

    survey = survey_all(read_session(arguments.directory))
    disk = OnDisk.of(arguments.directory)
    if arguments.json:
        print(json.dumps(as_json(survey, disk), indent=2))
    else:
        print("\n".join(map(plain, info_lines(survey, disk))))
    return exit_code_of(survey)
