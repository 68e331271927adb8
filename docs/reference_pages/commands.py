"""The `intellisense` command: the help of every subcommand, as it prints it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from unittest.mock import patch

from pytest_intellisense.cli.main import SUBCOMMANDS
from reference_pages import markdown


def page() -> str:
    parts = [f"## intellisense {name}\n\n```text\n{text}```\n" for name, text in helps()]
    return markdown.page("The intellisense command", *parts)


def helps() -> Iterator[tuple[str, str]]:
    """Name and help of each subcommand, and of those inside it."""
    for subcommand in SUBCOMMANDS:
        parser = argparse.ArgumentParser(prog=f"intellisense {subcommand.NAME}", description=subcommand.HELP)
        subcommand.add_arguments(parser)
        for name, inner in [(subcommand.NAME, parser), *_inside(subcommand.NAME, parser)]:
            with patch.dict(os.environ, {"COLUMNS": "100"}):
                yield name, inner.format_help()


def _inside(name: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from ((f"{name} {inner}", its_parser) for inner, its_parser in action.choices.items())
