"""`intellisense gate reports/report.json --against NAME`: whether a run may pass, as CI asks."""

from __future__ import annotations

import argparse

NAME = "gate"
HELP = "Judge a run against a baseline: exit 0 ok, 1 regression, 2 usage, 3 not comparable or no baseline."

OK, REGRESSION, NOT_COMPARABLE = 0, 1, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from pytest_intellisense.cli.measured import add_options

    parser.add_argument("measured", metavar="RUN", help="report.json of the run, or the name it was saved under")
    parser.add_argument("--against", required=True, metavar="NAME", help="name of the baseline, or the report.json of its run")
    add_options(parser)


def run(arguments: argparse.Namespace) -> int:
    import sys

    from pytest_intellisense.analytics.baselines import NoBaseline
    from pytest_intellisense.cli.measured import compared, limits_of, measured, show, store_of

    limits, store = limits_of(arguments), store_of(arguments)
    now = measured(arguments.measured, store)
    try:
        base = measured(arguments.against, store)
    except NoBaseline as problem:
        print(f"no baseline: {problem}\nhint: {problem.hint}", file=sys.stderr)
        return NOT_COMPARABLE
    gate = compared(base, now, limits, unlike_allowed=arguments.compare_unlike)
    show(gate, as_json=arguments.json, as_markdown=arguments.markdown)
    if gate["verdict"] == "not comparable":
        return NOT_COMPARABLE
    return REGRESSION if gate["verdict"] == "regression" else OK
