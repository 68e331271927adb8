"""`intellisense compare A B`: how B differs from A; `intellisense gate` is the same with an exit code for CI."""

from __future__ import annotations

import argparse

NAME = "compare"
HELP = "Show what changed from one measured run to another: names of baselines or report.json files."

SHOWN, NOT_COMPARABLE = 0, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from pytest_intellisense.cli.measured import add_options

    parser.add_argument("base", metavar="A", help="name of a baseline, or the report.json of a run")
    parser.add_argument("now", metavar="B", help="what is compared with it, likewise")
    add_options(parser)


def run(arguments: argparse.Namespace) -> int:
    import sys

    from pytest_intellisense.analytics.baselines import NoBaseline
    from pytest_intellisense.cli.measured import compared, limits_of, measured, show, store_of

    limits, store = limits_of(arguments), store_of(arguments)
    try:
        base, now = measured(arguments.base, store), measured(arguments.now, store)
    except NoBaseline as problem:
        print(f"no baseline: {problem}\nhint: {problem.hint}", file=sys.stderr)
        return NOT_COMPARABLE
    gate = compared(base, now, limits, unlike_allowed=arguments.compare_unlike)
    show(gate, as_json=arguments.json, as_markdown=arguments.markdown)
    return NOT_COMPARABLE if gate["verdict"] == "not comparable" else SHOWN
