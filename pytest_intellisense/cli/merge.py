"""`intellisense merge`: the reports of several machines as one report.json."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pytest_intellisense.errors import SettingsError

NAME = "merge"
HELP = "Join the reports of several machines into one report.json, of which `report` makes every other format."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="a report folder, a report.json, a .jsonl of results, or the folder of a capture",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="PATH", help="the report.json to write")


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.cli.plain_text import plain
    from pytest_intellisense.cli.report import exit_code_of, write
    from pytest_intellisense.reporting.json_report import json_text
    from pytest_intellisense.reporting.merging import merged
    from pytest_intellisense.reporting.outcomes import counted
    from pytest_intellisense.reporting.whereabouts import load

    if len(set(arguments.sources)) < len(arguments.sources):
        raise SettingsError("a report is named twice", hint="name each once")
    document = merged({source: load(source, Path("captures")).document for source in arguments.sources})
    write(json_text(document), arguments.output)
    for note in document.get("notes", []):
        print(plain(f"note: {note}"), file=sys.stderr)
    for shard in document.get("shards", []):
        session = shard["session"]
        who = f"session {session['session_id']} on {session.get('host', 'an unnamed host')}" if session else "no session"
        print(plain(f"{shard['origin']}: {shard['plans']} plans, {shard['state']}, {who}"))
    print(plain(f"{arguments.output}: {len(document['plans'])} plans, {counted(document['plans'])}"))
    return exit_code_of(document)
