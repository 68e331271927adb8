"""`intellisense check [PATHS]`: every mistake in plan files, without running a plan or connecting to anything."""

from __future__ import annotations

import argparse

NAME = "check"
HELP = "Check plan files without running them. Exit codes: 0 sound, 1 a plan is wrong, 2 usage."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="*", default=["."], metavar="PATH", help="plan files and folders; default: the current folder"
    )


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.cli.counted import counted
    from pytest_intellisense.cli.exits import COMPLETE, PLAN_WRONG
    from pytest_intellisense.cli.plan_collection import collect
    from pytest_intellisense.cli.problem_output import print_problems

    found = collect(arguments.paths)
    problems = sum(print_problems(found, error.path, error.problems) for error in found.errors)
    verdict = f"{counted(problems, 'problem')} in {counted(len(found.errors), 'file')}" if problems else "no problems"
    print(f"{counted(found.files, 'plan file')}, {counted(len(found.items), 'sound case')}: {verdict}")
    return PLAN_WRONG if problems else COMPLETE
