"""The `intellisense` command: a table of subcommands, and one frame for how they end."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import Protocol

from pytest_intellisense.cli import (
    archive,
    baseline,
    capture,
    check,
    clean,
    compare,
    compress,
    doctor,
    explain,
    gate,
    info,
    init,
    keep,
    merge,
    metrics,
    recover,
    reindex,
    report,
    search,
    sessions,
    unkeep,
    verify,
)
from pytest_intellisense.cli.error_output import print_error
from pytest_intellisense.cli.exits import COMPLETE, INTERRUPTED, USAGE
from pytest_intellisense.errors import IntelliSenseError


class Subcommand(Protocol):
    """A module of this room. What takes long to import is imported inside `run`."""

    NAME: str
    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...
    def run(self, arguments: argparse.Namespace) -> int: ...


SUBCOMMANDS: tuple[Subcommand, ...] = (
    init,
    check,
    explain,
    capture,
    info,
    verify,
    recover,
    report,
    merge,
    search,
    reindex,
    sessions,
    keep,
    unkeep,
    clean,
    archive,
    compress,
    doctor,
    metrics,
    compare,
    gate,
    baseline,
)


def main(words: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit code; what a user can cause or meet ends in `error:`, `hint:` and 2."""
    arguments = _parser().parse_args(words)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files may hold what no terminal can show
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except IntelliSenseError as error:
        print_error(error)
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return COMPLETE
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="intellisense",
        description="Write and check plans; record, read and keep what TESTRADE said on its Redis streams.",
        epilog="exit codes: 0 complete or sound, 1 unreadable or wrong plans, 2 usage or settings, 3 with losses or left-overs",
    )
    of_name = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for subcommand in SUBCOMMANDS:
        own = of_name.add_parser(subcommand.NAME, help=subcommand.HELP, description=subcommand.HELP)
        subcommand.add_arguments(own)
        own.set_defaults(run=subcommand.run)
    return parser


def _forget_stdout() -> None:
    """The reader of our output went away, as `head` does; without this the interpreter complains when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
