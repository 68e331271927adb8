"""`intellisense report`: any report of a run that ended, or was ended."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_intellisense.cli.exits import COMPLETE, READABLE_WITH_LOSSES
from pytest_intellisense.errors import EnvironmentProblem

if TYPE_CHECKING:
    from pytest_intellisense.reporting.rows import ReportDocument

NAME = "report"
HELP = "Make a report of a finished or interrupted run, in any format."
_FORMATS = ("text", "html", "json", "markdown", "ctrf", "junit", "trace")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from",
        dest="source",
        default="reports",
        metavar="SOURCE",
        help="a session id, the folder of a capture, a report folder, a report.json or a .jsonl of results; default: reports",
    )
    parser.add_argument("--format", choices=_FORMATS, default="text", help="default: text")
    parser.add_argument("-o", "--output", type=Path, metavar="PATH", help="where to write; default: to the terminal")
    parser.add_argument(
        "--capture-dir",
        type=Path,
        default=Path("captures"),
        metavar="DIR",
        help="where session ids are looked up; default: captures",
    )


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.reporting.captured_pictures import add_pictures
    from pytest_intellisense.reporting.formats import FORMATS
    from pytest_intellisense.reporting.whereabouts import load

    found = load(arguments.source, arguments.capture_dir)
    if arguments.format == "html":
        add_pictures(found.document["plans"], found.folders)
    write(FORMATS[arguments.format].make(found.document), arguments.output)
    return exit_code_of(found.document)


def write(text: str, path: Path | None) -> None:
    """To a file, or to the terminal. Raises EnvironmentProblem."""
    from pytest_intellisense.reporting.json_report import write_whole

    if path is None:
        print(text, end="")
        return
    try:
        write_whole(path, text)
    except OSError as problem:
        raise EnvironmentProblem(f"{path} cannot be written: {problem.strerror}") from None


def exit_code_of(document: ReportDocument) -> int:
    """Whether the report is of all that was to run."""
    return READABLE_WITH_LOSSES if document.get("state") == "interrupted" else COMPLETE
