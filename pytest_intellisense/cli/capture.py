"""`intellisense capture start|stop|status`: record a running TESTRADE beside trading."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_intellisense.cli import given
from pytest_intellisense.cli.capture_settings import add_start_arguments

NAME = "capture"
HELP = "Record a running TESTRADE: start, stop, status."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="start|stop|status", required=True)
    add_start_arguments(
        verbs.add_parser("start", help="record until stopped, in the foreground or with --detach in the background")
    )
    for verb, text in (
        ("stop", "end a running capture cleanly and say what it recorded"),
        ("status", "show how captures are doing"),
    ):
        one = verbs.add_parser(verb, help=text)
        one.add_argument("--output-dir", type=Path, default=Path("captures"), metavar="DIR", help="default: captures")
        one.add_argument("--session-id", metavar="ID", help="default: the one that is running")
        one.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    if arguments.verb == "start":
        from pytest_intellisense.cli.capture_start import start

        return start(arguments)
    from pytest_intellisense.cli import capture_status, capture_stop

    given.check_not_empty(arguments, "session_id")
    return capture_stop.stop(arguments) if arguments.verb == "stop" else capture_status.status(arguments)
