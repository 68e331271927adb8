"""`intellisense explain PLAN`: the plan as it will run, and where each value of it comes from."""

from __future__ import annotations

import argparse

NAME = "explain"
HELP = "Show a plan as it will run, with the file and line of every value: folder defaults, matrix and older form resolved."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("plan", metavar="PLAN", help="a plan file, or the node id of one row: FILE::NAME[ROW]")


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.cli.exits import COMPLETE, PLAN_WRONG
    from pytest_intellisense.cli.explain_text import explain_lines
    from pytest_intellisense.cli.plain_text import plain
    from pytest_intellisense.cli.plan_collection import collect
    from pytest_intellisense.cli.problem_output import print_problems
    from pytest_intellisense.codec.explained import explained
    from pytest_intellisense.errors import SettingsError

    found = collect([arguments.plan])
    for error in found.errors:
        print_problems(found, error.path, error.problems)
    if found.errors:
        return PLAN_WRONG
    if found.files > 1:
        raise SettingsError(f"{arguments.plan} holds {found.files} plans", hint="name one of them")
    first = found.items[0]
    print(plain(f"// {first.nodeid}"))
    if len(found.items) > 1:
        print(plain(f"// the first of {len(found.items)} rows: {', '.join(item.row.case_id for item in found.items)}"))
    print("\n".join(map(plain, explain_lines(explained(first.row), found.shown))))
    return COMPLETE
