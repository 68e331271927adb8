"""`intellisense clean [ROOT] --older-than 30d …`: show which sessions retention would remove; with --apply, remove them."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_intellisense.cli import given
from pytest_intellisense.cli.error_output import print_error
from pytest_intellisense.cli.exits import COMPLETE, LEFT_OVER
from pytest_intellisense.errors import EnvironmentProblem, SettingsError

if TYPE_CHECKING:
    from pytest_intellisense.housekeeping.capture_root import CaptureRoot
    from pytest_intellisense.housekeeping.retention import Plan, Retention

NAME = "clean"
HELP = "Show which sessions are too old or too much, and with --apply remove them."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("root", type=Path, nargs="?", default=Path("captures"), metavar="ROOT", help="default: captures")
    parser.add_argument("--older-than", metavar="AGE", help="remove sessions older than this: 30d, 12h")
    parser.add_argument("--max-total", metavar="SIZE", help="remove the oldest until all together take less: 50GB")
    parser.add_argument("--min-free", metavar="SIZE", help="remove the oldest until so much of the disk is free: 10GB")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--apply", action="store_true", help="remove; without it the plan is only shown")
    how.add_argument("--dry-run", action="store_true", help="only show the plan (the default)")


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.housekeeping.capture_root import CaptureRoot
    from pytest_intellisense.housekeeping.disk_watch import Space
    from pytest_intellisense.housekeeping.retention import plan_retention
    from pytest_intellisense.housekeeping.units import size_text

    retention = _retention(arguments)
    with CaptureRoot(arguments.root) as root:
        plan = plan_retention(
            root.sessions(), retention, now_epoch_ns=time.time_ns(), free_bytes=Space.at(root.path).free_bytes
        )
        _show(plan)
        if not arguments.apply:
            print(f"{len(plan.going)} sessions, {size_text(plan.freed_bytes)}: nothing is removed without --apply")
            return COMPLETE
        problems = _carried_out(plan, root)
    for problem in problems:
        print_error(problem)
    return LEFT_OVER if problems else COMPLETE


def _retention(arguments: argparse.Namespace) -> Retention:
    from pytest_intellisense.housekeeping.retention import Retention
    from pytest_intellisense.housekeeping.units import age_in_s, size_in_bytes

    given.check_not_empty(arguments, "older_than", "max_total", "min_free")
    retention = Retention(
        older_than_s=age_in_s(arguments.older_than) if arguments.older_than else None,
        max_total_bytes=size_in_bytes(arguments.max_total) if arguments.max_total else None,
        min_free_bytes=size_in_bytes(arguments.min_free) if arguments.min_free else None,
    )
    if retention == Retention():
        raise SettingsError(
            "clean needs to know what is too much", hint="give --older-than, --max-total, --min-free or several"
        )
    return retention


def _show(plan: Plan) -> None:
    from pytest_intellisense.housekeeping.units import size_text

    width = max((len(verdict.session.session_id) for verdict in plan.verdicts), default=0)
    for verdict in plan.verdicts:
        word = "remove" if verdict.goes else "stays"
        line = f"{word:6}  {verdict.session.session_id:{width}}  {size_text(verdict.session.size_bytes):>9}  {verdict.reason}"
        print(line.rstrip())
    for missed in plan.unreached:
        print(f"not reached: {missed}")


def _carried_out(plan: Plan, root: CaptureRoot) -> list[EnvironmentProblem]:
    """Why something is left over. What has changed since the plan was made, such as a new keep flag, is respected and told."""
    from pytest_intellisense.housekeeping.removal import SessionKept, remove_unless_kept, sweep_trash
    from pytest_intellisense.housekeeping.session_folder import NotASession, SessionGone, SessionInUse

    problems = sweep_trash(root)
    removed = 0
    for session in plan.going:
        try:
            remove_unless_kept(root, session.session_id)
            removed += 1
        except SessionGone:
            print(f"gone:  {session.session_id}: somebody else has removed it")
        except (SessionKept, SessionInUse, NotASession) as change:
            print(f"stays: {change}")
        except EnvironmentProblem as problem:
            problems.append(problem)
    print(f"{removed} of {len(plan.going)} sessions removed")
    return problems
