"""`intellisense baseline list|show|review|prune`: what is saved, what it holds, what the last run of it changed."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from pytest_intellisense.errors import SettingsError

if TYPE_CHECKING:
    from pytest_intellisense.analytics.baselines import BaselineStore, SavedRun

NAME = "baseline"
HELP = "List, show, review and prune saved baselines."

DONE, NO_BASELINE = 0, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from pytest_intellisense.cli.measured import add_folder

    of_name = parser.add_subparsers(dest="what", metavar="list|show|review|prune", required=True)
    for name, text, action in (
        ("list", "every saved name with its newest run", _list),
        ("show", "origin, noise and latencies of a baseline", _show),
        ("review", "what the newest runs of a name changed against those before; --accept or --reject them", _review),
        ("prune", "show which saved runs are superseded or old, and with --apply remove them", _prune),
    ):
        own = of_name.add_parser(name, help=text, description=text)
        add_folder(own)
        own.set_defaults(baseline_action=action)
        if name in ("show", "review"):
            own.add_argument("name", metavar="NAME")
        if name == "review":
            how = own.add_mutually_exclusive_group()
            how.add_argument("--accept", action="store_true", help="keep the newest, remove those before")
            how.add_argument("--reject", action="store_true", help="remove the newest; those before are the baseline again")
        if name == "prune":
            own.add_argument(
                "--older-than", metavar="AGE", help="also runs older than this: 30d, 12h; the newest of a name stays"
            )
            own.add_argument("--apply", action="store_true", help="remove; without it they are only shown")


def run(arguments: argparse.Namespace) -> int:
    import sys

    from pytest_intellisense.analytics.baselines import NoBaseline
    from pytest_intellisense.cli.measured import store_of

    try:
        code: int = arguments.baseline_action(arguments, store_of(arguments))
    except NoBaseline as problem:
        print(f"no baseline: {problem}\nhint: {problem.hint}", file=sys.stderr)
        return NO_BASELINE
    return code


def _list(_arguments: argparse.Namespace, store: BaselineStore) -> int:
    from pytest_intellisense.housekeeping.units import age_text, size_text

    for name in store.names():
        newest, saved = store.load(name), store.saved(name)
        age = age_text(time.time() - newest.saved_epoch_s)
        size = size_text(sum(one.size_bytes for one in saved))
        machine = newest.origin.machine
        print(
            f"{newest.label:30}  {age:>7}  {len(saved)} runs, {len(newest.launches)} launches compared with"
            f"  {size:>9}  {machine.processors} x {machine.cpu}"
        )
    print(f"{len(store.names())} baselines in {store.folder}")
    return DONE


def _show(arguments: argparse.Namespace, store: BaselineStore) -> int:
    from pytest_intellisense.reporting.baseline_text import baseline_lines

    print("\n".join(baseline_lines(store.load(arguments.name))))
    return DONE


def _review(arguments: argparse.Namespace, store: BaselineStore) -> int:
    from pytest_intellisense.cli.measured import Measured, compared, show
    from pytest_intellisense.model.regression_limit import DEFAULT_LIMITS

    store.load(arguments.name)
    *before, newest = store.generations(arguments.name)
    if not before:
        raise SettingsError(f'"{arguments.name}" has nothing before {newest.label}', hint="there is nothing to review yet")
    gate = compared(Measured(before[-1], {}), Measured(newest, {}), DEFAULT_LIMITS, unlike_allowed=True)
    show(gate)
    saved = store.saved(arguments.name)
    newer, older = saved[len(saved) - newest.runs :], saved[: len(saved) - newest.runs]
    if arguments.accept or arguments.reject:
        return _removed(store, older if arguments.accept else newer)
    print(f"--accept removes the {len(older)} runs before, --reject the newest {len(newer)}")
    return DONE


def _prune(arguments: argparse.Namespace, store: BaselineStore) -> int:
    from pytest_intellisense.housekeeping.units import age_in_s

    oldest_s = time.time() - age_in_s(arguments.older_than) if arguments.older_than else 0.0
    going = [saved for name in store.names() for saved in _superseded(store, name, oldest_s)]
    if arguments.apply:
        return _removed(store, going)
    for saved in going:
        print(f"remove  {saved.name}/{saved.run_id}")
    print(f"{len(going)} runs: nothing is removed without --apply")
    return DONE


def _superseded(store: BaselineStore, name: str, oldest_s: float) -> list[SavedRun]:
    """The runs that no comparison looks at any more, and of the others those that are too old but for the newest."""
    saved, newest = store.saved(name), store.load(name)
    used = saved[len(saved) - newest.runs :]
    too_old = [one for one in used[:-1] if _saved_s(one) < oldest_s]
    return [*saved[: len(saved) - newest.runs], *too_old]


def _saved_s(saved: SavedRun) -> float:
    import calendar

    return calendar.timegm(time.strptime(saved.run_id.split("_")[0], "%Y%m%dT%H%M%SZ"))


def _removed(store: BaselineStore, going: list[SavedRun]) -> int:
    for saved in going:
        store.remove(saved)
        print(f"removed {saved.name}/{saved.run_id}")
    print(f"{len(going)} runs removed")
    return DONE
